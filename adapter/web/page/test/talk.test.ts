// The three buttons: no microphone opens that one deliberate press did not ask for, whatever comes late, twice or not.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { after, LATE_MS, opens, QUIET, REST_MS, takes, waitsFor, wanted, type Happening, type Request, type Talk } from "../src/core/talk.ts";
import type { Mode } from "../src/schema.ts";

/** One after the other. */
function run(happenings: Happening[], talk: Talk = live()): { talk: Talk; asked: Request[] } {
  const asked: Request[] = [];
  for (const one of happenings) {
    const [next, requests] = after(talk, one);
    talk = next;
    asked.push(...requests);
  }
  return { talk, asked };
}
const live = (mode: Mode = "silent"): Talk => ({ ...QUIET, monitor: "m", mode });
const press = (mode: Mode, at: number, repeated = false): Happening => ({ kind: "press", mode, repeated, at });
const confirm = (mode: Mode, at: number, monitor: string | null = "m"): Happening => ({ kind: "confirmed", monitor, mode, at });
const answer = (request: number, at: number, ok = true): Happening => ({ kind: "answered", request, ok, at });
const modes = (requests: Request[]) => requests.map((one) => one.mode);

void test("one press asks once, and opens the microphone when Asterisk has confirmed it", () => {
  const { talk, asked } = run([press("whisper", 1000)]);
  assert.deepEqual(modes(asked), ["whisper"]);
  assert.equal(opens(talk), false);
  assert.equal(waitsFor(talk), "whisper");
  assert.equal(opens(run([confirm("whisper", 1010)], talk).talk), true);
});

void test("no second press that talks until the first is confirmed and the group has rested", () => {
  const first = [press("whisper", 1000), confirm("whisper", 1003), answer(1, 1004)];
  for (const at of [1001, 1003, 1004, 1004 + REST_MS - 1]) {
    assert.deepEqual(modes(run([...first, press("barge", at)]).asked), ["whisper"], String(at));
  }
  assert.deepEqual(modes(run([...first, press("barge", 1004 + REST_MS)]).asked), ["whisper", "barge"]);
  assert.deepEqual(modes(run([press("whisper", 1000), press("barge", 9000)]).asked), ["whisper"], "not confirmed yet");
});

void test("the group rests after silence too, and after a refusal", () => {
  const back = [press("silent", 1000), confirm("silent", 1003), answer(1, 1004)];
  assert.deepEqual(modes(run([...back, press("barge", 1400)], live("barge")).asked), ["silent"]);
  assert.deepEqual(modes(run([press("whisper", 1000), answer(1, 1200, false), press("barge", 1500)]).asked), ["whisper"]);
});

void test("a key that is held down never talks; silence by it does", () => {
  assert.deepEqual(modes(run([press("whisper", 1000, true)]).asked), []);
  assert.deepEqual(modes(run([press("silent", 1000, true)], live("barge")).asked), ["silent"]);
});

void test("what is on does nothing; nothing works without a live monitor", () => {
  assert.equal(takes(live("whisper"), "whisper", 9000), false);
  assert.equal(takes(live(), "silent", 9000), false);
  for (const mode of ["silent", "whisper", "barge"] as const) assert.equal(takes(QUIET, mode, 9000), false);
});

void test("silence closes the microphone at once, while a talk is still waited for", () => {
  const { talk, asked } = run([press("whisper", 1000), press("silent", 1100)]);
  assert.deepEqual(modes(asked), ["whisper", "silent"]);
  assert.equal(wanted(talk, { request: 1, mode: "whisper" }), false, "the browser asked for the microphone for too long");
  assert.equal(opens(run([confirm("whisper", 1200)], talk).talk), false, "the talk is confirmed late");
});

void test("a talk that overtook the silence is taken back", () => {
  const both = [press("whisper", 1000), press("silent", 1100)];
  const overtaken = run([...both, answer(2, 1200), answer(1, 1300)]);
  assert.deepEqual(modes(overtaken.asked), ["whisper", "silent", "silent"]);
  const streamed = run([...both, answer(1, 1200), answer(2, 1300), confirm("whisper", 1400)]);
  assert.deepEqual(modes(streamed.asked), ["whisper", "silent", "silent"]);
  assert.equal(opens(streamed.talk), false);
});

void test("later, a talk is somebody else's: the CRM's, another page's", () => {
  const silent = [press("silent", 1000), confirm("silent", 1010), answer(1, 1020)];
  const { talk, asked } = run([...silent, confirm("whisper", 1020 + LATE_MS)], live("whisper"));
  assert.deepEqual(modes(asked), ["silent"]);
  assert.equal(opens(talk), true);
});

void test("a silence that is not confirmed is said, tried again when the stream is back, and can be pressed again", () => {
  const failed = run([press("silent", 1000), answer(1, 3000, false)], live("barge"));
  assert.equal(failed.talk.unconfirmed, true);
  assert.equal(opens(failed.talk), false);
  assert.equal(takes(failed.talk, "silent", 3000), true);
  assert.deepEqual(modes(run([confirm("barge", 4000)], failed.talk).asked), ["silent"]);
  const talked = run([press("barge", 4000)], failed.talk);
  assert.deepEqual([modes(talked.asked), opens(talked.talk)], [["barge"], true], "or one talks on");
  assert.equal(run([confirm("silent", 4000)], failed.talk).talk.unconfirmed, false);
});

