// The floor: who talks, who waits, who is paused, which queue is over its limit; and the way to each call.

import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import {
  agentRows, ALL, asBefore, choices, inSight, isAsked, queueRows, sortedAgents, sortedQueues, stateCounts, type AgentRow, type FloorAsked, type QueueRow,
} from "../core/floor";
import { FollowAgent } from "../coaching/follow";
import { awayOf, isUp, NOTHING, type Picture } from "../core/picture";
import { arranged, EMPTY, type Still } from "../core/still";
import type { NeedsMe } from "../needs/useneeds";
import type { MyMonitoring } from "../inbox/monitoring";
import type { Call, User } from "../schema";
import { useAnchored } from "../ui/anchored";
import { useNow } from "../ui/clocks";
import { Icon } from "../ui/icons";
import { isShortcut } from "../ui/keys";
import { useKept } from "../ui/kept";
import { useSameList } from "../ui/same";
import { language, say, words } from "../words";
import { Agents } from "./agents";
import { Head } from "./head";
import { useHold } from "./hold";
import { Queues } from "./queues";
import { useTeamNames } from "./teams";

interface Props {
  picture: Picture | null;
  needs: NeedsMe;
  me: User;
  monitoring: MyMonitoring;
  /** Who asks for help. */
  requests: ComponentChildren;
  /** Open this call's panel in the inbox. */
  open: (callId: string) => void;
}

const alphabet = new Intl.Collator(language(), { numeric: true });
const compare = (one: string, other: string): number => alphabet.compare(one, other);
/** Seconds after which what is over its limit is looked at anew: time passes without any event. */
const LOOK = 2;

export function Floor({ picture, me, monitoring, needs, requests, open }: Props) {
  const { agents, queues, calls, pbxs, connected } = picture ?? NOTHING;
  const { book } = needs;
  const [asked, setAsked] = useState<FloorAsked>(ALL);
  const [all, setAll] = useKept("floor-all-queues", (kept) => kept === true);
  const [mark, setMark] = useState<string | null>(null);
  const [focused, setFocused] = useState(false);
  const region = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const held = useHold(region, focused && mark !== null);
  useAnchored(region);
  const now = useNow(LOOK, connected);
  const settle = useRef(false);
  const ask = useCallback((change: Partial<FloorAsked>) => {
    setAsked((before) => ({ ...before, ...change }));
    settle.current = true;
  }, []);
  const done = useCallback(() => grid.current?.focus(), []);

  const seen = useMemo(() => inSight(agents, pbxs), [agents, pbxs]);
  const seenQueues = useMemo(() => inSight(queues, pbxs), [queues, pbxs]);
  const rows = useMemo(() => agentRows(seen, calls), [seen, calls]);
  const found = useMemo(() => rows.filter((row) => isAsked(row, asked)), [rows, asked]);
  const counts = useMemo(() => stateCounts(found), [found]);
  const last = useRef<AgentRow[]>([]);
  const wanted = useMemo(() => {
    const some = asked.state ? found.filter(({ agent }) => agent.state === asked.state) : found;
    return (last.current = sortedAgents(asBefore(some, last.current), asked.sort, compare));
  }, [found, asked]);
  const grouped = useMemo(() => queueRows(seenQueues, seen), [seenQueues, seen]);
  const ordered = useMemo(() => sortedQueues(grouped, book, now, compare), [grouped, book, now]);
  const offered = useMemo(() => choices(seen, seenQueues, compare), [seen, seenQueues]);
  const queueNames = useSameList(offered.queues);
  const names = useTeamNames(useSameList(offered.teams));

  const keeps = held && !settle.current;
  settle.current = false;
  const stillAgents = useStill(wanted, rows, ({ agent }) => agent.id, keeps);
  const stillQueues = useStill(ordered, grouped, ({ name }) => name, keeps);
  const [, again] = useState(0);
  const sortAnew = () => {
    settle.current = true;
    again((times) => times + 1);
  };
  useFloorKeys(() => search.current?.focus(), sortAnew);

  const whereOf = (pbx: string) => (pbxs.size > 1 ? (pbxs.get(pbx)?.name ?? pbx) : "");
  const openAgent = ({ call }: AgentRow) => call && open(call.id);
  const moved = stillAgents.moved + stillQueues.moved;
  const marked = mark === null ? undefined : seen.find(({ id }) => id === mark);
  return (
    <main class="floor" aria-label={words.floor}>
      <Head
        asked={asked} ask={ask} found={counts} queues={queueNames} teams={names} search={search} done={done}
      >
        <button type="button" class="plain" onClick={needs.ask}>
          <Icon of="limits" /> {words.limits}
        </button>
        <a class="button plain" href="#/wall" target="_blank" rel="noopener">
          <Icon of="wall" /> {words.wall}
        </a>
      </Head>
      <Away picture={picture} />
      {requests}
      <div class="floor-body" ref={region}>
        {grouped.length > 0 && (
          <Queues
            still={stillQueues} book={book} now={now} chosen={asked.queue} choose={(queue) => ask({ queue })} all={all} setAll={setAll}
            calls={calls} open={(call: Call) => open(call.id)} whereOf={whereOf}
          />
        )}
        <Agents
          still={stillAgents} asked={JSON.stringify(asked)} mark={mark} setMark={setMark} setFocused={setFocused} open={openAgent}
          whereOf={whereOf} grid={grid}
        />
        {stillAgents.places.length === 0 && <p class="empty">{nothing(picture, rows.length > 0)}</p>}
      </div>
      <footer class="foot">
        {moved > 0 && (
          <button type="button" class="new" aria-keyshortcuts="n" onClick={sortAnew} title={words.sortAnewMeans}>
            {words.sortAnew}
          </button>
        )}
        {marked && marked.user_id !== null && marked.user_id !== me.id && (
          <div class="row chosen" role="group" aria-label={marked.name}>
            <b>{marked.name}</b>
            <FollowAgent key={marked.id} agent={marked.user_id} pbx={marked.pbx} monitoring={monitoring} known={connected && isUp(picture!, marked.pbx)} />
          </div>
        )}
        <span class="grow" />
        <span class="hints" aria-hidden="true">
          <kbd>↑</kbd> <kbd>↓</kbd> <kbd>←</kbd> <kbd>→</kbd> {words.keyChooseAgent} <kbd>Enter</kbd> {words.keyGoToCall}
        </span>
      </footer>
    </main>
  );
}

