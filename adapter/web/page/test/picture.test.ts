// How events change the live picture: each kind alone, in any order, and what must stay as it was.

import assert from "node:assert/strict";
import { test } from "node:test";
import { awayOf, changed, isUp, EVENTS, NOTHING, type Happening, type Picture } from "../src/core/picture.ts";
import type { AgentStatus, Coach, QueueStatus, Snapshot, User } from "../src/schema.ts";
import { call, monitor, SINCE } from "./calls.ts";

const user = (id: string): User => ({
  id,
  username: id,
  name: id,
  role: "agent",
  scope: "all",
  extension: null,
  device: null,
  devices: [],
  pbx: null,
  can_monitor: true,
  modes: ["silent", "whisper", "barge"],
  active: true,
  phone_message: true,
});

const coach = (monitor_id: string, mode: Coach["mode"] = "whisper"): Coach => ({
  monitor_id,
  call_id: "c1",
  supervisor: { name: "mona" },
  mode,
});

const snapshot = (more: Partial<Snapshot> = {}): Happening => ({
  kind: "snapshot",
  data: {
    ...{ user: user("sam"), calls: [], monitors: [], agents: [], queues: [], help: [], follows: [], messages: [], message_keep_days: 0, pbxs: [] },
    pbx: { state: "connected", since: SINCE },
    ...more,
  },
});

const after = (...happenings: Happening[]): Picture => happenings.reduce<Picture>(changed, NOTHING);

void test("nothing is shown as connected before the first snapshot", () => {
  assert.equal(NOTHING.connected, false);
  assert.equal(after(snapshot()).connected, true);
});

void test("a snapshot is all there is: what came before it is gone", () => {
  const full = snapshot({
    calls: [call("c1", "sam"), call("c2", "ana")],
    monitors: [monitor("m1", "c2", "mona")],
    record: { state: "failing", since: SINCE },
  });
  const picture = after(full);
  assert.deepEqual([...picture.calls.keys()], ["c1", "c2"]);
  assert.deepEqual([...picture.monitors.keys()], ["m1"]);
  assert.equal(picture.record?.state, "failing");
  const emptied = changed(picture, snapshot());
  assert.deepEqual([emptied.calls.size, emptied.monitors.size, emptied.record], [0, 0, null]);
});

void test("a snapshot tells me who talks to me, and only that", () => {
  const calls = [call("c1", "sam"), call("c2", "ana")];
  const monitors = [
    monitor("talks", "c1", "mona", { mode: "whisper" }),
    monitor("silent", "c1", "mona"),
    monitor("connects", "c1", "mona", { mode: "barge", state: "connecting" }),
    monitor("elsewhere", "c2", "mona", { mode: "barge" }),
    monitor("nowhere", "c9", "mona", { mode: "barge" }),
  ];
  assert.deepEqual([...after(snapshot({ calls, monitors })).coaches.keys()], ["talks"]);
});

void test("calls come, change and go", () => {
  const come = after(snapshot(), { kind: "call.updated", data: call("c1", "sam", { state: "ringing" }) });
  assert.equal(come.calls.get("c1")?.state, "ringing");
  const active = changed(come, { kind: "call.updated", data: call("c1", "sam") });
  assert.equal(active.calls.get("c1")?.state, "active");
  assert.equal(changed(active, { kind: "call.removed", data: { id: "c1" } }).calls.size, 0);
});

void test("monitors come, change and are no longer to be seen", () => {
  const live = after(snapshot(), { kind: "monitor.updated", data: monitor("m1", "c1", "mona") });
  const talks = changed(live, { kind: "monitor.updated", data: monitor("m1", "c1", "mona", { mode: "barge" }) });
  assert.equal(talks.monitors.get("m1")?.mode, "barge");
  const unseen = changed(talks, { kind: "monitor.removed", data: { id: "m1" } });
  assert.deepEqual([unseen.monitors.size, unseen.ended], [0, null]);
});

void test("my own monitor's end is kept for saying why; another's isn't", () => {
  const ended = (id: string, whose: string): Happening => ({
    kind: "monitor.ended",
    data: monitor(id, "c1", whose, { state: "ended", ended_reason: "call_ended" }),
  });
  const mine = after(snapshot(), { kind: "monitor.updated", data: monitor("m1", "c1", "sam") }, ended("m1", "sam"));
  assert.deepEqual([mine.monitors.size, mine.ended?.id], [0, "m1"]);
  assert.equal(changed(mine, ended("m2", "mona")).ended?.id, "m1");
  assert.equal(changed(mine, snapshot()).ended?.id, "m1");
});

void test("who talks to me: one message for a talk, in its latest mode, gone when it ends", () => {
  const joined = after(snapshot(), { kind: "coach.joined", data: coach("m1") });
  const barges = changed(joined, { kind: "coach.joined", data: coach("m1", "barge") });
  assert.deepEqual([...barges.coaches.values()].map((one) => one.mode), ["barge"]);
  assert.equal(changed(barges, { kind: "coach.left", data: coach("m1", "barge") }).coaches.size, 0);
});

