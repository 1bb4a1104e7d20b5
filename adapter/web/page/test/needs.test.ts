// Which call needs me: each reason alone, what was seen over time, and who is never told.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LIMITS, LimitsBook, USUAL } from "../src/core/limits.ts";
import { fresh, joinedOf, needOf, needsOf, neediest, NOTHING_SEEN, seen, type Need, type Seen } from "../src/core/needs.ts";
import type { AgentStatus, Call } from "../src/schema.ts";
import { call, NO_LIMITS, SINCE } from "./calls.ts";

const START = Date.parse(SINCE);
const at = (seconds: number): number => START + seconds * 1000;
const calls = (...all: Call[]): Map<string, Call> => new Map(all.map((one) => [one.id, one]));
const NOBODY: ReadonlyMap<string, AgentStatus> = new Map();
const watch = (days: [Call[], number][], before: Seen = NOTHING_SEEN): Seen =>
  days.reduce((known, [all, seconds]) => seen(known, calls(...all), NOBODY, at(seconds)), before);
const need = (one: Call, known: Seen, seconds: number): Need | null => needOf(one, known, LIMITS, at(seconds));
const told = (found: Need | null) => found && [found.reason, found.much];

const held = call("c", "sam", { state: "held" });

void test("on hold for long: counted from when it was seen to be held, and anew each time", () => {
  const known = watch([[[call("c", "sam")], 0], [[held], 100]]);
  assert.deepEqual([told(need(held, known, 160)), told(need(held, known, 161))], [null, ["held", 61]]);
  const again = watch([[[call("c", "sam")], 170], [[held], 180]], known);
  assert.equal(need(held, again, 240), null);
});

void test("the agent's own state says since when it is held, also after a reload", () => {
  const agent: AgentStatus = { id: "a", user_id: null, name: "Sam", extension: "101", pbx: "lab", state: "held", since: SINCE, call_id: "c", team_ids: [], queues: [], account_created_at: null };
  const known = seen(NOTHING_SEEN, calls(held), new Map([["a", agent]]), at(300));
  assert.deepEqual(told(need(held, known, 300)), ["held", 300]);
  assert.equal(need(held, watch([[[held], 300]]), 300), null); // without it, since now
});

void test("ringing for long, from when the call began", () => {
  const rings = call("c", "sam", { state: "ringing", answered_at: null });
  const known = watch([[[rings], 15]]);
  assert.deepEqual([told(need(rings, known, 20)), told(need(rings, known, 21))], [null, ["ringing", 21]]);
});

void test("waited for long before somebody answered", () => {
  const waited = (seconds: number | null) => call("c", "sam", { waited_seconds: seconds });
  const known = watch([[[waited(121)], 0]]);
  assert.deepEqual([told(need(waited(121), known, 0)), need(waited(120), known, 0), need(waited(null), known, 0)], [["waited", 121], null, null]);
});

void test("transferred often: answered by others in one conversation, or another customer in the same call", () => {
  const leg = (id: string) => call(id, id, { conversation_id: "v" });
  const known = watch([[[leg("c1")], 0], [[leg("c2")], 10], [[leg("c3")], 20]]);
  assert.deepEqual(told(need(leg("c3"), known, 20)), ["transferred", 2]);
  const customer = (number: string) => call("c", "sam", { customer: { number, name: "" } });
  const handed = watch([[[customer("201")], 0], [[customer("")], 5], [[customer("202")], 10], [[customer("203")], 20]]);
  assert.deepEqual(told(need(customer("203"), handed, 20)), ["transferred", 2]);
});

void test("a queue that rings all is no transfer, nor is a call between two agents", () => {
  const rings = (id: string) => call(id, id, { conversation_id: "v", state: "ringing", answered_at: null });
  const known = watch([[[rings("a"), rings("b"), rings("c")], 0], [[call("b", "b", { conversation_id: "v" })], 5]]);
  assert.equal(need(call("b", "b", { conversation_id: "v" }), known, 5), null);
  const ends = ["a", "b", "c"].map((id) => call(id, id, { conversation_id: "i", direction: "internal" }));
  assert.equal(need(ends[0]!, watch([[ends, 0]]), 0), null);
});

void test("the reason that is furthest over its limit is named", () => {
  const both = { ...held, waited_seconds: 150 };
  const known = watch([[[both], 0]]);
  assert.deepEqual([told(need(both, known, 61)), told(need(both, known, 200))], [["waited", 150], ["held", 200]]);
});

const talking = (more: Partial<NonNullable<Call["talk"]>>) =>
  call("c", "sam", { talk: { since: SINCE, agent_share: null, recent_share: null, silent_since: null, together_since: null, ...more } });

