// The floor: who is shown, what is over its limit, in what order; against random floors too.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  AGENT_SORTS, ALL, agentRows, asBefore, choices, inSight, isAsked, overLimit, queueRows, sortedAgents, sortedQueues, stateCounts, STATES, waitingIn,
} from "../src/core/floor.ts";
import { LIMITS, USUAL } from "../src/core/limits.ts";
import type { AgentStatus, QueueStatus } from "../src/schema.ts";
import { call, SINCE } from "./calls.ts";

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
const NOW = Date.parse(SINCE) + 600_000;
const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

const agent = (id: string, more: Partial<AgentStatus> = {}): AgentStatus => ({
  id, user_id: null, name: id, extension: id, pbx: "lab", state: "available", since: SINCE, call_id: null, team_ids: [], queues: [], account_created_at: null, ...more,
});
const queue = (name: string, more: Partial<QueueStatus> = {}): QueueStatus => ({
  id: `lab-${name}`, name, pbx: "lab", waiting: 0, longest_wait_since: null, callers: [], available: 1, on_call: 0, paused: 0,
  completed: 0, abandoned: 0, service_level_percent: 0, ...more,
});
const member = (name: string) => ({ name, paused: false, pause_reason: null, calls_taken: 0, last_call_at: null });
const over = (more: Partial<QueueStatus>) => overLimit(queueRows([queue("q", more)], [])[0]!, LIMITS, NOW);

void test("agents of a PBX that is out of sight are not shown", () => {
  const all = new Map([["a", agent("a")], ["b", agent("b", { pbx: "away" })], ["c", agent("c", { pbx: "none" })]]);
  const pbxs = new Map([["lab", { state: "connected" }], ["away", { state: "down" }]]);
  assert.deepEqual(inSight(all, pbxs).map(({ id }) => id), ["a"]);
});

void test("a row has its agent's call, where this person sees it", () => {
  const calls = new Map([["c1", call("c1", "sam")]]);
  const rows = agentRows([agent("a", { call_id: "c1" }), agent("b", { call_id: "hidden" }), agent("c")], calls);
  assert.deepEqual(rows.map((row) => row.call?.id ?? null), ["c1", null, null]);
});

void test("agents are found by name, extension, queue, and whom they talk to, however a number is written", () => {
  const calls = new Map([["c1", call("c1", "sam", { customer: { number: "+12025550143", name: "Dana" } })]]);
  const [row] = agentRows([agent("Sam", { extension: "101", call_id: "c1", queues: [member("Sales")], team_ids: ["t1"] })], calls);
  const found = (text: string) => isAsked(row!, { ...ALL, text });
  assert.deepEqual(["sam", "101", "sales", "dana", "+1 202 555", "(202)", " "].map(found), Array(7).fill(true));
  assert.deepEqual(["kim", "102", "555-99"].map(found), [false, false, false]);
  assert.deepEqual([isAsked(row!, { ...ALL, queue: "Sales" }), isAsked(row!, { ...ALL, queue: "Support" })], [true, false]);
  assert.deepEqual([isAsked(row!, { ...ALL, team: "t1" }), isAsked(row!, { ...ALL, team: "t2" })], [true, false]);
});

void test("a queue is over its limit for each of its reasons alone, and exactly at the limit it is not", () => {
  assert.deepEqual(over({}), []);
  assert.deepEqual(over({ waiting: 5, longest_wait_since: ago(60) }), []);
  assert.deepEqual(over({ waiting: 1, longest_wait_since: ago(61) }), ["wait"]);
  assert.deepEqual(over({ waiting: 6, longest_wait_since: ago(1) }), ["waiting"]);
  assert.deepEqual(over({ waiting: 1, available: 0, longest_wait_since: ago(1) }), ["nobody"]);
  assert.deepEqual(over({ waiting: 1, available: 0, on_call: 1, longest_wait_since: ago(1) }), []);
  for (const [state, name, found] of [["ringing", "q", []], ["held", "q", []], ["ringing", "other", ["nobody"]], ["offline", "q", ["nobody"]]] as const) {
    const [row] = queueRows([queue("q", { waiting: 1, available: 0 })], [agent("a", { state, queues: [member(name)] })]);
    assert.deepEqual(overLimit(row!, LIMITS, NOW), found, `${state} in ${name}`);
  }
  assert.deepEqual(over({ completed: 10, service_level_percent: 79.9 }), ["level"]);
  assert.deepEqual(over({ completed: 10, service_level_percent: 80 }), []);
  assert.deepEqual(over({ completed: 0, service_level_percent: 0 }), []); // a service level of nothing
});

void test("a limit of 0 is none", () => {
  const none = { ...LIMITS, wait: 0, waiting: 0, level: 0 };
  const bad = queueRows([queue("q", { waiting: 99, longest_wait_since: ago(9999), completed: 9, service_level_percent: 1 })], [])[0]!;
  assert.deepEqual(overLimit(bad, none, NOW), []);
});

