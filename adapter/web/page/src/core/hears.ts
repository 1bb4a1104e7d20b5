// Who hears me, in one sentence, with one thing to do where something is wrong. Pure. The bar, the panel, the tab's title
// and its icon all say what this says.

import type { Call, Monitor } from "../schema";
import { opens, waitsFor, type Talk } from "./talk.ts";

/** What is known of my microphone and of my ears. */
export interface Voice {
  /** Whether this page is the phone of this monitor; of a desk phone, or of another page, it knows nothing. */
  readonly browser: boolean;
  readonly microphone: "unasked" | "asking" | "granted" | "refused" | "missing" | "lost" | "muted";
  /** Whether my microphone is on the line. */
  readonly open: boolean;
  /** Whether its level has shown anything lately. */
  readonly heard: boolean;
  /** Whether the browser holds the sound back until somebody clicks. */
  readonly blocked: boolean;
  /** Whether this call is listened to again by itself. */
  readonly resumed: boolean;
}

export type Tone = "silent" | "whisper" | "barge" | "unknown" | "warning";
export type Act = "hear" | "microphone" | "silence";

/** Keys of words: `text` is the sentence, `more` what follows it; `act` is the one thing to do. */
export interface Hears {
  readonly tone: Tone;
  readonly text: Sentence;
  readonly more: More | null;
  readonly act: Act | null;
}

type Sentence =
  | "hearsUnknown" | "hearsUnknownPbx" | "connectingHere" | "connecting" | "silentHears" | "whisperHears" | "bargeHears"
  | "mayNotBeHeard" | "mayNotBeHeardHeld" | "micRefused" | "micMissing" | "micLost" | "micMuted" | "micAsking" | "micClosed"
  | "pausedHears" | "silenceUnconfirmedHere" | "silenceUnconfirmed" | "soundBlocked";
type More =
  | "silentAgain" | "whisperMore" | "bargeAgentOnly" | "waiting" | "bridgeChanged" | "madeSafe" | "unrecorded" | "heldSilent" | "mayNotHear"
  | "pausedMore" | "micQuiet" | "whyMicrophone" | "micRefusedMore" | "micMissingMore" | "micLostMore";

/** How it stands. `monitor`: mine, connecting or live. */
export interface Situation {
  readonly connected: boolean;
  readonly pbxUp: boolean;
  readonly monitor: Monitor;
  readonly call: Call | undefined;
  readonly talk: Talk;
  readonly voice: Voice;
}

export function hears(now: Situation): Hears {
  if (!now.connected) return said("unknown", "hearsUnknown");
  if (!now.pbxUp) return said("unknown", "hearsUnknownPbx");
  if (now.monitor.state !== "live") return now.voice.browser ? connectingHere(now) : said("silent", "connecting");
  if (now.monitor.shielded) return said("silent", "pausedHears", "pausedMore");
  if (now.monitor.mode === "silent") return silent(now);
  return now.talk.hushed ? hushed(now) : talking(now);
}

function said(tone: Tone, text: Sentence, more: More | null = null, act: Act | null = null): Hears {
  return { tone, text, more, act };
}

function connectingHere({ voice }: Situation): Hears {
  return voice.blocked ? said("warning", "soundBlocked", null, "hear") : said("silent", "connectingHere");
}

const REASONS: Partial<Record<string, More>> = { bridge_changed: "bridgeChanged", made_safe: "madeSafe", unrecorded: "unrecorded" };

function silent({ monitor, call, talk, voice }: Situation): Hears {
  if (voice.browser && voice.blocked) return said("warning", "soundBlocked", null, "hear");
  if (waitsFor(talk) !== null) return said("silent", "silentHears", voice.microphone === "asking" ? "whyMicrophone" : "waiting");
  const why = REASONS[monitor.reason ?? ""] ?? (voice.resumed ? "silentAgain" : null);
  return said("silent", "silentHears", why ?? (monitor.audible ? null : call?.state === "held" ? "heldSilent" : "mayNotHear"));
}

/** Silence was pressed and is not confirmed. */
function hushed(now: Situation): Hears {
  const { talk, voice } = now;
  const asked = talk.unconfirmed ? null : "waiting";
  // A desk phone's microphone is not in the page's hand.
  if (!voice.browser) return talk.unconfirmed ? said("warning", "silenceUnconfirmed", null, "silence") : talking(now);
  return said("warning", "silenceUnconfirmedHere", asked, talk.unconfirmed ? "silence" : null);
}

function talkingNow({ monitor: { mode }, call }: Situation, more: More | null): Hears {
  if (mode !== "barge") return said("whisper", "whisperHears", more ?? "whisperMore");
  if (call && !call.barge_reaches_customer) return said("barge", "whisperHears", more ?? "bargeAgentOnly");
  return said("barge", "bargeHears", more);
}

const MICROPHONE: Partial<Record<Voice["microphone"], [Sentence, More | null]>> = {
  refused: ["micRefused", "micRefusedMore"],
  missing: ["micMissing", "micMissingMore"],
  lost: ["micLost", "micLostMore"],
  muted: ["micMuted", null],
  asking: ["micAsking", null],
};

function talking(now: Situation): Hears {
  const { monitor, call, talk, voice } = now;
  if (voice.browser && !(voice.open && opens(talk) && voice.microphone === "granted")) {
    const [text, more] = MICROPHONE[voice.microphone] ?? ["micClosed", null];
    return said("warning", text, more, ["asking", "muted"].includes(voice.microphone) ? null : "microphone");
  }
  if (voice.browser && voice.blocked) return said("warning", "soundBlocked", null, "hear");
  const mode = monitor.mode === "barge" ? "barge" : "whisper";
  if (!monitor.audible) return said(mode, call?.state === "held" ? "mayNotBeHeardHeld" : "mayNotBeHeard");
  if (waitsFor(talk) !== null || talk.hushed) return talkingNow(now, "waiting");
  return talkingNow(now, voice.browser && !voice.heard ? "micQuiet" : null);
}
