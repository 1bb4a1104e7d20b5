// What the pointer is at keeps its place in the window when something above it comes or goes: a request, a notice, the bar.

import { useEffect } from "preact/hooks";

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
      if (moved === 0 || !element.matches(":hover")) return;
      const place = element.scrollTop - gap + moved;
      open(Math.max(0, -place), 0);
      const lacks = place - (element.scrollHeight - element.clientHeight);
      if (lacks > 0) open(0, lacks);
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
