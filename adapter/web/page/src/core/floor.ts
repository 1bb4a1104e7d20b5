// The floor: agents with their calls, queues with what is over its limit, which are asked for, in what order. Pure.

import type { AgentState, AgentStatus, Call, QueueCaller, QueueStatus } from "../schema";
import { finds } from "./finds.ts";
import type { Limits, LimitsBook } from "./limits";

/** In the order in which they are of interest. */
export const STATES = ["ringing", "on_call", "held", "paused", "available", "offline", "unknown"] as const satisfies readonly AgentState[];
export const AGENT_SORTS = ["byName", "byState", "longestInState", "byExtension"] as const;
export type AgentSort = (typeof AGENT_SORTS)[number];

/** An agent, and the call that they are in, as far as this person sees it. */
export interface AgentRow {
  agent: AgentStatus;
  call: Call | null;
}

/** What is asked for; empty: all. */
export interface FloorAsked {
  text: string;
  state: AgentState | "";
  queue: string;
  team: string;
  sort: AgentSort;
}

export const ALL: FloorAsked = { text: "", state: "", queue: "", team: "", sort: "byName" };

type Compare = (one: string, other: string) => number;
type Pbxs = ReadonlyMap<string, { state: string }>;

/** Those at PBXes that are in sight; of the others nothing is known. */
export function inSight<T extends { pbx: string }>(all: ReadonlyMap<string, T>, pbxs: Pbxs): T[] {
  return [...all.values()].filter(({ pbx }) => pbxs.get(pbx)?.state === "connected");
}

export function agentRows(agents: readonly AgentStatus[], calls: ReadonlyMap<string, Call>): AgentRow[] {
  return agents.map((agent) => ({ agent, call: (agent.call_id !== null && calls.get(agent.call_id)) || null }));
}

/** Whether a row is among those asked for, whatever its state. */
export function isAsked({ agent, call }: AgentRow, { text, queue, team }: FloorAsked): boolean {
  if (queue && !agent.queues.some(({ name }) => name === queue)) return false;
  if (team && !agent.team_ids.includes(team)) return false;
  if (!text) return true;
  const said = [agent.name, agent.extension, ...agent.queues.map(({ name }) => name)];
  if (call) said.push(call.customer.number, call.customer.name);
  return finds(text, said);
}

export type StateCounts = Record<AgentState, number> & { all: number };

export function stateCounts(rows: readonly AgentRow[]): StateCounts {
  const found: StateCounts = { all: rows.length, ringing: 0, on_call: 0, held: 0, paused: 0, available: 0, offline: 0, unknown: 0 };
  for (const { agent } of rows) found[agent.state]++;
  return found;
}

const by = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** The same rows, first those of `before` in its order: what is nearly in order already is sorted in one pass. */
export function asBefore(rows: readonly AgentRow[], before: readonly AgentRow[]): AgentRow[] {
  const now = new Map(rows.map((row) => [row.agent.id, row]));
  const known: AgentRow[] = [];
  for (const { agent } of before) {
    const row = now.get(agent.id);
    if (row && now.delete(agent.id)) known.push(row);
  }
  return [...known, ...now.values()];
}

/** In that order; those that are alike by name, then by id, so that no reconnect changes it. */
export function sortedAgents(rows: readonly AgentRow[], sort: AgentSort, compare: Compare): AgentRow[] {
  const byName = ({ agent: a }: AgentRow, { agent: b }: AgentRow) => compare(a.name, b.name) || by(a.id, b.id);
  const bySince = ({ agent: a }: AgentRow, { agent: b }: AgentRow) => by(a.since, b.since);
  const orders: Record<AgentSort, (a: AgentRow, b: AgentRow) => number> = {
    byName,
    byState: (a, b) => STATES.indexOf(a.agent.state) - STATES.indexOf(b.agent.state) || bySince(a, b),
    longestInState: bySince,
    byExtension: ({ agent: a }, { agent: b }) => compare(a.extension, b.extension),
  };
  return [...rows].sort((a, b) => orders[sort](a, b) || byName(a, b));
}

/** Why a queue is over its limit. */
export const OVER = ["nobody", "wait", "waiting", "level"] as const;
export type Over = (typeof OVER)[number];

/** A queue; where several PBXes have one of this name, all of them together. */
export interface QueueRow {
  name: string;
  parts: readonly QueueStatus[];
  waiting: number;
  since: string | null;
  available: number;
  on_call: number;
  /** Agents whose phone rings or who hold a call: they are there, though the queue counts them neither available nor on a call. */
  busy: number;
  paused: number;
  completed: number;
  abandoned: number;
  /** Null where no call was completed: a service level of nothing says nothing. */
  level: number | null;
}

