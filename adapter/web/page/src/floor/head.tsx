// Above the floor: how many do what, searching, and which are shown in what order.

import type { ComponentChildren, Ref } from "preact";
import { AGENT_SORTS, STATES, type AgentSort, type FloorAsked, type StateCounts } from "../core/floor";
import { Icon } from "../ui/icons";
import { count, words } from "../words";
import { STATE_ICONS } from "./tile";

interface Props {
  asked: FloorAsked;
  ask: (change: Partial<FloorAsked>) => void;
  found: StateCounts;
  queues: readonly string[];
  /** Teams by their ids. */
  teams: readonly (readonly [id: string, name: string])[];
  search: Ref<HTMLInputElement>;
  /** From the search on to the grid. */
  done: () => void;
  children: ComponentChildren;
}

export function Head({ asked, ask, found, queues, teams, search, done, children }: Props) {
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape" && asked.text) ask({ text: "" });
    else if (!["Enter", "ArrowDown", "Escape"].includes(event.key)) return;
    else done();
    event.preventDefault();
  };
  return (
    <header class="floor-head">
      <div class="title">
        <h1>{words.floor}</h1>
        <p class="counts">{count(found.all, words.oneAgent, words.manyAgents)}</p>
        <span class="grow" />
        {children}
      </div>
      <div class="tools">
        <span class="search">
          <Icon of="search" />
          <input
            ref={search} type="search" aria-label={words.searchAgents} placeholder={words.searchAgentsWhat} aria-keyshortcuts="/"
            value={asked.text} onInput={(event) => ask({ text: event.currentTarget.value })} onKeyDown={keys}
          />
        </span>
        {queues.length > 0 && (
          <Choose label={words.queue} all={words.everyQueue} value={asked.queue} options={queues.map((name) => [name, name])} choose={(queue) => ask({ queue })} />
        )}
        {teams.length > 0 && <Choose label={words.team} all={words.everyTeam} value={asked.team} options={teams} choose={(team) => ask({ team })} />}
        <select aria-label={words.sortAgents} value={asked.sort} onChange={(event) => ask({ sort: event.currentTarget.value as AgentSort })}>
          {AGENT_SORTS.map((name) => (
            <option value={name} key={name}>
              {words[`sort_${name}`]}
            </option>
          ))}
        </select>
      </div>
      <States asked={asked} found={found} choose={(state) => ask({ state })} />
    </header>
  );
}

interface ChooseProps {
  label: string;
  all: string;
  value: string;
  options: readonly (readonly [value: string, name: string])[];
  choose: (value: string) => void;
}

function Choose({ label, all, value, options, choose }: ChooseProps) {
  return (
    <select aria-label={label} value={value} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="">{all}</option>
      {options.map(([id, name]) => (
        <option value={id} key={id}>
          {name}
        </option>
      ))}
    </select>
  );
}

const FILTERS = ["", ...STATES] as const;

/** One of several, as a group of radio buttons: the arrows choose, Tab goes past. */
function States({ asked, found, choose }: { asked: FloorAsked; found: StateCounts; choose: (state: FloorAsked["state"]) => void }) {
  const shown = FILTERS.filter((state) => state !== "unknown" || found.unknown > 0 || asked.state === "unknown");
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    const next = shown[(shown.indexOf(asked.state) + by + shown.length) % shown.length]!;
    choose(next);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`[data-state="${next}"]`)?.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="which" role="radiogroup" aria-label={words.filterStates} onKeyDown={keys}>
      {shown.map((state) => (
        <button
          type="button" role="radio" key={state} data-state={state} aria-checked={state === asked.state}
          tabIndex={state === asked.state ? 0 : -1} onClick={() => choose(state)}
        >
          {state && <Icon of={STATE_ICONS[state]} />}
          {state ? words[`agent_${state}`] : words.all} <b>{found[state || "all"]}</b>
        </button>
      ))}
    </div>
  );
}
