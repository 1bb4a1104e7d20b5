// Above the list: how many calls there are, searching, sorting, and which of them are shown.

import type { Ref } from "preact";
import { FILTERS, SORTS, type Filter, type Sort } from "../core/rows";
import { Icon } from "../ui/icons";
import { count, say, words } from "../words";

/** What is asked for. */
export interface Asked {
  text: string;
  filter: Filter;
  sort: Sort;
}

interface Props {
  asked: Asked;
  ask: (change: Partial<Asked>) => void;
  found: Record<Filter, number>;
  /** Open the limits from which on a call needs somebody; nothing for who is not told of that. */
  limits: (() => void) | undefined;
  search: Ref<HTMLInputElement>;
  /** From the search on to the list. */
  done: () => void;
}

export function Filters({ asked, ask, found, limits, search, done }: Props) {
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape" && asked.text) ask({ text: "" });
    else if (!["Enter", "ArrowDown", "Escape"].includes(event.key)) return;
    else done();
    event.preventDefault();
  };
  return (
    <header class="list-head">
      <div class="title">
        <h1>{words.inbox}</h1>
        <p class="counts">{inWords(found)}</p>
        {limits && (
          <button type="button" class="plain limits-button" onClick={limits} title={words.limitsAre}>
            <Icon of="limits" /> {words.limits}
          </button>
        )}
      </div>
      <div class="tools">
        <span class="search">
          <Icon of="search" />
          <input
            ref={search}
            type="search"
            aria-label={words.search}
            placeholder={words.searchWhat}
            aria-keyshortcuts="/"
            value={asked.text}
            onInput={(event) => ask({ text: event.currentTarget.value })}
            onKeyDown={keys}
          />
        </span>
        <select aria-label={words.sort} value={asked.sort} onChange={(event) => ask({ sort: event.currentTarget.value as Sort })}>
          {SORTS.filter((name) => limits || name !== "needsMe").map((name) => (
            <option value={name} key={name}>{words[name]}</option>
          ))}
        </select>
      </div>
      <Which filter={asked.filter} found={found} choose={(filter) => ask({ filter })} />
    </header>
  );
}

function inWords(found: Record<Filter, number>): string {
  const parts = [count(found.all, words.oneCall, words.manyCalls)];
  if (found.held) parts.push(say(words.countHeld, { count: String(found.held) }));
  if (found.beingMonitored) parts.push(say(words.countMonitored, { count: String(found.beingMonitored) }));
  return parts.join(", ");
}

/** One of several, as a group of radio buttons: the arrows choose, Tab goes past. */
function Which({ filter, found, choose }: { filter: Filter; found: Record<Filter, number>; choose: (filter: Filter) => void }) {
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    const next = FILTERS[(FILTERS.indexOf(filter) + by + FILTERS.length) % FILTERS.length]!;
    choose(next);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`[data-filter=${next}]`)?.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="which" role="radiogroup" aria-label={words.filter} onKeyDown={keys}>
      {FILTERS.map((name) => (
        <button
          type="button"
          role="radio"
          key={name}
          data-filter={name}
          aria-checked={name === filter}
          tabIndex={name === filter ? 0 : -1}
          onClick={() => choose(name)}
        >
          {words[name]} <b>{found[name]}</b>
        </button>
      ))}
    </div>
  );
}
