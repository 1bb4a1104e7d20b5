// Where the focus goes when a page opens, and when what had it is gone: never to the body.

import { useEffect } from "preact/hooks";

/** Below `root`: to the first field, where there is one marked, else to the heading, whenever `page` is another. */
export function useFocus(root: { current: HTMLElement | null }, page: string): void {
  useEffect(() => {
    (root.current?.querySelector<HTMLElement>("[data-first]") ?? heading(root.current))?.focus();
  }, [root, page]);
  useFocusKept(root, heading);
}

/** What had the focus below `root` may go, by itself or by what it did: then what `next` finds has it. */
export function useFocusKept(root: { current: HTMLElement | null }, next: (root: HTMLElement) => HTMLElement | null | undefined): void {
  useEffect(() => {
    const element = root.current!;
    let last: Element | null = null;
    const came = (event: Event) => {
      last = event.target as Element;
    };
    const left = () => {
      // Somebody clicked beside it: it is still there a moment later, when what was removed is not.
      setTimeout(() => {
        if (last?.isConnected && document.activeElement === document.body) last = null;
      });
    };
    const look = () => {
      if (!last || last.isConnected || document.activeElement !== document.body) return;
      last = null;
      next(element)?.focus({ preventScroll: true });
    };
    const watcher = new MutationObserver(look);
    watcher.observe(element, { childList: true, subtree: true });
    element.addEventListener("focusin", came);
    element.addEventListener("focusout", left);
    return () => {
      watcher.disconnect();
      element.removeEventListener("focusin", came);
      element.removeEventListener("focusout", left);
    };
  }, [root, next]);
}

const heading = (root: HTMLElement | null): HTMLElement | null => root?.querySelector<HTMLElement>("h2[tabindex]") ?? null;
