// Which call needs me, as far as Asterisk tells: how long it rings, is on hold, waited, how often it went from one to
// another, who talks, and whether the agent is new. Pure: what was seen of each call is kept by whoever asks, and the time
// is given.

import type { AgentStatus, Call } from "../schema";
import type { Limits, LimitsBook } from "./limits";

/** In the order in which they are named where several are as strong. */
export const REASONS = ["held", "ringing", "transferred", "waited", "silence", "together", "share", "newAgent"] as const;
export type Reason = (typeof REASONS)[number];

export interface Need {
  reason: Reason;
  /** How long, in seconds, or how often; of a share the percent, of a new agent the days. */
  much: number;
  /** How many times its limit that is; calls are ordered by it. */
  weight: number;
}

/** What was seen of one call. */
interface Trace {
  state: Call["state"];
  /** Since when it is in that state, in milliseconds, as far as was seen. */
  since: number;
  customer: string;
  /** How often its customer became another one. */
  changes: number;
  answered: boolean;
}

export interface Seen {
  calls: ReadonlyMap<string, Trace>;
  /** Calls that were answered, in each conversation that goes on. */
  conversations: ReadonlyMap<string, ReadonlySet<string>>;
}

const NOBODY_JOINED: ReadonlyMap<string, string> = new Map();
export const NOTHING_SEEN: Seen = { calls: new Map(), conversations: new Map() };

/** What is known once these are the calls; `now` in milliseconds. Agents tell since when they hold. */
export function seen(before: Seen, calls: ReadonlyMap<string, Call>, agents: ReadonlyMap<string, AgentStatus>, now: number): Seen {
  const holding = new Map<string, number>();
  for (const { state, call_id, since } of agents.values()) if (state === "held" && call_id !== null) holding.set(call_id, Date.parse(since));
  const traces = new Map<string, Trace>();
  const conversations = new Map<string, ReadonlySet<string>>();
  for (const call of calls.values()) {
    const { id, state, customer } = call;
    const known = before.calls.get(id);
    const begun = known?.state === state ? known.since : state === "held" ? now : Date.parse(call.answered_at ?? call.started_at);
    const became = known !== undefined && known.customer !== "" && customer.number !== "" && known.customer !== customer.number;
    traces.set(id, {
      state,
      since: (state === "held" ? holding.get(id) : undefined) ?? begun,
      customer: customer.number || (known?.customer ?? ""),
      changes: (known?.changes ?? 0) + Number(became),
      answered: call.answered_at !== null,
    });
    const answered = conversations.get(call.conversation_id) ?? before.conversations.get(call.conversation_id) ?? new Set();
    conversations.set(call.conversation_id, call.answered_at === null || answered.has(id) ? answered : new Set([...answered, id]));
  }
  return { calls: traces, conversations };
}

const DAY = 86400;
const since = (moment: string | null | undefined, now: number): number => (moment ? Math.max(0, Math.floor((now - Date.parse(moment)) / 1000)) : 0);

/** Why this call needs somebody, if it does: what is furthest over its limit. `now` in milliseconds; `joined`: when the
 * agent's account was made, where that is known. */
export function needOf(call: Call, { calls, conversations }: Seen, limits: Limits, now: number, joined: string | null = null): Need | null {
  const trace = calls.get(call.id);
  if (!trace) return null;
  const inState = Math.max(0, Math.floor((now - trace.since) / 1000));
  // Both ends of an internal call were answered once, and nobody was handed on.
  const legs = call.direction === "internal" ? 0 : Math.max(0, (conversations.get(call.conversation_id)?.size ?? 1) - 1);
  const much: Record<Reason, number> = {
    held: trace.state === "held" ? inState : 0,
    ringing: trace.state === "ringing" ? since(call.started_at, now) : 0,
    transferred: call.direction === "internal" ? 0 : legs + trace.changes,
    waited: trace.state === "ringing" ? 0 : (call.waited_seconds ?? 0),
    silence: since(call.talk?.silent_since, now),
    together: since(call.talk?.together_since, now),
    share: call.talk?.agent_share ?? 0,
    newAgent: joined !== null && trace.state !== "ringing" ? Math.floor(since(joined, now) / DAY) : Infinity,
  };
  let strongest: Need | null = null;
  for (const reason of REASONS) {
    const limit = limits[reason];
    // Of a new agent the newest comes first; all other things are the worse the more of them there is.
    const weight = reason === "newAgent" ? 2 - much[reason] / limit : much[reason] / limit;
    if (limit <= 0 || weight <= 1) continue;
    if (strongest === null || weight > strongest.weight) strongest = { reason, much: much[reason], weight };
  }
  return strongest;
}

/** When the accounts of agents were made, by their ids, as far as that is known. */
export function joinedOf(agents: ReadonlyMap<string, AgentStatus>): ReadonlyMap<string, string> {
  return new Map([...agents.values()].flatMap((one) => (one.user_id !== null && one.account_created_at ? [[one.user_id, one.account_created_at]] : [])));
}

/** The needs of all calls by their ids, but for `mine`: nobody is told of the conversation that they are in. */
export function needsOf(
  all: ReadonlyMap<string, Call>, before: Seen, book: Pick<LimitsBook, "ofCall">, now: number, mine: string,
  joined: ReadonlyMap<string, string> = NOBODY_JOINED,
): ReadonlyMap<string, Need> {
  const own = new Set([...all.values()].filter(({ agent }) => agent.user_id === mine).map(({ conversation_id }) => conversation_id));
  const found = new Map<string, Need>();
  for (const call of all.values()) {
    if (own.has(call.conversation_id)) continue;
    const agent = call.agent.user_id;
    const need = needOf(call, before, book.ofCall(agent, call.queue), now, (agent !== null && joined.get(agent)) || null);
    if (need) found.set(call.id, need);
  }
  return found;
}

/** Those that need somebody first, the strongest on top; the others as they were. */
export function neediest<T extends { calls: readonly { id: string }[] }>(rows: readonly T[], needs: ReadonlyMap<string, Need>): T[] {
  const weight = ({ calls }: T) => Math.max(0, ...calls.map(({ id }) => needs.get(id)?.weight ?? 0));
  return rows.map((row) => ({ row, much: weight(row) })).sort((a, b) => b.much - a.much).map(({ row }) => row);
}

/** Calls that need somebody now and did not before. */
export function fresh(before: ReadonlyMap<string, Need>, now: ReadonlyMap<string, Need>): string[] {
  return [...now.keys()].filter((id) => !before.has(id));
}
