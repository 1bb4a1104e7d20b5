// Above the list: how many calls there are, searching, sorting, and which of them are shown.

import type { Ref } from "preact";
import { FILTERS, SORTS, type Filter, type Sort } from "../core/rows";
import { Icon } from "../ui/icons";
import { Search, Which } from "../ui/which";
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
        <Search label={words.search} hint={words.searchWhat} text={asked.text} find={(text) => ask({ text })} field={search} done={done} />
        <select aria-label={words.sort} value={asked.sort} onChange={(event) => ask({ sort: event.currentTarget.value as Sort })}>
          {SORTS.filter((name) => limits || name !== "needsMe").map((name) => (
            <option value={name} key={name}>{words[name]}</option>
          ))}
        </select>
      </div>
      <Which
        label={words.filter} options={FILTERS.map((value) => ({ value, name: words[value], count: found[value] }))} chosen={asked.filter}
        choose={(filter) => ask({ filter })}
      />
    </header>
  );
}

function inWords(found: Record<Filter, number>): string {
  const parts = [count(found.all, words.oneCall, words.manyCalls)];
  if (found.held) parts.push(say(words.countHeld, { count: String(found.held) }));
  if (found.beingMonitored) parts.push(say(words.countMonitored, { count: String(found.beingMonitored) }));
  return parts.join(", ");
}
