// Messages between a supervisor and the agent whom they talk to.

import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { hindrance, messagesOf, nextTry, together, type Try } from "../src/core/messages.ts";
import { changed, NOTHING, type Happening, type Picture } from "../src/core/picture.ts";
import type { MessageAnswer, Monitor, User } from "../src/schema.ts";

const message = (id: string, monitor_id: string): MessageAnswer => ({
  ...{ id, monitor_id, call_id: "c", at: "2026-01-01T12:00:00.000Z", text: id },
  from: "supervisor",
  author: { user_id: "mona", name: "Mona" },
});
const sent = (id: string, monitor: string): Happening<"message.sent"> => ({ kind: "message.sent", data: message(id, monitor) });
const after = (...happenings: Happening[]): Picture => happenings.reduce<Picture>(changed, NOTHING);
const of = (picture: Picture, monitor: string): string[] => messagesOf(picture.messages, monitor).map(({ id }) => id);

void test("each belongs to its talk, in the order in which they were sent, and once", () => {
  const picture = after(sent("a", "t1"), sent("b", "t2"), sent("c", "t1"), sent("a", "t1"));
  assert.deepEqual(of(picture, "t1"), ["a", "c"]);
  assert.deepEqual(of(picture, "t2"), ["b"]);
});

void test("what was written in a talk goes with it, and nothing else; a snapshot is all there is", () => {
  const full = after(sent("a", "t1"), sent("b", "t2"));
  const picture = changed(full, { kind: "monitor.removed", data: { id: "t1" } });
  assert.deepEqual([of(picture, "t1"), of(picture, "t2")], [[], ["b"]]);
  const ended = changed(full, { kind: "monitor.ended", data: { id: "t2", supervisor: { user_id: "mona", name: "" } } as Monitor });
  assert.deepEqual([of(ended, "t1"), of(ended, "t2")], [["a"], []]);
  const data = { user: { id: "sam" } as User, calls: [], monitors: [], agents: [], queues: [], help: [], follows: [], pbxs: [] };
  const anew = { ...data, messages: [message("z", "t3")], message_keep_days: 30, pbx: { state: "connected" as const, since: "" } };
  const fresh = changed(full, { kind: "snapshot", data: anew });
  assert.deepEqual([...fresh.messages.keys()], ["z"]);
  assert.deepEqual([full.keepDays, fresh.keepDays], [0, 30]);
});

void test("what is known stays while the server tells of none, each once and in order", () => {
  const at = (id: string, second: number): MessageAnswer => ({ ...message(id, "m"), at: new Date(second * 1000).toISOString() });
  const all = together([at("b", 2), at("c", 3)], [at("a", 1), at("c", 3)]);
  assert.deepEqual(all.map(({ id }) => id), ["a", "b", "c"]);
  assert.deepEqual(together(all, []), all);
});

void test("only while the agent hears me, as far as that is known", () => {
  const monitor = (mode: string, state: string) => ({ mode, state }) as Monitor;
  const modes = fc.constantFrom("silent", "whisper", "barge");
  const states = fc.constantFrom("connecting", "live", "ended");
  fc.assert(
    fc.property(modes, states, fc.boolean(), fc.boolean(), (mode, state, known, paused) => {
      const why = hindrance(monitor(mode, state), known, paused);
      assert.equal(why === null, known && !paused && state === "live" && mode !== "silent");
    }),
  );
});

void test("the same text again is the same message, another one is another", () => {
  let made = 0;
  const fresh = () => `k${made++}`;
  const first = nextTry(null, "One", fresh);
  assert.equal(nextTry(first, "One", fresh), first);
  const keys = new Set<string>([first.key]);
  fc.assert(
    fc.property(fc.array(fc.constantFrom("One", "Two", "Three")), (texts) => {
      texts.reduce<Try>((last, text) => {
        const next = nextTry(last, text, fresh);
        assert.equal(keys.has(next.key), last.text === text);
        keys.add(next.key);
        return next;
      }, first);
    }),
  );
});