void test("silence, both at once, and the agent's share, as far as anybody listens to that", () => {
  const silent = talking({ silent_since: SINCE });
  const together = talking({ together_since: SINCE });
  const known = watch([[[silent], 0]]);
  assert.deepEqual([told(need(silent, known, 20)), told(need(silent, known, 21))], [null, ["silence", 21]]);
  assert.deepEqual([told(need(together, known, 10)), told(need(together, known, 11))], [null, ["together", 11]]);
  assert.deepEqual([80, 85].map((agent_share) => told(need(talking({ agent_share }), known, 0))), [null, ["share", 85]]);
  assert.equal(need(talking({}), known, 999), null);
});

void test("a new agent's calls, the newest first, where somebody wants to know", () => {
  const of = (agent: string) => call(agent, agent);
  const days = (count: number) => new Date(START - count * 86_400_000).toISOString();
  const agent = (id: string, user_id: string | null, account_created_at: string | null): [string, AgentStatus] =>
    [id, { id, user_id, name: id, extension: id, pbx: "lab", state: "on_call", since: SINCE, call_id: null, team_ids: [], queues: [], account_created_at }];
  const joined = joinedOf(new Map([agent("1", "new", days(1)), agent("2", "newer", days(0)), agent("3", "old", days(14)), agent("4", null, null), agent("5", "unknown", null)]));
  assert.deepEqual([...joined.keys()], ["new", "newer", "old"]);
  const all = calls(of("new"), of("newer"), of("old"), of("unknown"));
  const known = seen(NOTHING_SEEN, all, NOBODY, at(0));
  const found = needsOf(all, known, new LimitsBook([], { newAgent: 14 }), at(0), "me", joined);
  assert.deepEqual([...found].map(([id, { reason }]) => [id, reason]), [["new", "newAgent"], ["newer", "newAgent"]]);
  assert.ok(found.get("newer")!.weight > found.get("new")!.weight);
  assert.equal(needsOf(all, known, USUAL, at(0), "me", joined).size, 0);
});

void test("a team's limits hold for its calls, and what is not its own needs nobody by them", () => {
  const team = { id: "t", members: ["sam"], queues: [], limits: { ...NO_LIMITS, held_seconds: 5 } };
  const all = calls(held, call("d", "ana", { state: "held" }));
  const known = seen(NOTHING_SEEN, all, NOBODY, at(0));
  assert.deepEqual([...needsOf(all, known, new LimitsBook([team], {}), at(30), "me").keys()], ["c"]);
  assert.deepEqual([...needsOf(all, known, new LimitsBook([team], { held: 20 }), at(30), "me").keys()], ["c", "d"]);
});

void test("nobody is told of the conversation that they are in, under any of its entries", () => {
  const mine = call("a", "me", { conversation_id: "v", state: "held" });
  const other = call("b", "sam", { conversation_id: "v", state: "held" });
  const all = calls(mine, other, held);
  const known = seen(NOTHING_SEEN, all, NOBODY, at(0));
  assert.deepEqual([...needsOf(all, known, USUAL, at(999), "me").keys()], ["c"]);
});

void test("the neediest first, the others as they were; what is new is told once", () => {
  const rows = ["a", "b", "c", "d"].map((id) => ({ calls: [{ id }] }));
  const of = (weight: number): Need => ({ reason: "held", much: 1, weight });
  const needs = new Map([["c", of(2)], ["d", of(3)]]);
  assert.deepEqual(neediest(rows, needs).map((row) => row.calls[0]!.id), ["d", "c", "a", "b"]);
  assert.deepEqual([fresh(new Map(), needs), fresh(needs, needs), fresh(needs, new Map([["a", of(1)]]))], [["c", "d"], [], ["a"]]);
});

void test("random days: what is not over a limit never needs anybody, and nothing is kept of calls that ended", () => {
  const day = fc.array(fc.record({ id: fc.constantFrom("a", "b", "c"), state: fc.constantFrom("ringing", "active", "held"), step: fc.nat(40) }), { maxLength: 30 });
  fc.assert(
    fc.property(day, (happenings) => {
      let known = NOTHING_SEEN;
      let seconds = 0;
      let heldFor = 0;
      for (const { id, state, step } of happenings) {
        const one = call(id, id, { state, answered_at: state === "ringing" ? null : SINCE });
        const stays = known.calls.get(id)?.state === "held" && one.state === "held";
        heldFor = stays ? heldFor + step : 0;
        seconds += step;
        known = seen(known, calls(one), NOBODY, at(seconds));
        assert.deepEqual([...known.calls.keys()], [id]);
        const found = need(one, known, seconds);
        if (one.state === "active") assert.equal(found, null);
        if (one.state === "held") assert.equal(found?.much ?? 0, heldFor > LIMITS.held ? heldFor : 0);
      }
    }),
  );
});
