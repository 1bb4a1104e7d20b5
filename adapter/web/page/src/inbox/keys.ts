// The keys of the list. They act on the marked call wherever the focus is in the list, or nowhere.

import { useEffect, useRef } from "preact/hooks";
import { isShortcut } from "../ui/keys";

export interface Acts {
  /** Go so many calls down (or up), or to an end. */
  move: (steps: number) => void;
  jump: (end: "first" | "last") => void;
  /** The other end of an internal call. */
  turn: (to: 0 | 1) => void;
  /** How many rows a page has. */
  page: () => number;
  open: () => void;
  monitor: (event: KeyboardEvent) => void;
  leave: () => void;
  showNew: () => void;
  search: () => void;
  help: () => void;
}

type Act = (acts: Acts, event: KeyboardEvent) => void;

const IN_LIST: Record<string, Act> = {
  ArrowDown: (acts) => acts.move(1),
  ArrowUp: (acts) => acts.move(-1),
  PageDown: (acts) => acts.move(acts.page()),
  PageUp: (acts) => acts.move(-acts.page()),
  Home: (acts) => acts.jump("first"),
  End: (acts) => acts.jump("last"),
  ArrowLeft: (acts) => acts.turn(0),
  ArrowRight: (acts) => acts.turn(1),
  Enter: (acts) => acts.open(),
  " ": (acts) => acts.open(),
};

/** Those that the panel, or whoever else listens, gets too. */
const SHARED: Record<string, Act> = { m: (acts, event) => acts.monitor(event), Escape: (acts) => acts.leave() };

const EVERYWHERE: Record<string, Act> = {
  "/": (acts) => acts.search(),
  "?": (acts) => acts.help(),
  n: (acts) => acts.showNew(),
};

/** `list`: where the keys act; `covered`: whether the panel lies over it. */
export function useKeys(list: { current: HTMLElement | null }, covered: () => boolean, acts: Acts): void {
  const now = useRef({ covered, acts });
  now.current = { covered, acts };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { target, key } = event;
      if (event.defaultPrevented || !isShortcut(event)) return;
      const inList = target === list.current || target === document.body || target === document.documentElement;
      const usable = inList && !now.current.covered();
      const act = EVERYWHERE[key] ?? (usable ? IN_LIST[key] : undefined);
      if (act) event.preventDefault();
      (act ?? (usable || key === "Escape" ? SHARED[key] : undefined))?.(now.current.acts, event);
    };
    // The document hears a key before the window, where the panel listens: what is marked is open by then.
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [list]);
}
