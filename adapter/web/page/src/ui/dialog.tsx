// A dialog of the browser's own: it keeps the focus inside, Escape leaves it, and the focus goes back to where it was.

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  title: string;
  close: () => void;
  children: ComponentChildren;
  /** A further class: `sheet` for what is wide. */
  kind?: string;
}

export function Dialog({ title, close, children, kind = "" }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  // At once: a key that is pressed in the next moment must not reach what lies behind.
  useLayoutEffect(() => {
    const dialog = element.current!;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog ref={element} class={kind} aria-labelledby={id} onClose={close} onKeyDown={keepKeys}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

/** What lies behind a dialog hears no keys, but for silence, which is never locked. */
function keepKeys(event: KeyboardEvent): void {
  if (event.key !== "s") event.stopPropagation();
}

interface ConfirmProps {
  title: string;
  text: string;
  yes: string;
  no: string;
  act: () => void;
  close: () => void;
}

/** Asks before what can't be undone. What is safe has the focus, so that a hurried Enter does nothing. */
export function Confirm({ title, text, yes, no, act, close }: ConfirmProps) {
  const safe = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => safe.current?.focus(), []);
  const done = () => {
    close();
    act();
  };
  return (
    <Dialog title={title} close={close}>
      <p>{text}</p>
      <div class="row">
        <button type="button" class="danger" onClick={done}>
          {yes}
        </button>
        <button type="button" ref={safe} onClick={close}>
          {no}
        </button>
      </div>
    </Dialog>
  );
}
