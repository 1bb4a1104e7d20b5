// The wall display: queues and agents in large type for a screen that nobody sits at. No customers, no monitoring.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Live } from "../api/live";
import { agentRows, inSight, overLimit, queueRows, sortedAgents, sortedQueues, stateCounts, STATES, type AgentRow, type Over, type QueueRow } from "../core/floor";
import { LIMITS, USUAL } from "../core/limits";
import { awayOf, NOTHING, type Picture } from "../core/picture";
import { atWork, fits, pageOf } from "../core/wall";
import { STATE_ICONS } from "../floor/tile";
import { useClocks, useNow } from "../ui/clocks";
import { Icon } from "../ui/icons";
import { language, say, words } from "../words";
import { keep, tokenOf } from "./token";
import { WallSignIn } from "./signin";

const alphabet = new Intl.Collator(language(), { numeric: true });
const compare = (one: string, other: string): number => alphabet.compare(one, other);
/** Seconds for which a page of agents stands. */
const PAGE = 12;
/** So many queues have room; the most urgent. */
const QUEUES = 8;

export function Wall() {
  const [token, setToken] = useState(tokenOf);
  const [refused, setRefused] = useState(false);
  useEffect(() => {
    document.title = words.wallTitle;
    const moved = () => {
      setRefused(false);
      setToken(tokenOf());
    };
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  const accept = (given: string) => {
    keep(given);
    setRefused(false);
    setToken(given);
  };
  if (!token || refused) return <WallSignIn refused={refused} accept={accept} />;
  return <Screen key={token} token={token} refuse={() => setRefused(true)} leave={() => accept("")} />;
}

function Screen({ token, refuse, leave }: { token: string; refuse: () => void; leave: () => void }) {
  const [picture, setPicture] = useState<Picture>(NOTHING);
  const root = useRef<HTMLElement>(null);
  useEffect(() => {
    const live = new Live(setPicture, refuse, token);
    live.open();
    return () => live.close();
  }, [token]); // eslint-disable-line react-hooks/exhaustive-deps -- one stream for one token
  const { agents, queues, pbxs, connected } = picture;
  const now = useNow(2, connected);
  const seen = useMemo(() => inSight(agents, pbxs), [agents, pbxs]);
  const rows = useMemo(() => agentRows(seen, new Map()), [seen]);
  const grouped = useMemo(() => queueRows(inSight(queues, pbxs), seen), [queues, pbxs, seen]);
  const ordered = sortedQueues(grouped, USUAL, now, compare).slice(0, QUEUES);
  const counts = stateCounts(rows);
  useClocks(root, [picture, now]);
  const away = awayOf(picture);
  return (
    <main class="wall" ref={root} data-stale={connected ? undefined : true}>
      <header>
        <h1>{words.wallTitle}</h1>
        <Trouble connected={connected} away={away.map(({ name }) => name)} begun={picture !== NOTHING} />
        <span class="grow" />
        <button type="button" class="plain" onClick={() => void document.documentElement.requestFullscreen()}>
          <Icon of="fullScreen" /> {words.fullScreen}
        </button>
        <button type="button" class="plain" onClick={leave}>
          {words.wallLeave}
        </button>
      </header>
      <ul class="states" aria-label={words.agents}>
        {STATES.filter((state) => state !== "unknown" || counts.unknown > 0).map((state) => (
          <li key={state} class={`tone ${state}`}>
            <b>{counts[state]}</b>
            <span>
              <Icon of={STATE_ICONS[state]} /> {words[`agent_${state}`]}
            </span>
          </li>
        ))}
      </ul>
      <ul class="wall-queues" aria-label={words.queues}>
        {ordered.map((row) => (
          <WallQueue key={row.name} row={row} over={overLimit(row, LIMITS, now)} />
        ))}
      </ul>
      <WallAgents rows={sortedAgents(atWork(rows), "byState", compare)} />
    </main>
  );
}

function Trouble({ connected, away, begun }: { connected: boolean; away: string[]; begun: boolean }) {
  const text = !connected ? (begun ? words.lostStream : words.loadingFloor) : away.length > 0 ? say(words.floorAway, { names: away.join(", ") }) : "";
  return (
    <p role="status" class={text && (begun || connected) ? "toned warning" : undefined}>
      {text}
    </p>
  );
}

function WallQueue({ row, over }: { row: QueueRow; over: Over[] }) {
  const bad = (why: Over) => (over.includes(why) ? "bad" : undefined);
  return (
    <li class={over.length > 0 ? "burns" : undefined}>
      <h2>
        {over.length > 0 && <Icon of="warning" />}
        <span>{row.name}</span>
      </h2>
      <p class="waits">
        <b class={bad("waiting")}>{row.waiting}</b> <span>{words.waitingHere}</span>
        {row.since !== null && <time class={bad("wait")} data-since={row.since} />}
      </p>
      <p>
        <span class={bad("nobody")}>{say(words.wallFree, { count: String(row.available) })}</span>
        {row.level !== null && (
          <span class={bad("level")}>
            {words.serviceLevel} {Math.round(row.level)} %
          </span>
        )}
      </p>
    </li>
  );
}

/** As many agents as fit; where more are at work, one page after the other. */
function WallAgents({ rows }: { rows: AgentRow[] }) {
  const grid = useRef<HTMLUListElement>(null);
  const [fit, setFit] = useState(1);
  const [at, setAt] = useState(0);
  useLayoutEffect(() => {
    const element = grid.current!;
    const measure = () => {
      const style = getComputedStyle(element);
      const size = (name: string) => Number.parseFloat(style.getPropertyValue(name)) * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      const gap = Number.parseFloat(style.columnGap); // the last of a line has none behind it
      setFit(fits(element.clientWidth + gap, element.clientHeight + gap, { width: size("--wall-tile"), height: size("--wall-tile-height") }));
    };
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    measure();
    return () => watcher.disconnect();
  }, []);
  const { shown, page, pages } = pageOf(rows, fit, at);
  useEffect(() => {
    if (pages === 1) return;
    const timer = setInterval(() => setAt((before) => before + 1), 1000 * PAGE);
    return () => clearInterval(timer);
  }, [pages]);
  return (
    <>
      <ul class="wall-agents" ref={grid} aria-label={words.agents}>
        {shown.map(({ agent }) => (
          <li key={agent.id} class={`tone ${agent.state}`}>
            <Icon of={STATE_ICONS[agent.state]} />
            <b>{agent.name}</b>
            <span>{words[`agent_${agent.state}`]}</span>
            <time data-since={agent.since} />
          </li>
        ))}
      </ul>
      <p class="page">{pages > 1 ? say(words.wallPage, { page: String(page + 1), pages: String(pages) }) : ""}</p>
    </>
  );
}
