// The rows of the list: which calls are one row, which of them are asked for, and in what order. Pure.

import type { Call, CallState } from "../schema";
import { finds } from "./finds.ts";
import { isMine, type MyTeam } from "./teams.ts";

/** One call, or both entries of an internal call. */
export interface Row {
  /** The id of its first call. */
  key: string;
  calls: readonly [Call] | readonly [Call, Call];
}

export const FILTERS = ["all", "myTeam", "held", "ringing", "beingMonitored"] as const;
export type Filter = (typeof FILTERS)[number];
export const SORTS = ["longest", "needsMe", "newest", "byAgent", "byCustomer"] as const;
export type Sort = (typeof SORTS)[number];

/** What phones and trunks send in place of a number that is withheld or not known (RFC 3325, 3323; Asterisk's callerid.c). */
const NOBODY = /^<?(anonymous|unknown|unavailable|private|restricted|withheld|asterisk|s)?>?$/i;

/** Whether this is no number, or no name, of anybody. */
export function isNobody(text: string): boolean {
  return NOBODY.test(text.trim());
}

/** The customer's name, where it says more than the number does. */
export function customerName({ customer: { name, number } }: Call): string {
  return isNobody(name) || name === number ? "" : name;
}

export function stateOf({ calls }: Row): CallState {
  const has = (state: CallState) => calls.some((call) => call.state === state);
  return has("ringing") ? "ringing" : has("held") ? "held" : "active";
}

/** Since when it runs: answered, or else begun. */
export function since({ calls: [call] }: Row): string {
  return call.answered_at ?? call.started_at;
}

/** The calls as rows, in the order in which they came. Two agents who talk to each other are one row. */
export function rowsOf(calls: ReadonlyMap<string, Call>): Row[] {
  const internal = new Map<string, Call[]>();
  for (const call of calls.values()) {
    if (call.direction !== "internal") continue;
    const ends = internal.get(call.conversation_id);
    if (ends) ends.push(call);
    else internal.set(call.conversation_id, [call]);
  }
  const rows: Row[] = [];
  for (const call of calls.values()) {
    const [one, other, ...more] = internal.get(call.conversation_id) ?? [];
    const paired = one && other && more.length === 0 && faces(one, other) && faces(other, one);
    if (!paired || call.direction !== "internal") rows.push({ key: call.id, calls: [call] });
    else if (call === one) rows.push(pair(one, other));
  }
  return rows;
}

/** In an order that no reconnect changes: who called whom is not told. */
function pair(one: Call, other: Call): Row {
  const [a, b] = one.agent.extension <= other.agent.extension ? [one, other] : [other, one];
  return { key: a.id, calls: [a, b] };
}

function faces(one: Call, other: Call): boolean {
  return one.customer.number === other.agent.extension;
}

/** Whether a row is among those asked for. `text` is what is searched. */
export function passes(row: Row, text: string, filter: Filter, team: MyTeam): boolean {
  return isIn(row, filter, team) && isFound(row, text);
}

function isIn(row: Row, filter: Filter, team: MyTeam): boolean {
  switch (filter) {
    case "all":
      return true;
    case "myTeam":
      return row.calls.some((call) => isMine(team, call));
    case "beingMonitored":
      return row.calls.some((call) => call.monitors.length > 0);
    default:
      return stateOf(row) === filter;
  }
}

function isFound(row: Row, text: string): boolean {
  return row.calls.some((call) => {
    const { agent, customer } = call;
    return finds(text, [agent.name, agent.extension, customer.number, customer.name, queueOf(call)]);
  });
}

/** At which PBX the calls of a row are, by its name; nothing where there is only one. */
export function whereOf(calls: readonly Call[], pbxs: ReadonlyMap<string, { name: string }>): string {
  if (pbxs.size < 2) return "";
  return [...new Set(calls.map(({ pbx }) => pbxs.get(pbx)?.name ?? pbx))].join(" ↔ ");
}

/** The queue that the call came through; empty where the server doesn't say. */
export function queueOf(call: Call): string {
  return call.queue ?? "";
}

/** How many rows each filter has. */
export function counts(rows: readonly Row[], team: MyTeam): Record<Filter, number> {
  const found = { all: rows.length, myTeam: 0, held: 0, ringing: 0, beingMonitored: 0 };
  for (const row of rows) for (const name of FILTERS) if (name !== "all" && isIn(row, name, team)) found[name]++;
  return found;
}

/** In that order; rows that are alike stay as they came. `compare` is the language's own order of words. */
export function sorted(rows: readonly Row[], sort: Sort, compare: (one: string, other: string) => number): Row[] {
  const by = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
  const orders: Record<Sort, (a: Row, b: Row) => number> = {
    longest: ({ calls: [a] }, { calls: [b] }) => by(a.started_at, b.started_at),
    needsMe: ({ calls: [a] }, { calls: [b] }) => by(a.started_at, b.started_at), // those that need nobody; see core/needs
    newest: ({ calls: [a] }, { calls: [b] }) => by(b.started_at, a.started_at),
    byAgent: ({ calls: [a] }, { calls: [b] }) => compare(a.agent.name, b.agent.name),
    byCustomer: ({ calls: [a] }, { calls: [b] }) => by(a.customer.number, b.customer.number),
  };
  return [...rows].sort(orders[sort]);
}
