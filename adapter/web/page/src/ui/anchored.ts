// What the pointer is at keeps its place in the window when something above it comes or goes: a request, a notice, the bar.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** `box`: it scrolls, and gives way where something is put above it. Once the pointer has left, nothing is kept. */
export function useAnchored(box: { current: HTMLElement | null }): void {
  useEffect(() => {
    const element = box.current!;
    let { top } = element.getBoundingClientRect();
    let gap = 0; // pixels above its content, where it could not be scrolled any further
    const open = (above: number, below: number) => {
      gap = above;
      element.style.paddingBlock = above || below ? `${above}px ${below}px` : "";
    };
    const look = () => {
      const now = element.getBoundingClientRect().top;
      const moved = now - top;
      top = now;
      if (moved === 0 || !element.querySelector(":hover")) return; // where it is at no row, none has a place to keep
      const place = element.scrollTop - gap + moved;
      open(Math.max(0, -place), 0);
      const end = element.lastElementChild?.getBoundingClientRect().bottom ?? now;
      const lacks = place + element.clientHeight - (end - now + element.scrollTop);
      if (lacks > 0) open(gap, lacks);
      element.scrollTop = Math.max(0, place);
    };
    const leave = () => gap !== 0 || element.style.paddingBlock ? open(0, 0) : undefined;
    const size = new ResizeObserver(look);
    size.observe(element);
    element.addEventListener("pointerleave", leave);
    return () => {
      size.disconnect();
      element.removeEventListener("pointerleave", leave);
    };
  }, [box]);
}

/** Whether a press is meant for what it hits: not where that came (`what` is another) under a pointer that has not moved since. */
export function useMeant(what: string): (press: MouseEvent) => boolean {
  const came = useRef(-Infinity);
  const moved = useRef({ x: 0, y: 0, at: 0 });
  useEffect(() => {
    const onMove = ({ clientX: x, clientY: y }: PointerEvent) => {
      if (x !== moved.current.x || y !== moved.current.y) moved.current = { x, y, at: performance.now() };
    };
    addEventListener("pointermove", onMove, { passive: true });
    return () => removeEventListener("pointermove", onMove);
  }, []);
  useLayoutEffect(() => {
    came.current = performance.now();
  }, [what]);
  return (press) => (press as PointerEvent).pointerType !== "mouse" || moved.current.at > came.current;
}
