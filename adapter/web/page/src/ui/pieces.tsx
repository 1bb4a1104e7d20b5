// Small pieces that several views use.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { language, words } from "../words";

interface FieldProps {
  name: string;
  label: string;
  value?: string | null | undefined;
  type?: "text" | "password" | "url" | "date";
  required?: boolean;
  hint?: string;
}

export function Field({ name, label, value, type = "text", required = false, hint = "" }: FieldProps) {
  const shared = { name, required, defaultValue: value ?? "", placeholder: hint };
  return (
    <label>
      {label}
      {type === "password" && (
        <input type="password" autocomplete={name === "current" ? "current-password" : "new-password"} {...shared} />
      )}
      {type === "text" && <input type="text" autocomplete="off" {...shared} />}
      {type === "url" && <input type="url" autocomplete="off" {...shared} />}
      {type === "date" && <input type="date" {...shared} />}
    </label>
  );
}

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

/** The end of a form: what is wrong with it, saving, and leaving it. */
export function FormEnd({ problem, save, cancel }: { problem: string; save: string; cancel: () => void }) {
  return (
    <>
      <p role="alert" class="problem">
        {problem}
      </p>
      <div class="row">
        <button type="submit" class="main">
          {save}
        </button>
        <button type="button" onClick={cancel}>
          {words.cancel}
        </button>
      </div>
    </>
  );
}

/** A secret, the only time that it is shown. */
export function Once({ label, secret, done }: { label: string; secret: string; done: () => void }) {
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard?.writeText(secret).then(() => setCopied(true));
  return (
    <section class="once" role="status" aria-label={label}>
      <p>
        {label} {words.shownOnce}
      </p>
      <p>
        <code>{secret}</code>
      </p>
      <div class="row">
        <button type="button" onClick={copy}>
          {copied ? words.copied : words.copy}
        </button>
        <button type="button" onClick={done}>
          {words.haveIt}
        </button>
      </div>
    </section>
  );
}

/** A table that scrolls by itself where it is too wide. */
export function Table({ label, head, children }: { label: string; head: string[]; children: ComponentChildren }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {head.map((title) => (
              <th scope="col" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
