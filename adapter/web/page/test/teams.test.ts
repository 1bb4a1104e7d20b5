// My team as the filter sees it, and a team while it is edited: only what was changed is sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, changesOf, draftOf, foundTeam, isChanged, isMine, teamOf, wrongLimits } from "../src/core/teams.ts";
import type { Call, Team, User } from "../src/schema.ts";
import { call, NO_LIMITS } from "./calls.ts";

const SALES: Team = {
  ...{ id: "t", name: "Sales", members: ["sam", "ana"], queues: ["Sales", "Hotline"], supervisors: ["mona"], shield_seconds: null },
  limits: { ...NO_LIMITS, held_seconds: 30 },
};
const HELP: Team = {
  ...{ id: "h", name: "Help", members: ["lee"], queues: ["help"], supervisors: ["kim"], shield_seconds: 600 },
  limits: NO_LIMITS,
};
const MONA = { id: "mona" } as User;
const of = (agent: string | null, queue: string | null = null): Call =>
  ({ ...call("c", "sam"), agent: { user_id: agent, name: "", extension: "" }, queue });

void test("my team is what the teams that I supervise have", () => {
  const team = teamOf([SALES, HELP], MONA);
  assert.ok(isMine(team, of("sam")));
  assert.ok(isMine(team, of(null, "SALES")));
  assert.ok(!isMine(team, of("lee", "help")));
  assert.ok(!isMine(team, of(null)));
  assert.ok(!isMine(teamOf([], MONA), of("sam", "sales")));
});

void test("nothing edited, nothing sent; each field alone is sent alone", () => {
  const edited = (more: object) => changesOf(SALES, { ...draftOf(SALES), ...more });
  assert.deepEqual(edited({}), {});
  assert.deepEqual(edited({ members: ["ana", "sam"], queues: " Sales \n\nHotline\n" }), {}, "the order of people is none");
  assert.deepEqual(edited({ name: " North " }), { name: "North" });
  assert.deepEqual(edited({ members: ["sam"] }), { members: ["sam"] });
  assert.deepEqual(edited({ supervisors: [] }), { supervisors: [] });
  const limits = draftOf(SALES).limits;
  assert.deepEqual(edited({ limits: { ...limits, held: "", share: " 70 ", waiting: "0" } }), { limits: { held_seconds: null, agent_share_percent: 70, waiting: 0 } });
  assert.deepEqual(wrongLimits({ ...limits, held: "x", share: "101", waiting: "1.5", silence: "-1", level: "100" }), ["waiting", "held", "silence", "share"]);
  assert.deepEqual(edited({ queues: "Help Desk" }), { queues: ["Help Desk"] });
  assert.deepEqual(edited({ pauses: "90" }), { shield_seconds: 90 });
  assert.deepEqual(changesOf(HELP, { ...draftOf(HELP), pauses: " " }), { shield_seconds: null });
  assert.ok(!isChanged(null, draftOf(null)));
  assert.ok(isChanged(null, { ...draftOf(null), queues: "x" }));
  const own = { shield_seconds: null, limits: { held_seconds: 30 } };
  assert.deepEqual(bodyOf(draftOf(SALES)), { name: "Sales", members: ["sam", "ana"], queues: ["Sales", "Hotline"], supervisors: ["mona"], ...own });
});

void test("a team is found by its name, its people and its queues", () => {
  const names = new Map([["sam", "Sam Ortiz"], ["mona", "Mona"]]);
  const finds = (text: string) => foundTeam(SALES, names, text);
  assert.deepEqual(["", "sal", "ORTIZ", "hotline mona"].filter((text) => !finds(text)), []);
  assert.deepEqual(["lee", "sales lee"].filter(finds), []);
});