void test("queues of one name on several PBXes are one row: sums, the longest wait, a service level weighed by calls", () => {
  const rows = queueRows([
    queue("Sales", { waiting: 1, longest_wait_since: ago(5), completed: 30, service_level_percent: 100 }),
    queue("Support"),
    queue("Sales", { id: "b", pbx: "b", waiting: 2, longest_wait_since: ago(50), completed: 10, service_level_percent: 0, available: 2 }),
  ], []);
  const [sales] = rows;
  assert.deepEqual(rows.map(({ name, parts }) => [name, parts.length]), [["Sales", 2], ["Support", 1]]);
  assert.deepEqual([sales!.waiting, sales!.since, sales!.available, sales!.completed, sales!.level], [3, ago(50), 3, 40, 75]);
});

void test("over a limit comes first, then where somebody waits, the longest wait on top", () => {
  const rows = queueRows([
    queue("quiet"),
    queue("bad level", { completed: 9, service_level_percent: 1 }),
    queue("waits", { waiting: 1, longest_wait_since: ago(10) }),
    queue("waits longer", { waiting: 1, longest_wait_since: ago(20) }),
    queue("burns", { waiting: 9, longest_wait_since: ago(5) }),
    queue("burns longer", { waiting: 1, longest_wait_since: ago(90) }),
  ], []);
  const order = sortedQueues(rows, USUAL, NOW, compare).map(({ name }) => name);
  assert.deepEqual(order, ["burns longer", "burns", "bad level", "waits longer", "waits", "quiet"]);
});

void test("who waits leads to the call by which they ring; a number that two have leads nowhere", () => {
  const caller = (position: number, number: string) => ({ position, number, name: "", since: ago(60 - position) });
  const rings = (id: string, number: string, pbx = "lab") => call(id, "sam", { state: "ringing", pbx, customer: { number, name: "" } });
  const calls = new Map([["c1", rings("c1", "201")], ["c2", rings("c2", "203")], ["c3", rings("c3", "202", "other")], ["c4", { ...rings("c4", "204"), state: "active" as const }]]);
  const [row] = queueRows([queue("q", { callers: [caller(1, "201"), caller(2, "202"), caller(3, "203"), caller(4, "203"), caller(5, "204"), caller(6, "")] })], []);
  assert.deepEqual(waitingIn(row!, calls).map((one) => one.call?.id ?? null), ["c1", null, null, null, null, null]);
});

void test("queues and teams to choose from are told once, in order", () => {
  const agents = [agent("a", { queues: [member("Sales"), member("Billing")], team_ids: ["t2", "t1"] }), agent("b", { team_ids: ["t1"] })];
  assert.deepEqual(choices(agents, [queue("Support"), queue("Sales")], compare), { queues: ["Billing", "Sales", "Support"], teams: ["t1", "t2"] });
});

const anAgent = fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), state: fc.constantFrom(...STATES), name: fc.string({ maxLength: 2 }), seconds: fc.nat(99) });

void test("random floors: an order keeps everybody, says the same twice, and counts add up", () => {
  const made = fc.uniqueArray(anAgent, { selector: ({ id }) => id, maxLength: 30 });
  fc.assert(
    fc.property(made, fc.constantFrom(...AGENT_SORTS), (list, sort) => {
      const agents = list.map(({ id, state, name, seconds }) => agent(id, { state, name, since: ago(seconds) }));
      const rows = agentRows(agents, new Map());
      const once = sortedAgents(rows, sort, compare);
      const again = sortedAgents([...rows].reverse(), sort, compare);
      assert.deepEqual(once, again);
      assert.deepEqual(sortedAgents(asBefore(rows, [...once].reverse().slice(1)), sort, compare), once);
      assert.deepEqual(new Set(once), new Set(rows));
      const { all, ...each } = stateCounts(rows);
      assert.equal(Object.values(each).reduce((sum, one) => sum + one, 0), all);
    }),
  );
});

const aQueue = fc.record({ name: fc.constantFrom("a", "b", "c"), pbx: fc.constantFrom("x", "y"), waiting: fc.nat(9), wait: fc.nat(200), level: fc.nat(100), completed: fc.nat(20), available: fc.nat(2) });

void test("random queues: together they have what they have apart, and nothing that is over its limit for who waits stands below what is not", () => {
  fc.assert(
    fc.property(fc.array(aQueue, { maxLength: 20 }), (list) => {
      const queues = list.map(({ name, pbx, waiting, wait, level, completed, available }, place) =>
        queue(name, { id: String(place), pbx, waiting, available, completed, service_level_percent: level, longest_wait_since: waiting ? ago(wait) : null }));
      const rows = sortedQueues(queueRows(queues, []), USUAL, NOW, compare);
      assert.equal(rows.reduce((sum, { waiting }) => sum + waiting, 0), queues.reduce((sum, { waiting }) => sum + waiting, 0));
      const burns = rows.map((row) => overLimit(row, LIMITS, NOW).some((why) => why !== "level"));
      assert.deepEqual(burns, [...burns].sort((a, b) => Number(b) - Number(a)));
      for (const { level } of rows) assert.ok(level === null || (level >= 0 && level <= 100.0001));
    }),
  );
});
