// Asks before an address is left that holds what would be lost: through a link, the browser's back, a reload.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { words } from "../words";
import { Dialog } from "./dialog";

interface Leaving {
  /** The question, while it is asked: to be rendered. */
  question: ComponentChildren;
  /** What was there is saved, or given up: from now on nothing is asked. */
  release: () => void;
}

/** While `holds`, leaving is asked about. The address moves first, as browsers have it; the page follows after the answer:
 *  the event is kept from those who listen to it as usual, on the window and not capturing. */
export function useLeaving(holds: boolean, title: string, text: string): Leaving {
  const [asked, setAsked] = useState(false);
  const released = useRef(false);
  const here = useRef("");
  useEffect(() => {
    if (!holds) return;
    released.current = false;
    here.current = location.hash;
    const moved = (event: Event) => {
      const away = location.hash !== here.current;
      if (away && !released.current) event.stopImmediatePropagation();
      setAsked(away && !released.current);
    };
    const closing = (event: Event) => {
      if (!released.current) event.preventDefault();
    };
    addEventListener("hashchange", moved, true);
    addEventListener("beforeunload", closing);
    return () => {
      removeEventListener("hashchange", moved, true);
      removeEventListener("beforeunload", closing);
      // What was asked about is no longer there to be lost, so the page may follow its address.
      if (location.hash !== here.current) dispatchEvent(new HashChangeEvent("hashchange"));
    };
  }, [holds]);

  const release = () => {
    released.current = true;
  };
  const leave = () => {
    release();
    dispatchEvent(new HashChangeEvent("hashchange"));
  };
  const stay = () => {
    setAsked(false);
    if (!released.current && location.hash !== here.current) history.pushState(null, "", here.current);
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