void test("another monitor begins anew, and the answers of the former are nobody's", () => {
  const { talk, asked } = run([press("whisper", 1000), confirm("silent", 1100, "other"), answer(1, 1200), press("barge", 1300)]);
  assert.deepEqual(modes(asked), ["whisper", "barge"]);
  assert.equal(asked[1]!.monitor, "other");
  assert.equal(run([confirm("silent", 1400, null)], talk).talk.monitor, null);
});

// ---- random: people press, Asterisk confirms late, early, twice or never, answers overtake each other

interface World {
  talk: Talk;
  at: number;
  sent: Request[];
  /** The presses that talk and were made with no key held down and no double click. */
  deliberate: { mode: Mode; at: number }[];
  asks: { mode: Mode; at: number }[];
  hushedAt: number | null;
}

const someMode = fc.constantFrom<Mode>("silent", "whisper", "barge");
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("press" as const), mode: someMode, repeated: fc.boolean(), wait: fc.nat(900) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("confirm" as const), which: fc.nat(3), wait: fc.nat(900) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("answer" as const), which: fc.nat(3), ok: fc.boolean(), wait: fc.nat(900) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("again" as const), wait: fc.nat(900) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function take(world: World, happening: Happening): void {
  const before = world.talk;
  const [talk, requests] = after(before, happening);
  world.talk = talk;
  world.sent.push(...requests);
  for (const { mode } of requests) if (mode !== "silent") world.asks.push({ mode, at: world.at });
  const opened = opens(talk) && !opens(before);
  if (happening.kind === "press" && happening.mode === "silent" && before.monitor !== null) {
    assert.equal(opens(talk), false, "silence closes the microphone");
    if (before.mode !== "silent" || waitsFor(before) !== null) world.hushedAt = world.at;
  }
  if (happening.kind === "press" && requests.some((one) => one.mode !== "silent")) world.hushedAt = null;
  if (opened && happening.kind === "confirmed") {
    const recent = world.hushedAt !== null && talk.asked.some((one) => one.mode !== "silent");
    assert.equal(recent, false, "a talk from before the silence opened the microphone");
  }
}

function play(steps: Step[]): World {
  const world: World = { talk: live(), at: 1000, sent: [], deliberate: [], asks: [], hushedAt: null };
  const open: Request[] = []; // what Asterisk has not confirmed yet
  const unanswered: Request[] = [];
  for (const one of steps) {
    world.at += one.wait;
    const known = world.sent.length;
    if (one.do === "press") {
      if (one.mode !== "silent" && !one.repeated) world.deliberate.push({ mode: one.mode, at: world.at });
      take(world, press(one.mode, world.at, one.repeated));
    } else if (one.do === "confirm" && open.length > 0) {
      take(world, confirm(open.splice(one.which % open.length, 1)[0]!.mode, world.at));
    } else if (one.do === "answer" && unanswered.length > 0) {
      take(world, answer(unanswered.splice(one.which % unanswered.length, 1)[0]!.request, world.at, one.ok));
    } else if (one.do === "again") {
      take(world, confirm(world.talk.mode, world.at));
    }
    open.push(...world.sent.slice(known));
    unanswered.push(...world.sent.slice(known));
  }
  return world;
}

void test("random: each talk that is asked for is one deliberate press, and two are never nearer than the rest", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { asks, deliberate } = play(steps);
      for (const ask of asks) assert.ok(deliberate.some((one) => one.mode === ask.mode && one.at === ask.at), "asked without a press");
      for (const [place, ask] of asks.slice(1).entries()) assert.ok(ask.at - asks[place]!.at >= REST_MS, "a double press talked twice");
    }),
    { numRuns: 5000 },
  );
});

void test("random: the microphone is open only in a mode that talks, and never while silence is what was pressed last", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { talk } = play(steps);
      if (opens(talk)) assert.notEqual(talk.mode, "silent");
      if (talk.hushed) assert.equal(opens(talk), false);
    }),
    { numRuns: 5000 },
  );
});

void test("random: when all is answered and confirmed, silence that was pressed last is what is left", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = play(steps);
      world.at += 100;
      take(world, press("silent", world.at));
      // All that was asked is done in its order now, and told; what is asked because of it too.
      for (let place = 0, mode = world.talk.mode; place < world.sent.length; place++) {
        world.at += 10;
        mode = world.sent[place]!.mode;
        take(world, confirm(mode, world.at));
        take(world, answer(world.sent[place]!.request, world.at));
        assert.ok(world.sent.length < 400, "it never ends");
      }
      assert.equal(world.talk.mode === "silent" || world.sent.length === 0, true);
      assert.equal(opens(world.talk), false);
    }),
    { numRuns: 3000 },
  );
});
