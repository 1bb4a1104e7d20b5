// Above the floor: how many do what, searching, and which are shown in what order.

import type { ComponentChildren, Ref } from "preact";
import { useMemo } from "preact/hooks";
import { AGENT_SORTS, STATES, type AgentSort, type FloorAsked, type StateCounts } from "../core/floor";
import { Search, Which } from "../ui/which";
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
  // What is asked changes seldom, and what is found with every event.
  const tools = useMemo(() => <Tools {...{ asked, ask, queues, teams, search, done }} />, [asked, ask, queues, teams, search, done]);
  return (
    <header class="floor-head">
      <div class="title">
        <h1>{words.floor}</h1>
        <p class="counts">{count(found.all, words.oneAgent, words.manyAgents)}</p>
        <span class="grow" />
        {children}
      </div>
      {tools}
      <States asked={asked} found={found} choose={(state) => ask({ state })} />
    </header>
  );
}

function Tools({ asked, ask, queues, teams, search, done }: Omit<Props, "found" | "children">) {
  return (
    <div class="tools">
      <Search label={words.searchAgents} hint={words.searchAgentsWhat} text={asked.text} find={(text) => ask({ text })} field={search} done={done} />
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

function States({ asked, found, choose }: { asked: FloorAsked; found: StateCounts; choose: (state: FloorAsked["state"]) => void }) {
  const shown = FILTERS.filter((state) => state !== "unknown" || found.unknown > 0 || asked.state === "unknown");
  const options = shown.map((state) =>
    state
      ? { value: state, name: words[`agent_${state}`], count: found[state], icon: STATE_ICONS[state] }
      : { value: state, name: words.all, count: found.all },
  );
  return <Which label={words.filterStates} options={options} chosen={asked.state} choose={choose} />;
}
