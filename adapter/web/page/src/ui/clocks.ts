// Running times. They tick outside of rendering: a thousand rows cost a thousand texts, not a thousand components.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Every `<time data-since>` below this element runs, every `<time data-until>` runs down; once `shown` is another, those
 * that are new have their text. */
export function useClocks(below: { current: HTMLElement | null }, shown: unknown): void {
  const clocks = useRef<Clocks | null>(null);
  useLayoutEffect(() => {
    if (clocks.current?.below === below.current) return clocks.current?.news();
    clocks.current?.stop();
    clocks.current = below.current && new Clocks(below.current);
  }, [below, shown]);
  useEffect(() => () => clocks.current?.stop(), []);
}

const TICK_MS = 500;
const TIMES = "time[data-since], time[data-until]";

/** The times below one element. Only those in sight tick, and a change costs only those that it brought. */
class Clocks {
  private readonly running = new Set<HTMLElement>();
  private readonly sight = new IntersectionObserver((seen) => this.seen(seen));
  private readonly changes = new MutationObserver((records) => this.changed(records));
  private readonly timer = setInterval(() => this.tick(this.running), TICK_MS);

  constructor(readonly below: HTMLElement) {
    this.changes.observe(below, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-since", "data-until"] });
    this.found(below);
  }

  stop(): void {
    clearInterval(this.timer);
    this.sight.disconnect();
    this.changes.disconnect();
  }

  /** What was drawn just now, without waiting until the browser tells of it. */
  news(): void {
    this.changed(this.changes.takeRecords());
  }

  private changed(records: MutationRecord[]): void {
    for (const { type, target, addedNodes } of records) {
      if (type === "attributes") this.found(target as HTMLElement);
      else for (const node of addedNodes) if (node instanceof HTMLElement) this.found(node);
    }
  }

  private found(top: HTMLElement): void {
    const times = [...top.querySelectorAll<HTMLElement>(TIMES)];
    if (top.matches(TIMES)) times.push(top);
    this.tick(times);
    for (const time of times) this.sight.observe(time);
  }

  private seen(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const time = target as HTMLElement;
      if (!time.isConnected) this.sight.unobserve(time);
      if (!isIntersecting) this.running.delete(time);
      else if (!this.running.has(time)) this.tick([time]);
      if (isIntersecting) this.running.add(time);
    }
  }

  private tick(times: Iterable<HTMLElement>): void {
    if (this.below.closest("[data-stale]")) return; // what is shown may be over: its time stands still with it
    for (const time of times) {
      const { since, until } = time.dataset;
      const text = since !== undefined ? running(Date.now() - Date.parse(since)) : until !== undefined ? running(Date.parse(until) - Date.now()) : "";
      // A text that is there is changed, not replaced: that is no news for the observer.
      if (!(time.firstChild instanceof Text)) time.textContent = text;
      else if (time.firstChild.data !== text) time.firstChild.data = text;
    }
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