void test("the PBX and the record are as they were told last", () => {
  const down = after(
    snapshot(),
    { kind: "pbx.state", data: { id: "lab", name: "lab", state: "down", since: SINCE } },
    { kind: "record.state", data: { state: "failing", since: SINCE } },
  );
  assert.deepEqual([awayOf(down).map(({ id }) => id), isUp(down, "lab"), down.record?.state], [["lab"], false, "failing"]);
  const other = changed(down, { kind: "pbx.state", data: { id: "other", name: "Other", state: "connected", since: SINCE } });
  assert.deepEqual([awayOf(other).length, isUp(other, "other"), isUp(other, undefined)], [1, true, false]);
});

void test("agents and queues come with the snapshot, change and go", () => {
  const agent = (state: AgentStatus["state"]): AgentStatus => ({
    id: "a1", user_id: null, name: "Sam", extension: "101", pbx: "lab", state, since: SINCE, call_id: null, team_ids: [], queues: [], account_created_at: null,
  });
  const queue = (waiting: number): QueueStatus => ({
    id: "q1", name: "sales", pbx: "lab", waiting, longest_wait_since: null, callers: [], available: 0, on_call: 0, paused: 0, completed: 0,
    abandoned: 0, service_level_percent: 0,
  });
  const full = after(snapshot({ agents: [agent("available")], queues: [queue(0)] }));
  const busy = changed(changed(full, { kind: "agent.updated", data: agent("on_call") }), { kind: "queue.updated", data: queue(2) });
  assert.deepEqual([full, busy].map(({ agents, queues }) => [agents.get("a1")?.state, queues.get("q1")?.waiting]), [["available", 0], ["on_call", 2]]);
  const gone = changed(changed(busy, { kind: "agent.removed", data: { id: "a1" } }), { kind: "queue.removed", data: { id: "q1" } });
  assert.deepEqual([gone.agents.size, gone.queues.size, changed(busy, snapshot()).agents.size], [0, 0, 0]);
});

void test("a lost stream leaves the picture, and says that it may be old", () => {
  const picture = after(snapshot({ calls: [call("c1", "sam")] }), { kind: "lost", data: null });
  assert.deepEqual([picture.connected, picture.calls.size], [false, 1]);
});

void test("nothing is changed in place, and what an event doesn't touch stays the same object", () => {
  const before = after(snapshot({ calls: [call("c1", "sam")], monitors: [monitor("m1", "c1", "mona")] }));
  const kept = structuredClone(before);
  const updated = changed(before, { kind: "call.updated", data: call("c2", "ana") });
  changed(before, { kind: "call.removed", data: { id: "c1" } });
  changed(before, { kind: "monitor.removed", data: { id: "m1" } });
  assert.deepEqual(before, kept);
  assert.equal(updated.calls.get("c1"), before.calls.get("c1"));
  assert.equal(updated.monitors, before.monitors);
  assert.equal(changed(before, { kind: "call.removed", data: { id: "unknown" } }).calls, before.calls);
});

void test("the page listens to what the server tells; that the stream broke it finds by itself", () => {
  assert.ok(EVENTS.includes("snapshot") && EVENTS.includes("record.state"));
  assert.ok(!(EVENTS as string[]).includes("lost"));
});

const agent = (id: string, more: Partial<AgentStatus> = {}): AgentStatus => ({
  ...{ id, user_id: id, name: id, extension: "101", pbx: "lab", state: "available", since: SINCE, call_id: null },
  ...{ team_ids: [], queues: [], account_created_at: null },
  ...more,
});

const queue = (id: string, more: Partial<QueueStatus> = {}): QueueStatus => ({
  ...{ id, name: id, pbx: "lab", waiting: 0, longest_wait_since: null, callers: [], available: 1, on_call: 0, paused: 0 },
  ...{ completed: 0, abandoned: 0, service_level_percent: 0 },
  ...more,
});

void test("agents and queues come, change and go, and a snapshot is all there is of them", () => {
  const before = after(snapshot({ agents: [agent("a1")], queues: [queue("q1")] }));
  const changedOne = changed(before, { kind: "agent.updated", data: agent("a1", { state: "on_call", call_id: "c1" }) });
  assert.equal(changedOne.agents.get("a1")?.state, "on_call");
  assert.equal(changedOne.queues, before.queues);
  const waits = changed(changedOne, { kind: "queue.updated", data: queue("q2", { waiting: 2 }) });
  assert.deepEqual([...waits.queues.values()].map(({ waiting }) => waiting), [0, 2]);
  const gone = changed(changed(waits, { kind: "agent.removed", data: { id: "a1" } }), {
    kind: "queue.removed",
    data: { id: "q1" },
  });
  assert.deepEqual([[...gone.agents.keys()], [...gone.queues.keys()]], [[], ["q2"]]);
  const emptied = changed(gone, snapshot());
  assert.deepEqual([emptied.agents.size, emptied.queues.size], [0, 0]);
});