/** The order as it is shown; what is held keeps its place from one rendering to the next. */
function useStill<T extends AgentRow | QueueRow>(wanted: readonly T[], all: readonly T[], keyOf: (thing: T) => string, held: boolean): Still<T> {
  const last = useRef<{ still: Still<T>; given: readonly unknown[] }>({ still: EMPTY, given: [] });
  const given = [wanted, all, held];
  if (!given.every((one, place) => one === last.current.given[place])) {
    const now = new Map(held ? all.map((one) => [keyOf(one), one]) : []);
    last.current = { still: arranged(last.current.still, wanted, keyOf, (key) => now.get(key), held), given };
  }
  return last.current.still;
}

function useFloorKeys(find: () => void, sortAnew: () => void): void {
  const now = useRef({ find, sortAnew });
  now.current = { find, sortAnew };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || !isShortcut(event)) return;
      if (event.key === "/") now.current.find();
      else if (event.key === "n") now.current.sortAnew();
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

/** That agents and queues are missing, and where: the notice above tells of calls only. */
function Away({ picture }: { picture: Picture | null }) {
  const away = picture?.connected ? awayOf(picture) : [];
  return (
    <p role="status" class="floor-away">
      {picture && picture.pbxs.size > 1 && away.length > 0 && (
        <>
          <Icon of="unknown" /> {say(words.floorAway, { names: away.map(({ name }) => name).join(", ") })}
        </>
      )}
    </p>
  );
}

function nothing(picture: Picture | null, others: boolean): string {
  if (!picture) return words.loadingFloor;
  if (others) return words.noAgentMatches;
  if (!picture.connected) return words.floorNotKnown;
  return awayOf(picture).length < picture.pbxs.size || picture.pbxs.size === 0 ? words.noAgents : words.noAgentsPbxAway;
}
