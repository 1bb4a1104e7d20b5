// Requests for help: mine, and who waits.

import assert from "node:assert/strict";
import test from "node:test";
import { isFirst, myCall, myRequest, timesTold, waiting } from "../src/core/help.ts";
import { changed, NOTHING } from "../src/core/picture.ts";
import type { AgentStatus, HelpAnswer, User } from "../src/schema.ts";
import { call } from "./calls.ts";

const me = { id: "me" } as User;
const asked = (id: string, agent: string, state: HelpAnswer["state"], created_at: string): HelpAnswer => ({
  ...{ id, pbx: "lab", call_id: "c", note: null, state, created_at, taken_at: null, taken_by: null, closed_at: null },
  agent: { user_id: agent, name: agent, extension: "101" },
});

void test("my call is the active one", () => {
  const calls = new Map([call("1", "me", { state: "held" }), call("2", "me"), call("3", "sam")].map((one) => [one.id, one]));
  assert.equal(myCall(me, { calls })?.id, "2");
  assert.equal(myCall(me, { calls: new Map([["1", call("1", "me", { state: "ringing" })]]) }), undefined);
});

void test("who waits comes first, the longest before others; mine is not among them", () => {
  let picture = NOTHING;
  for (const one of [asked("a", "sam", "taken", "1"), asked("b", "ana", "open", "3"), asked("c", "lee", "open", "2"), asked("d", "me", "open", "0")]) {
    picture = changed(picture, { kind: "help.updated", data: one });
  }
  assert.deepEqual(waiting(me, picture).map((one) => one.id), ["c", "b", "a"]);
  assert.equal(myRequest(me, picture)?.id, "d");
  picture = changed(picture, { kind: "help.removed", data: { id: "d" } });
  assert.equal(myRequest(me, picture), undefined);
});

void test("who is first is told at once and again; others after the time; without a time once", () => {
  const told = (waited: number, first: boolean, every: number) => timesTold(waited, first, every);
  assert.deepEqual([0, 59, 60, 125].map((waited) => told(waited, true, 60)), [1, 1, 2, 3]);
  assert.deepEqual([-3, 59, 60, 125].map((waited) => told(waited, false, 60)), [0, 0, 1, 2]);
  assert.deepEqual([told(0, true, 0), told(900, false, 0)], [1, 1]);
});

void test("first in line are the agent's supervisors; where no team is known, everybody", () => {
  const request = asked("a", "sam", "open", "1");
  const status = (team_ids: string[]) => new Map([["lab.101", { ...{ user_id: "sam", pbx: "lab", extension: "101" }, team_ids } as AgentStatus]]);
  const team = (people: string[], queues: string[] = []) => ({ people: new Set(people), queues: new Set(queues) });
  const calls = new Map([["c", { ...call("c", "sam"), queue: "Sales" }]]);
  assert.equal(isFirst(request, team([]), { agents: status([]), calls }), true);
  assert.equal(isFirst(request, team([]), { agents: status(["t"]), calls }), false);
  assert.equal(isFirst(request, team(["sam"]), { agents: status(["t"]), calls: new Map() }), true);
  assert.equal(isFirst(request, team([], ["sales"]), { agents: status(["t"]), calls }), true);
});
