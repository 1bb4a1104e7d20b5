// The inbox: the active calls, found and chosen by hand or keyboard, and the panel of the chosen one.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { memo } from "preact/compat";
import { useClocks } from "../ui/clocks";
import { Panel } from "./panel";
import type { Picture } from "../core/picture";
import type { Call, User } from "../schema";
import type { MyMonitoring } from "./monitoring";
import { say, words } from "../words";

const FILTERS = ["all", "myTeam", "active", "ringing", "held", "beingMonitored"] as const;
type Filter = (typeof FILTERS)[number];
const SORTS = ["longest", "newest", "byAgent", "byCustomer"] as const;
type Sort = (typeof SORTS)[number];

interface Props {
  me: User;
  picture: Picture | null;
  monitoring: MyMonitoring;
  /** The id of the call whose panel is open. */
  chosen: string | null;
  choose: (call: string | null) => void;
}

export function Inbox({ me, picture, monitoring, chosen, choose: setChosen }: Props) {
  const mine = monitoring.mine;
  const [marked, setMarked] = useState<string | null>(null);
  const [text, setText] = useState("");
  const [filter, setFilter] = useState<Filter>("all");
  const [sort, setSort] = useState<Sort>("longest");
  const [team, setTeam] = useTeam(me);
  const [help, setHelp] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (mine && chosen === null) setChosen(mine.call_id); // after a reload the panel comes back as it was
  }, [mine, chosen, setChosen]);
  const calls = useMemo(
    () => matching(picture, text, filter, sort, team),
    [picture, text, filter, sort, team],
  );
  useClocks(list, calls);
  const current = calls.some((call) => call.id === marked) ? marked : (calls[0]?.id ?? null);

  const keys = (event: KeyboardEvent) => {
    const place = calls.findIndex((call) => call.id === current);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      const next = calls[Math.max(0, Math.min(calls.length - 1, place + step))];
      if (next) {
        setMarked(next.id);
        document.getElementById("call-" + next.id)?.scrollIntoView({ block: "nearest" });
      }
      event.preventDefault();
    } else if (event.key === "Enter" && current) {
      setChosen(current);
    }
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "?") setHelp(true);
      if (event.key === "Escape") setHelp(false);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  const call = chosen ? picture?.calls.get(chosen) : undefined;
  return (
    <main class="inbox">
      <section class="list" aria-label={words.inbox}>
        <div class="tools">
          <input
            type="search"
            aria-label={words.search}
            placeholder={words.search}
            value={text}
            onInput={(event) => setText((event.target as HTMLInputElement).value)}
          />
          <select
            aria-label={words.filter}
            value={filter}
            onChange={(event) => setFilter((event.target as HTMLSelectElement).value as Filter)}
          >
            {FILTERS.map((name) => (
              <option value={name} key={name}>{words[name]}</option>
            ))}
          </select>
          <select
            aria-label={words.sort}
            value={sort}
            onChange={(event) => setSort((event.target as HTMLSelectElement).value as Sort)}
          >
            {SORTS.map((name) => (
              <option value={name} key={name}>{words[name]}</option>
            ))}
          </select>
        </div>
        <ul
          ref={list}
          role="listbox"
          tabIndex={0}
          aria-label={words.activeCalls}
          aria-activedescendant={current ? "call-" + current : undefined}
          onKeyDown={keys}
        >
          {calls.map((one) => (
            <Row key={one.id} call={one} chosen={one.id === chosen} marked={one.id === current} choose={setChosen} />
          ))}
        </ul>
        {picture && calls.length === 0 && (
          <p class="empty">{picture.calls.size === 0 ? words.noCalls : words.noMatch}</p>
        )}
        <button type="button" class="plain" onClick={() => setHelp(!help)} aria-expanded={help}>
          {words.keyboard}
        </button>
        {help && <p class="help">{words.keys}</p>}
      </section>
      <div class="side">
        {chosen === null ? (
          <p class="empty">{words.chooseCall}</p>
        ) : (
          <>
            <Panel
              me={me}
              call={call}
              callId={chosen}
              monitoring={monitoring}
              ended={picture?.ended ?? null}
              known={picture?.connected === true && picture.pbx?.state === "connected"}
              close={() => setChosen(null)}
            />
            {call && me.can_monitor && (
              <label class="check">
                <input
                  type="checkbox"
                  checked={team.has(call.agent.extension)}
                  onChange={() => setTeam(call.agent.extension)}
                />
                {say(words.inMyTeam, { name: call.agent.name })}
              </label>
            )}
          </>
        )}
      </div>
    </main>
  );
}

interface RowProps {
  call: Call;
  chosen: boolean;
  marked: boolean;
  choose: (id: string) => void;
}

const Row = memo(function Row({ call, chosen, marked, choose }: RowProps) {
  return (
    <li
      id={"call-" + call.id}
      role="option"
      aria-selected={chosen}
      class={marked ? "marked" : ""}
      onClick={() => choose(call.id)}
    >
      <span class="who">
        {call.customer.number} <small>{call.customer.name !== call.customer.number ? call.customer.name : ""}</small>
      </span>
      <span class="agent">{call.agent.name}</span>
      <span class={"state " + call.state}>{words[call.state]}</span>
      <span class="direction">{words[call.direction]}</span>
      <time data-since={call.answered_at ?? call.started_at} />
      {call.monitors.length > 0 && (
        <span class="badge" title={words.supervisorsOn}>
          {call.monitors.map((monitor) => monitor.supervisor.name).join(", ")}
        </span>
      )}
    </li>
  );
}, (before, after) => before.call === after.call && before.chosen === after.chosen && before.marked === after.marked);

function matching(picture: Picture | null, text: string, filter: Filter, sort: Sort, team: Set<string>): Call[] {
  const wanted = text.trim().toLowerCase();
  const passes = (call: Call): boolean => {
    if (filter === "all") return true;
    if (filter === "myTeam") return team.has(call.agent.extension);
    return filter === "beingMonitored" ? call.monitors.length > 0 : call.state === filter;
  };
  const found = [...(picture?.calls.values() ?? [])].filter((call) => {
    const shown = `${call.customer.number} ${call.customer.name} ${call.agent.name} ${call.agent.extension}`;
    return passes(call) && (wanted === "" || shown.toLowerCase().includes(wanted));
  });
  const by = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
  const orders: Record<Sort, (a: Call, b: Call) => number> = {
    longest: (a, b) => by(a.started_at, b.started_at),
    newest: (a, b) => by(b.started_at, a.started_at),
    byAgent: (a, b) => by(a.agent.name, b.agent.name),
    byCustomer: (a, b) => by(a.customer.number, b.customer.number),
  };
  return found.sort(orders[sort]);
}

/** The agents whom this person marked as their team; remembered by the browser, for each person apart. */
function useTeam(me: User): [Set<string>, (extension: string) => void] {
  const key = "team-" + me.id;
  const [team, setTeam] = useState(() => new Set<string>(JSON.parse(localStorage.getItem(key) ?? "[]") as string[]));
  const toggle = (extension: string) => {
    const changed = new Set(team);
    if (!changed.delete(extension)) changed.add(extension);
    localStorage.setItem(key, JSON.stringify([...changed]));
    setTeam(changed);
  };
  return [team, toggle];
}
