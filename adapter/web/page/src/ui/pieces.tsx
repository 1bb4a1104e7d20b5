// Small pieces that several views use.

import { useState } from "preact/hooks";
import { language } from "../words";

/** A time in the person's own language and zone, to the second. */
export function when(time: string | null): string {
  return time ? new Date(time).toLocaleString(language(), { dateStyle: "short", timeStyle: "medium" }) : "";
}

/** A button that asks once more before it does what can't be undone. */
export function Sure(props: { label: string; sure: string; act: () => void; disabled?: boolean }) {
  const { label, sure, act, disabled = false } = props;
  const [asked, setAsked] = useState(false);
  const click = () => (asked ? act() : setAsked(true));
  return (
    <button type="button" class={asked ? "danger" : "plain"} disabled={disabled} onClick={click} onBlur={() => setAsked(false)}>
      {asked ? sure : label}
    </button>
  );
}
