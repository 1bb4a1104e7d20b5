// One agent on the floor: what they do, since when, with whom, and who listens there.

import type { AgentRow } from "../core/floor";
import { customerName } from "../core/rows";
import { numberOf } from "../inbox/number";
import type { AgentState, Mode } from "../schema";
import { Icon, type IconName } from "../ui/icons";
import { say, words } from "../words";

export const STATE_ICONS: Record<AgentState, IconName> = {
  ringing: "ringing", on_call: "active", held: "held", paused: "paused", available: "available", offline: "offline", unknown: "notKnown",
};

export const tileId = (id: string): string => "agent-" + id;

export interface TileProps {
  row: AgentRow;
  over: boolean;
  marked: boolean;
  /** At which PBX, where there are several. */
  where: string;
}

export function Tile({ row: { agent, call }, over, marked, where }: TileProps) {
  if (over) {
    return (
      <div class="tile gone" data-id={agent.id} aria-hidden="true">
        <span class="name">{agent.name}</span>
        <span class="what">{words.agentGone}</span>
      </div>
    );
  }
  const { state } = agent;
  const kinds = ["tile", state, marked && "marked", call && "opens"].filter(Boolean).join(" ");
  return (
    <div role="row" id={tileId(agent.id)} data-id={agent.id} class={kinds} title={call ? words.openCall : undefined}>
      <span role="gridcell" class="name">
        <Icon of={STATE_ICONS[state]} />
        <b>{agent.name}</b>
      </span>
      <span role="gridcell" class="number" title={where || undefined}>
        {agent.extension}
        {where && <small> {where}</small>}
      </span>
      <span role="gridcell" class="since">
        <time data-since={agent.since} />
      </span>
      <span role="gridcell" class="what">
        {words[`agent_${state}`]}
      </span>
      <span role="gridcell" class="with">
        <With row={{ agent, call }} />
      </span>
    </div>
  );
}

export function isSame(before: TileProps, after: TileProps): boolean {
  const { row, over, marked, where } = before;
  return row.agent === after.row.agent && row.call === after.row.call && over === after.over && marked === after.marked && where === after.where;
}

const LOUDEST: Mode[] = ["barge", "whisper", "silent"];

/** The customer, the queue and the loudest who listens; of who is in no call, why they are paused. */
function With({ row: { agent, call } }: { row: AgentRow }) {
  if (!call) {
    const reason = agent.state === "paused" ? agent.queues.find(({ paused }) => paused)?.pause_reason : null;
    const hidden = agent.call_id !== null ? words.callNotSeen : "";
    return <span class="customer">{reason || hidden || agent.queues.map(({ name }) => name).join(", ")}</span>;
  }
  const [monitor] = [...call.monitors].sort((a, b) => LOUDEST.indexOf(a.mode) - LOUDEST.indexOf(b.mode));
  const name = customerName(call);
  const queue = call.queue;
  return (
    <>
      <span class="customer" title={name && `${numberOf(call)} ${name}`}>
        {numberOf(call)}
      </span>
      {monitor && (
        <span class={`chip toned ${monitor.mode}`} title={`${monitor.supervisor.name} · ${words[`chip_${monitor.mode}`]}`}>
          <Icon of={monitor.mode} />
          <span class="hidden">{say(words.listensHere, { name: monitor.supervisor.name, mode: words[`chip_${monitor.mode}`] })}</span>
          {call.monitors.length > 1 && <span>{call.monitors.length}</span>}
        </span>
      )}
      {queue && (
        <span class="chip">
          <span>{queue}</span>
        </span>
      )}
    </>
  );
}
