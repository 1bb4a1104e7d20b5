// Who hears me: one sentence for every situation, and none that claims more than is known.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hears, type Situation, type Voice } from "../src/core/hears.ts";
import { QUIET, type Talk } from "../src/core/talk.ts";
import type { Call, Mode, Monitor } from "../src/schema.ts";
import { call as callOf, monitor as monitorOf } from "./calls.ts";

const monitor = (more: Partial<Monitor>) => monitorOf("m", "c", "Mona", more);
const call = (more: Partial<Call> = {}) => callOf("c", "Sam", more);
const desk: Voice = { browser: false, microphone: "unasked", open: false, heard: false, blocked: false, resumed: false };
const headset: Voice = { browser: true, microphone: "granted", open: true, heard: true, blocked: false, resumed: false };
const talk = (mode: Mode, more: Partial<Talk> = {}): Talk => ({ ...QUIET, monitor: "m", mode, ...more });
const now = (mode: Mode, more: Partial<Situation> = {}): Situation => ({
  connected: true,
  pbxUp: true,
  monitor: monitor({ mode }),
  call: call(),
  talk: talk(mode),
  voice: desk,
  ...more,
});
const short = (situation: Situation): string => {
  const { tone, text, more, act } = hears(situation);
  return [tone, text, more, act].filter(Boolean).join(" ");
};

void test("what Asterisk confirmed, on a desk phone and here", () => {
  assert.equal(short(now("silent")), "silent silentHears");
  assert.equal(short(now("whisper")), "whisper whisperHears whisperMore");
  assert.equal(short(now("barge", { voice: headset })), "barge bargeHears");
  assert.equal(short(now("barge", { call: call({ barge_reaches_customer: false }) })), "barge whisperHears bargeAgentOnly");
});

void test("paused: nobody hears anything, whatever else is so, unless nothing is known", () => {
  const paused = { monitor: monitor({ mode: "silent", shielded: true, audible: false, reason: "shielded" }) };
  assert.equal(short(now("silent", paused)), "silent pausedHears pausedMore");
  assert.equal(short(now("silent", { ...paused, connected: false })), "unknown hearsUnknown");
});

void test("lost: nothing is claimed", () => {
  for (const mode of ["silent", "whisper", "barge"] as const) {
    assert.equal(short(now(mode, { connected: false })), "unknown hearsUnknown");
    assert.equal(short(now(mode, { pbxUp: false })), "unknown hearsUnknownPbx");
  }
});

void test("a microphone that is not on the line is heard by nobody, and can be asked for again", () => {
  const without = (microphone: Voice["microphone"]) => short(now("whisper", { voice: { ...headset, open: false, microphone } }));
  assert.equal(without("refused"), "warning micRefused micRefusedMore microphone");
  assert.equal(without("lost"), "warning micLost micLostMore microphone");
  assert.equal(without("unasked"), "warning micClosed microphone");
  assert.equal(without("asking"), "warning micAsking");
  assert.equal(short(now("whisper", { voice: { ...headset, heard: false } })), "whisper whisperHears micQuiet");
});

void test("what is listened to again by itself says so, until there is more to say", () => {
  assert.equal(short(now("silent", { voice: { ...headset, open: false, resumed: true } })), "silent silentHears silentAgain");
});

void test("blocked sound is one click away", () => {
  assert.equal(short(now("silent", { voice: { ...headset, open: false, blocked: true } })), "warning soundBlocked hear");
});

void test("silence that is asked for and not confirmed", () => {
  const hushed = (unconfirmed: boolean) => talk("barge", { hushed: true, unconfirmed });
  assert.equal(short(now("barge", { talk: hushed(false) })), "barge bargeHears waiting");
  assert.equal(short(now("barge", { talk: hushed(true) })), "warning silenceUnconfirmed silence");
  const cut = { ...headset, open: false };
  assert.equal(short(now("barge", { talk: hushed(true), voice: cut })), "warning silenceUnconfirmedHere silence");
});

void test("on hold, and where Asterisk can't deliver it", () => {
  const inaudible = (mode: Mode, state: Call["state"]) =>
    short(now(mode, { monitor: monitor({ mode, audible: false }), call: call({ state }) }));
  assert.equal(inaudible("whisper", "held"), "whisper mayNotBeHeardHeld");
  assert.equal(inaudible("whisper", "active"), "whisper mayNotBeHeard");
  assert.equal(inaudible("silent", "held"), "silent silentHears heldSilent");
  assert.equal(inaudible("silent", "active"), "silent silentHears mayNotHear");
});

void test("random: that somebody hears me is said only of a confirmed talk with an open microphone, and then it is", () => {
  const mode = fc.constantFrom<Mode>("silent", "whisper", "barge");
  const voice = fc.record({
    browser: fc.boolean(),
    microphone: fc.constantFrom<Voice["microphone"]>("unasked", "asking", "granted", "refused", "missing", "lost", "muted"),
    open: fc.boolean(),
    heard: fc.boolean(),
    blocked: fc.boolean(),
    resumed: fc.boolean(),
  });
  const situation = fc.record({
    mode,
    voice,
    connected: fc.boolean(),
    pbxUp: fc.boolean(),
    state: fc.constantFrom<Monitor["state"]>("connecting", "live"),
    audible: fc.boolean(),
    held: fc.boolean(),
    hushed: fc.boolean(),
    unconfirmed: fc.boolean(),
    asked: fc.array(mode.map((wished, place = 1) => ({ request: place, mode: wished })), { maxLength: 1 }),
  });
  fc.assert(
    fc.property(situation, ({ mode, voice, connected, pbxUp, state, audible, held, ...rest }) => {
      const { text, tone } = hears({
        connected,
        pbxUp,
        monitor: monitor({ mode, state, audible }),
        call: call({ state: held ? "held" : "active" }),
        talk: talk(mode, rest),
        voice,
      });
      const claims = text === "whisperHears" || text === "bargeHears";
      const open = !voice.browser || (voice.open && voice.microphone === "granted" && !rest.hushed);
      if (claims) assert.ok(connected && pbxUp && state === "live" && mode !== "silent" && audible && open, text);
      if (text === "silentHears") assert.ok(connected && pbxUp && state === "live" && mode === "silent");
      // Somebody may hear me: the page must not look like silence.
      if (connected && pbxUp && state === "live" && mode !== "silent" && open && audible) assert.notEqual(tone, "silent");
    }),
    { numRuns: 5000 },
  );
});
