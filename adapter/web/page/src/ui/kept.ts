// What this browser keeps for a person: their choices, as far as they can still be read.

import { useState } from "preact/hooks";

/** `read` makes what is used of what was kept, whatever that is; `write`: how it is kept, where that differs. */
export function useKept<T>(key: string, read: (kept: unknown) => T, write: (value: T) => unknown = (value) => value): [T, (value: T) => void] {
  const [value, setValue] = useState(() => read(kept(key)));
  const keep = (next: T) => {
    localStorage.setItem(key, JSON.stringify(write(next)));
    setValue(next);
  };
  return [value, keep];
}

function kept(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null; // somebody else wrote it
  }
}
