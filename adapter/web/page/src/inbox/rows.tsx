// One row of the list: who talks to whom, since when, and who listens to them.

import { memo } from "preact/compat";
import type { Reason } from "../core/needs";
import { customerName, queueOf, since, stateOf, type Row } from "../core/rows";
import { pausedUntil } from "../core/shield";
import type { Call, Mode } from "../schema";
import { Icon } from "../ui/icons";
import { say, words } from "../words";
import { numberOf } from "./number";

interface Props {
  row: Row;
  /** At which PBX it is, where there are several. */
  where: string;
  /** Why it needs somebody. */
  need: Reason | null;
  over: boolean;
  /** The call of this row that is open, and the one that is marked. */
  chosen: string | null;
  marked: string | null;
}

export const rowId = (key: string): string => "call-" + key;

export const RowView = memo(function RowView({ row, where, need, over, chosen, marked }: Props) {
  const state = stateOf(row);
  const pair = row.calls.length === 2;
  const kinds = [over ? "over" : state, pair && "pair", need && !over && "needs", marked !== null && "marked"].filter(Boolean).join(" ");
  const role = over ? ({ role: "none", "aria-hidden": true } as const) : ({ role: "option", "aria-selected": chosen !== null } as const);
  return (
    <li id={rowId(row.key)} data-key={row.key} class={kinds} {...role}>
      <span class="state" title={over ? words.ended : words[state]}>
        <Icon of={over ? "hangUp" : state} />
        <span class="hidden">{over ? words.ended : words[state]}</span>
      </span>
      {pair ? <Pair row={row} on={marked ?? chosen} /> : <Single call={row.calls[0]} />}
      <span class="chips">
        {need && !over && <NeedChip need={need} />}
        <Chips row={row} where={where} />
      </span>
      {over ? <span class="ended">{words.ended}</span> : <time data-since={since(row)} />}
    </li>
  );
}, isSame);

function isSame(before: Props, after: Props): boolean {
  const { row, where, need, over, chosen, marked } = before;
  if (where !== after.where || need !== after.need || over !== after.over || chosen !== after.chosen || marked !== after.marked) return false;
  return row.calls.length === after.row.calls.length && row.calls.every((call, place) => call === after.row.calls[place]);
}

function Single({ call }: { call: Call }) {
  const name = customerName(call);
  return (
    <>
      <span class="agent" title={`${call.agent.name} (${call.agent.extension})`}>
        {call.agent.name}
      </span>
      <span class="customer" title={name && `${numberOf(call)} ${name}`}>
        <span>{numberOf(call)}</span> {name && <small>{name}</small>}
      </span>
    </>
  );
}

/** Both ends of an internal call; `on` is the call of the end that was picked. */
function Pair({ row, on }: { row: Row; on: string | null }) {
  const [one, other] = row.calls as [Call, Call];
  const end = (call: Call) => (
    <span class={"end" + (call.id === on ? " on" : "")} data-call={call.id} title={say(words.coachThisEnd, { name: call.agent.name })}>
      {call.agent.name}
    </span>
  );
  return (
    <>
      <span class="agent">
        {end(one)} <span aria-hidden="true">↔</span> {end(other)}
      </span>
      <span class="customer">
        {one.agent.extension} ↔ {other.agent.extension}
      </span>
    </>
  );
}

export function PbxChip({ name }: { name: string }) {
  return (
    <span class="chip pbx" title={say(words.atPbx, { name })}>
      <Icon of="pbx" />
      <span>{name}</span>
    </span>
  );
}

function NeedChip({ need }: { need: Reason }) {
  return (
    <span class="chip toned need" title={words[`need_${need}`]}>
      <Icon of="warning" />
      <span>{words[`need_${need}`]}</span>
    </span>
  );
}

const LOUDEST: Mode[] = ["barge", "whisper", "silent"];
/** So many are told in the row: the loudest. */
const MOST = 1;

function Chips({ row, where }: { row: Row; where: string }) {
  const all = row.calls.flatMap((call) => call.monitors.map((monitor) => ({ monitor, call })));
  all.sort((a, b) => LOUDEST.indexOf(a.monitor.mode) - LOUDEST.indexOf(b.monitor.mode));
  const told = ({ monitor, call }: (typeof all)[number]) =>
    [monitor.supervisor.name, words[`chip_${monitor.mode}`], row.calls.length > 1 && call.agent.name].filter(Boolean).join(" · ");
  const queue = queueOf(row.calls[0]);
  return (
    <>
      {all.slice(0, MOST).map((one) => (
        <span class={"chip toned " + one.monitor.mode} key={one.monitor.id} title={told(one)}>
          <Icon of={one.monitor.mode} />
          <span>{told(one)}</span>
        </span>
      ))}
      {all.length > MOST && (
        <span class="chip" title={all.slice(MOST).map(told).join("\n")}>
          +{all.length - MOST}
          <span class="hidden">{all.slice(MOST).map(told).join(", ")}</span>
        </span>
      )}
      {row.calls.some((call) => !call.monitorable) && (
        <span class="chip exempt" title={words.notMonitorable}>
          <Icon of="exempt" />
          <span>{words.notMonitored}</span>
        </span>
      )}
      {row.calls.some((call) => pausedUntil(call) !== null) && (
        <span class="chip exempt">
          <Icon of="exempt" />
          <span>{words.pausedNow}</span>
        </span>
      )}
      {queue && (
        <span class="chip queue">
          <span>{queue}</span>
        </span>
      )}
      {where && <PbxChip name={where} />}
    </>
  );
}
