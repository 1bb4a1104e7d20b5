// Running times. They tick outside of rendering: a thousand rows cost a thousand texts, not a thousand components.

import { useEffect, useLayoutEffect, useState } from "preact/hooks";

/** Every `<time data-since>` below this element runs, and every `<time data-until>` runs down; `shown` is what they belong to, for those that are new. */
export function useClocks(below: { current: HTMLElement | null }, shown: unknown): void {
  useLayoutEffect(() => tick(below.current, true), [below, shown]);
  useEffect(() => {
    const timer = setInterval(() => tick(below.current), 500);
    return () => clearInterval(timer);
  }, [below]);
}

/** What each time shows: a change of one row must not cost the reckoning of five hundred. */
const SHOWN = new WeakMap<Element, string>();

/** `changed`: only those that are new or begin at another time. */
function tick(below: HTMLElement | null, changed = false): void {
  if (below?.closest("[data-stale]")) return; // what is shown may be over: its time stands still with it
  for (const element of below?.querySelectorAll<HTMLTimeElement>("time[data-since], time[data-until]") ?? []) {
    const since = element.getAttribute("data-since"), until = element.getAttribute("data-until");
    const mark = since ?? until!;
    if (changed && SHOWN.get(element) === mark) continue;
    SHOWN.set(element, mark);
    const text = since !== null ? running(Date.now() - Date.parse(since)) : running(Date.parse(mark) - Date.now());
    if (element.textContent !== text) element.textContent = text;
  }
}

function running(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return (hours ? hours + ":" : "") + two(Math.floor(seconds / 60) % 60) + ":" + two(seconds % 60);
}

/** The time in milliseconds, anew every `seconds`; it stands still while `on` is false. */
export function useNow(seconds: number, on = true): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!on) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000 * seconds);
    return () => clearInterval(timer);
  }, [seconds, on]);
  return now;
}
