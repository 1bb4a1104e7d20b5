// Whether the hand is at the floor: while it points at something, has just used it, or has marked an agent by key, nothing
// there moves.

import { useEffect, useReducer, useRef } from "preact/hooks";

/** Milliseconds after the last move, key or turn of the wheel for which nothing moves. */
const REST = 5000;

/** `region`: what must not move; `marked`: whether somebody who uses the keyboard there has marked something. */
export function useHold(region: { current: HTMLElement | null }, marked: boolean): boolean {
  const hand = useRef({ pointing: false, last: -Infinity, x: 0, y: 0, timer: 0 });
  const [, again] = useReducer((times: number) => times + 1, 0);
  useEffect(() => {
    const element = region.current!;
    const state = hand.current;
    const gone = new AbortController();
    const on = <K extends keyof HTMLElementEventMap>(kind: K, act: (event: HTMLElementEventMap[K]) => void) =>
      element.addEventListener(kind, act, { signal: gone.signal, passive: true });
    const uses = () => {
      const before = busy(state.last);
      state.last = performance.now();
      if (!before) again(undefined);
      clearTimeout(state.timer);
      state.timer = window.setTimeout(() => again(undefined), REST + 1);
    };
    const points = (is: boolean) => {
      if (state.pointing === is) return;
      state.pointing = is;
      if (!is) state.last = -Infinity; // the hand has left: nothing is held because of it
      again(undefined);
    };
    on("pointermove", ({ clientX: x, clientY: y, pointerType }) => {
      if (x === state.x && y === state.y) return; // what moves under a pointer at rest makes such an event too
      Object.assign(state, { x, y });
      if (pointerType !== "touch") points(true);
      uses();
    });
    on("pointerleave", () => points(false));
    on("pointerdown", uses);
    on("wheel", uses);
    on("keydown", uses);
    return () => {
      gone.abort();
      clearTimeout(state.timer);
    };
  }, [region]);
  return hand.current.pointing || busy(hand.current.last) || marked;
}

const busy = (last: number): boolean => performance.now() - last < REST;
