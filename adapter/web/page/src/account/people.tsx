// Choosing people: all there are, found by what one types; those who were chosen at the beginning come first.

import { useId, useState } from "preact/hooks";
import { found } from "../core/account";
import type { User } from "../schema";
import { Wrong } from "../ui/field";
import { Icon } from "../ui/icons";
import { say, words } from "../words";

interface Props {
  name: string;
  label: string;
  hint: string;
  /** The name of the field in which one searches. */
  search: string;
  users: readonly User[];
  /** Ids. */
  chosen: readonly string[];
  change: (chosen: string[]) => void;
  /** What is to be known of somebody here. */
  about?: (user: User) => string;
  error: string | undefined;
}

export function PeopleField({ name, label, hint, search, users, chosen, change, about, error }: Props) {
  const id = useId();
  const [text, setText] = useState("");
  const [all] = useState(() => inOrder(users, chosen)); // it stays so: nobody moves away from under the pointer (a new `key` begins anew)
  const shown = all.filter((user) => found(user, text));
  const toggle = (user: User, on: boolean) => change(on ? [...chosen, user.id] : chosen.filter((one) => one !== user.id));
  return (
    <fieldset class="card people" aria-describedby={error ? `${id}-hint ${id}-error` : `${id}-hint`}>
      <legend>
        {label} <span class="soft">{say(words.chosenOf, { count: String(chosen.length) })}</span>
      </legend>
      <small id={`${id}-hint`}>{hint}</small>
      <div class="search">
        <Icon of="search" />
        <input
          type="search" aria-label={search} placeholder={words.searchUsersHint} value={text} autocomplete="off"
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && event.preventDefault()} // it is no end of the form
        />
      </div>
      <div class="choices" tabIndex={-1}>
        {shown.map((user, place) => (
          <label class="check" key={user.id}>
            <input
              type="checkbox" name={name} checked={chosen.includes(user.id)} aria-invalid={error && place === 0 ? "true" : undefined}
              onChange={(event) => toggle(user, event.currentTarget.checked)}
            />{" "}
            <span>
              {user.name} <small>{[user.extension ?? user.username, about?.(user)].filter(Boolean).join(" · ")}</small>
            </span>
          </label>
        ))}
        {shown.length === 0 && <p class="soft">{words.noUserMatches}</p>}
      </div>
      <Wrong id={`${id}-error`} text={error} />
    </fieldset>
  );
}

function inOrder(users: readonly User[], chosen: readonly string[]): User[] {
  const first = (user: User) => (chosen.includes(user.id) ? 0 : 1);
  return [...users].sort((one, other) => first(one) - first(other) || one.name.localeCompare(other.name));
}
