// Above a list: which of its things are shown, with how many there are of each; and the field in which one searches them.

import type { Ref } from "preact";
import { Icon, type IconName } from "./icons";

interface WhichProps<T extends string> {
  label: string;
  options: readonly { value: T; name: string; count: number; icon?: IconName }[];
  chosen: T;
  choose: (value: T) => void;
}

/** One of several, as a group of radio buttons: the arrows choose, Tab goes past. */
export function Which<T extends string>({ label, options, chosen, choose }: WhichProps<T>) {
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    const place = options.findIndex(({ value }) => value === chosen);
    const next = (place + by + options.length) % options.length;
    choose(options[next]!.value);
    (event.currentTarget as HTMLElement).querySelectorAll("button")[next]!.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="which" role="radiogroup" aria-label={label} onKeyDown={keys}>
      {options.map(({ value, name, count, icon }) => (
        <button
          type="button" role="radio" key={value} aria-checked={value === chosen} tabIndex={value === chosen ? 0 : -1}
          onClick={() => choose(value)}
        >
          {icon && <Icon of={icon} />}
          {name} <b>{count}</b>
        </button>
      ))}
    </div>
  );
}

interface SearchProps {
  label: string;
  hint: string;
  text: string;
  find: (text: string) => void;
  field: Ref<HTMLInputElement>;
  /** From the search on to what was found. */
  done: () => void;
}

/** The search of a page, reached by its key: Escape empties it, Enter and the arrow go on to what was found. */
export function Search({ label, hint, text, find, field, done }: SearchProps) {
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape" && text) find("");
    else if (!["Enter", "ArrowDown", "Escape"].includes(event.key)) return;
    else done();
    event.preventDefault();
  };
  return (
    <span class="search">
      <Icon of="search" />
      <input
        ref={field} type="search" aria-label={label} placeholder={hint} aria-keyshortcuts="/" value={text}
        onInput={(event) => find(event.currentTarget.value)} onKeyDown={keys}
      />
    </span>
  );
}
