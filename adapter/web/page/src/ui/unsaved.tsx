// Asks before an address is left that holds what would be lost: through a link, the browser's back, a reload.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { words } from "../words";
import { Dialog } from "./dialog";

interface Leaving {
  /** The question, while it is asked: to be rendered. */
  question: ComponentChildren;
  /** What was there is saved, or given up: from now on nothing is asked. */
  release: () => void;
}

/** Asked before anybody else hears of another address. This module is loaded before anything that listens is shown, and a
 *  window's listeners are called in the order in which they came. */
const guards = new Set<(event: Event) => void>();
addEventListener("hashchange", (event) => guards.forEach((guard) => guard(event)), true);

/** While `holds`, leaving is asked about. The address moves first, as browsers have it; the page follows after the answer. */
export function useLeaving(holds: boolean, title: string, text: string): Leaving {
  const [asked, setAsked] = useState(false);
  const kept = useRef(false); // an event, from those who would follow the address
  const released = useRef(false);
  const here = useRef("");
  const follow = () => {
    if (kept.current) dispatchEvent(new HashChangeEvent("hashchange"));
    kept.current = false;
  };
  // At once, not after the next painting: a hurried click comes before that.
  useLayoutEffect(() => {
    if (!holds) return;
    released.current = false;
    here.current = location.hash;
    const moved = (event: Event) => {
      kept.current = location.hash !== here.current && !released.current;
      if (kept.current) event.stopImmediatePropagation();
      setAsked(kept.current);
    };
    const closing = (event: Event) => {
      if (!released.current) event.preventDefault();
    };
    guards.add(moved);
    addEventListener("beforeunload", closing);
    return () => {
      guards.delete(moved);
      removeEventListener("beforeunload", closing);
      follow(); // what was asked about is gone, such as after signing out
    };
  }, [holds]);

  const release = () => {
    released.current = true;
  };
  const leave = () => {
    release();
    follow();
  };
  const stay = () => {
    if (!kept.current) return;
    kept.current = false;
    setAsked(false);
    history.pushState(null, "", here.current);
  };
  return { question: asked && <Question title={title} text={text} leave={leave} stay={stay} />, release };
}

/** Escape stays, and so does a hurried Enter. */
function Question({ title, text, leave, stay }: { title: string; text: string; leave: () => void; stay: () => void }) {
  const safe = useRef<HTMLButtonElement>(null);
  useEffect(() => safe.current?.focus(), []);
  return (
    <Dialog title={title} close={stay}>
      <p>{text}</p>
      <div class="row">
        <button type="button" class="danger" onClick={leave}>
          {words.leaveAnyway}
        </button>
        <button type="button" ref={safe} onClick={stay}>
          {words.stayHere}
        </button>
      </div>
    </Dialog>
  );
}
