// Sending a form: once at a time, with what is wrong at its field, and the focus on the first of them.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { atFields } from "../api/problems";
import { words } from "../words";

export interface Sending {
  /** What is wrong, by field. */
  errors: Record<string, string>;
  /** What is wrong and belongs to no field. */
  problem: string;
  busy: boolean;
  form: { current: HTMLFormElement | null };
  /** Send it. `missing`: fields that must be filled and are not; then nothing is sent. Whether it worked. */
  send: (work: () => Promise<unknown>, missing?: Record<string, string | boolean>) => Promise<boolean>;
}

/** `names`: the fields of this form, as the API calls them. */
export function useSending(names: readonly string[]): Sending {
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const sending = useRef(false);
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus(), [errors]);

  const send = async (work: () => Promise<unknown>, missing: Record<string, string | boolean> = {}) => {
    if (sending.current) return false;
    const empty = Object.entries(missing).filter(([, lacks]) => lacks);
    setProblem("");
    setErrors(Object.fromEntries(empty.map(([name, lacks]) => [name, lacks === true ? words.error_required : String(lacks)])));
    if (empty.length > 0) return false;
    sending.current = true;
    setBusy(true);
    try {
      await work();
      return true;
    } catch (refused) {
      const { fields, rest } = atFields(refused, names);
      setErrors(fields);
      setProblem(rest);
      return false;
    } finally {
      sending.current = false;
      setBusy(false);
    }
  };
  return { errors, problem, busy, form, send };
}
