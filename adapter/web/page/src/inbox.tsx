// The inbox: the active calls, found and chosen by hand or keyboard, and the panel of the chosen one.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { memo } from "preact/compat";
import type { Call, User } from "./api";
import type { Picture } from "./live";
import { Panel } from "./panel";
import { words } from "./words";

const FILTERS = ["all", "active", "ringing", "held", "beingMonitored"] as const;
type Filter = (typeof FILTERS)[number];

export function Inbox({ me, picture }: { me: User; picture: Picture | null }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [marked, setMarked] = useState<string | null>(null);
  const [text, setText] = useState("");
  const [filter, setFilter] = useState<Filter>("all");
  const [help, setHelp] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const mine = [...(picture?.monitors.values() ?? [])].find((monitor) => monitor.supervisor.user_id === me.id);
  useEffect(() => {
    if (mine && chosen === null) setChosen(mine.call_id); // after a reload the panel comes back as it was
  }, [mine?.id]);
  const calls = useMemo(() => matching(picture, text, filter), [picture, text, filter]);
  useClock(list, calls);
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
              <option value={name}>{words[name]}</option>
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
      <section class="panel" aria-live="off">
        {chosen === null ? (
          <p class="empty">{words.chooseCall}</p>
        ) : (
          <Panel me={me} call={call} monitor={mine} ended={picture?.ended ?? null} callId={chosen} />
        )}
      </section>
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

function matching(picture: Picture | null, text: string, filter: Filter): Call[] {
  const wanted = text.trim().toLowerCase();
  const found = [...(picture?.calls.values() ?? [])].filter((call) => {
    if (filter === "beingMonitored" ? call.monitors.length === 0 : filter !== "all" && call.state !== filter) return false;
    const shown = `${call.customer.number} ${call.customer.name} ${call.agent.name} ${call.agent.extension}`;
    return wanted === "" || shown.toLowerCase().includes(wanted);
  });
  return found.sort((a, b) => (a.started_at < b.started_at ? -1 : 1));
}

/** Running times tick outside of rendering: a thousand rows cost a thousand texts, not a thousand components. */
function useClock(list: { current: HTMLElement | null }, calls: Call[]): void {
  const tick = () => {
    for (const element of list.current?.querySelectorAll<HTMLTimeElement>("time[data-since]") ?? []) {
      const text = running(element.dataset["since"]!);
      if (element.textContent !== text) element.textContent = text;
    }
  };
  useLayoutEffect(tick, [calls]);
  useEffect(() => {
    const timer = setInterval(tick, 500);
    return () => clearInterval(timer);
  }, []);
}

function running(since: string): string {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return (hours ? hours + ":" : "") + two(Math.floor(seconds / 60) % 60) + ":" + two(seconds % 60);
}