export function queueRows(queues: readonly QueueStatus[], agents: readonly AgentStatus[]): QueueRow[] {
  const named = new Map<string, QueueStatus[]>();
  for (const queue of queues) {
    const same = named.get(queue.name);
    if (same) same.push(queue);
    else named.set(queue.name, [queue]);
  }
  const busy = new Map<string, number>();
  for (const agent of agents) {
    if (agent.state !== "ringing" && agent.state !== "held") continue;
    for (const { name } of agent.queues) busy.set(name, (busy.get(name) ?? 0) + 1);
  }
  return [...named].map(([name, parts]) => together(name, parts, busy.get(name) ?? 0));
}

function together(name: string, parts: readonly QueueStatus[], busy: number): QueueRow {
  const sum = (of: (queue: QueueStatus) => number) => parts.reduce((total, queue) => total + of(queue), 0);
  const waits = parts.flatMap(({ longest_wait_since }) => longest_wait_since ?? []).sort();
  const completed = sum((queue) => queue.completed);
  // Asterisk's figure is a share of the completed calls (apps/app_queue.c, ServicelevelPerf).
  const level = completed ? sum((queue) => queue.service_level_percent * queue.completed) / completed : null;
  return {
    name,
    parts,
    waiting: sum((queue) => queue.waiting),
    since: waits[0] ?? null,
    available: sum((queue) => queue.available),
    on_call: sum((queue) => queue.on_call),
    busy,
    paused: sum((queue) => queue.paused),
    completed,
    abandoned: sum((queue) => queue.abandoned),
    level,
  };
}

/** What of a queue is over its limit; `now` in milliseconds. */
export function overLimit(row: QueueRow, limits: Limits, now: number): Over[] {
  const { waiting, since, available, level } = row;
  const found: Record<Over, boolean> = {
    nobody: waiting > 0 && available + row.on_call + row.busy === 0,
    wait: limits.wait > 0 && since !== null && now - Date.parse(since) > limits.wait * 1000,
    waiting: limits.waiting > 0 && waiting > limits.waiting,
    level: limits.level > 0 && level !== null && level < limits.level,
  };
  return OVER.filter((why) => found[why]);
}

/** What must be seen first: over a limit that concerns somebody who waits now, then over any, then where somebody waits. */
export function sortedQueues(rows: readonly QueueRow[], book: Pick<LimitsBook, "ofQueue">, now: number, compare: Compare): QueueRow[] {
  const ranked = rows.map((row) => ({ row, rank: rank(overLimit(row, book.ofQueue(row.name), now), row) }));
  ranked.sort(
    (a, b) =>
      a.rank - b.rank || by(a.row.since ?? "~", b.row.since ?? "~") || compare(a.row.name, b.row.name) || by(a.row.name, b.row.name),
  );
  return ranked.map(({ row }) => row);
}

function rank(over: readonly Over[], { waiting }: QueueRow): number {
  if (over.some((why) => why !== "level")) return 0;
  if (over.length > 0) return waiting > 0 ? 1 : 2;
  return waiting > 0 ? 3 : 4;
}

/** Somebody who waits, at which of the queue's PBXes, and the call by which they ring an agent now. */
export interface Waiting {
  caller: QueueCaller;
  queue: QueueStatus;
  call: Call | null;
}

/** Those who wait in this queue, the longest first. */
export function waitingIn(row: QueueRow, calls: ReadonlyMap<string, Call>): Waiting[] {
  const all = row.parts.flatMap((queue) => queue.callers.map((caller) => ({ caller, queue, call: ringsAt(caller, queue, calls) })));
  return all.sort((a, b) => by(a.caller.since, b.caller.since) || a.caller.position - b.caller.position);
}

/** A number that two have (a withheld one) tells nobody apart: then no call is theirs. */
function ringsAt(caller: QueueCaller, queue: QueueStatus, calls: ReadonlyMap<string, Call>): Call | null {
  if (!caller.number || queue.callers.filter(({ number }) => number === caller.number).length > 1) return null;
  for (const call of calls.values()) {
    if (call.state === "ringing" && call.pbx === queue.pbx && call.customer.number === caller.number) return call;
  }
  return null;
}

/** Names of all queues that agents are in or that are told of, and the ids of all teams, in order. */
export function choices(agents: readonly AgentStatus[], queues: readonly QueueStatus[], compare: Compare): { queues: string[]; teams: string[] } {
  const names = new Set([...queues.map(({ name }) => name), ...agents.flatMap((agent) => agent.queues.map(({ name }) => name))]);
  return { queues: [...names].sort(compare), teams: [...new Set(agents.flatMap(({ team_ids }) => team_ids))].sort(compare) };
}
