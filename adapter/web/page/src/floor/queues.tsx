// The queues, those over a limit first, and who waits in the one that is chosen.

import { useCallback, useRef } from "preact/hooks";
import { overLimit, waitingIn, type Over, type QueueRow, type Waiting } from "../core/floor";
import type { LimitsBook } from "../core/limits";
import { isNobody } from "../core/rows";
import type { Still } from "../core/still";
import type { Call } from "../schema";
import { useClocks } from "../ui/clocks";
import { Icon, type IconName } from "../ui/icons";
import { useSame } from "../ui/same";
import { count, say, words } from "../words";

interface Props {
  still: Still<QueueRow>;
  book: LimitsBook;
  now: number;
  chosen: string;
  choose: (queue: string) => void;
  /** Whether all are shown; else those that matter. */
  all: boolean;
  setAll: (all: boolean) => void;
  calls: ReadonlyMap<string, Call>;
  open: (call: Call) => void;
  whereOf: (pbx: string) => string;
}

/** So many are shown before all are asked for, and more only where more are over a limit. */
const FEW = matchMedia("(max-width: 640px)").matches ? 3 : 12;

export function Queues({ still, book, now, chosen, choose, all, setAll, calls, open, whereOf }: Props) {
  const region = useRef<HTMLElement>(null);
  useClocks(region, still);
  const rows = still.places.filter(({ over }) => !over).map(({ thing }) => thing);
  const burning = rows.filter((row) => overLimit(row, book.ofQueue(row.name), now).length > 0);
  const shown = all ? rows : rows.filter((row, place) => place < FEW || row.name === chosen || burning.includes(row));
  const waiting = rows.reduce((sum, row) => sum + row.waiting, 0);
  const open_ = rows.find(({ name }) => name === chosen);
  const now_ = useRef({ choose, chosen });
  now_.current = { choose, chosen };
  const press = useCallback((name: string) => now_.current.choose(name === now_.current.chosen ? "" : name), []);
  const cards = useSame(card, isSame);
  return (
    <section class="queues" aria-label={words.queues} ref={region}>
      <div class="title">
        <h2>{words.queues}</h2>
        <p class="counts">
          {count(rows.length, words.oneQueue, words.manyQueues)}, {count(waiting, words.oneWaits, words.manyWait)}
          {burning.length > 0 && ", "}
          {burning.length > 0 && <b class="problem">{say(words.overLimits, { count: String(burning.length) })}</b>}
        </p>
        <span class="grow" />
        {rows.length > FEW && (
          <button type="button" class="plain" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? words.fewerQueues : say(words.allQueues, { count: String(rows.length) })}
          </button>
        )}
      </div>
      <ul>
        {shown.map((row) => cards(row.name, { row, over: overLimit(row, book.ofQueue(row.name), now), chosen: row.name === chosen, choose: press }))}
      </ul>
      {open_ && <Callers row={open_} waiting={waitingIn(open_, calls)} open={open} whereOf={whereOf} />}
    </section>
  );
}

const percent = (level: number | null): string => (level === null ? "–" : `${Math.round(level)} %`);

interface CardProps {
  row: QueueRow;
  over: Over[];
  chosen: boolean;
  choose: (name: string) => void;
}

const card = (key: string, props: CardProps) => (
  <li key={key}>
    <Queue {...props} />
  </li>
);

function isSame(before: CardProps, after: CardProps): boolean {
  const { parts } = after.row;
  return (
    before.chosen === after.chosen && before.over.join() === after.over.join() &&
    before.row.parts.length === parts.length && before.row.parts.every((part, place) => part === parts[place])
  );
}

function Queue({ row, over, chosen, choose }: CardProps) {
  const bad = (why: Over) => (over.includes(why) ? "bad" : undefined);
  const reasons = over.map((why) => words[`over_${why}`]).join(", ");
  return (
    <button type="button" class={over.length > 0 ? "queue over" : "queue"} aria-pressed={chosen} onClick={() => choose(row.name)} title={chosen ? words.allAgents : words.showItsAgents}>
      <span class="line">
        {over.length > 0 && <Icon of="warning" />}
        <b class="name">{row.name}</b>
        <span class={`waits ${bad("waiting") ?? ""}`}>{say(words.countWaiting, { count: String(row.waiting) })}</span>
        {row.since !== null && <time class={bad("wait")} data-since={row.since} />}
      </span>
      <span class="why" title={reasons || undefined}>
        {reasons || (row.waiting === 0 ? words.nobodyWaits : words.withinLimits)}
      </span>
      <span class="line figures">
        <Figure icon="available" name={words.agent_available} value={row.available} />
        <Figure icon="active" name={words.agent_on_call} value={row.on_call} />
        <Figure icon="paused" name={words.agent_paused} value={row.paused} />
        <span class="grow" />
        <span title={words.completed}>
          <span class="hidden">{words.completed} </span>
          <Icon of="done" /> {row.completed}
        </span>
        <span title={words.abandoned}>
          <span class="hidden">{words.abandoned} </span>
          <Icon of="hangUp" /> {row.abandoned}
        </span>
        <span class={bad("level")} title={words.serviceLevel}>
          <span class="hidden">{words.serviceLevel} </span>
          {percent(row.level)}
        </span>
      </span>
    </button>
  );
}

function Figure({ icon, name, value }: { icon: IconName; name: string; value: number }) {
  return (
    <span title={name}>
      <Icon of={icon} />
      <span class="hidden">{name}</span> {value}
    </span>
  );
}

/** One line, however many wait: what stands below does not move. */
function Callers({ row, waiting, open, whereOf }: { row: QueueRow; waiting: Waiting[]; open: (call: Call) => void; whereOf: (pbx: string) => string }) {
  return (
    <div class="callers" role="group" aria-label={say(words.waitingIn, { queue: row.name })} tabIndex={0}>
      <h3>{say(words.waitingIn, { queue: row.name })}</h3>
      {waiting.length === 0 && <p class="soft">{words.nobodyWaits}</p>}
      <ol>
        {waiting.map(({ caller, queue, call }) => (
          <li key={`${queue.id} ${caller.since} ${caller.number}`}>
            <span class="position">{caller.position}</span>
            <span>{isNobody(caller.number) ? words.anonymous : caller.number}</span>
            {caller.name !== caller.number && !isNobody(caller.name) && <small>{caller.name}</small>}
            {row.parts.length > 1 && <small>{whereOf(queue.pbx)}</small>}
            <time data-since={caller.since} />
            {call && (
              <button type="button" onClick={() => open(call)}>
                <Icon of="ringing" /> {say(words.ringsAt, { name: call.agent.name })}
              </button>
            )}
          </li>
        ))}
      </ol>
      {row.parts.length > 1 && (
        <p class="soft parts">{row.parts.map((part) => say(words.partOfQueue, { pbx: whereOf(part.pbx), count: String(part.waiting) })).join(" · ")}</p>
      )}
    </div>
  );
}
