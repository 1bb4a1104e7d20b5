// A field of a form: its label, a hint, and what is wrong with it, which are read out with it.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Icon } from "./icons";

/** What the control is given, so that label, hint and error belong to it. */
export interface Tied {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": "true" | undefined;
}

interface Props {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  children: (tied: Tied) => ComponentChildren;
}

export function Field({ label, hint, error, children }: Props) {
  const id = useId();
  const about = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": about || undefined, "aria-invalid": error ? "true" : undefined })}
      {hint && <small id={`${id}-hint`}>{hint}</small>}
      <Wrong id={`${id}-error`} text={error} />
    </div>
  );
}

/** What is wrong, with its icon: never by colour alone. */
export function Wrong({ id, text }: { id: string; text: string | undefined }) {
  if (!text) return null;
  return (
    <p class="problem at-field" id={id}>
      <Icon of="warning" /> {text}
    </p>
  );
}

interface TextProps extends Omit<Props, "children"> {
  name: string;
  value: string;
  change: (value: string) => void;
  type?: "text" | "password" | "url" | "date";
  autocomplete?: "username" | "current-password" | "new-password" | "off";
  required?: boolean;
  placeholder?: string;
  /** More lines than one. */
  rows?: number;
  /** The field that has the focus when its page opens. */
  first?: boolean;
  autofocus?: boolean;
}

export function TextField(props: TextProps) {
  const { label, hint, error, name, value, change, type = "text", autocomplete = "off", rows, first, ...more } = props;
  const typed = (event: Event) => change((event.currentTarget as HTMLInputElement | HTMLTextAreaElement).value);
  const shared = { name, value, autocomplete, onInput: typed, "data-first": first, ...more };
  const control = (tied: Tied) => {
    const all = { ...shared, ...tied };
    if (rows) return <textarea rows={rows} spellcheck={false} {...all} />;
    if (type === "password") return <input type="password" {...all} />;
    if (type === "date") return <input type="date" {...all} />;
    return type === "url" ? <input type="url" {...all} /> : <input type="text" {...all} />;
  };
  return (
    <Field label={label} hint={hint} error={error}>
      {control}
    </Field>
  );
}
