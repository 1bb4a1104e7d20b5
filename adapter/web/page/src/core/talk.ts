// Who may hear me, and what a press does: the rules of the three buttons. Pure: no request, no clock, no microphone.
//
// From a press until Asterisk has confirmed it and REST_MS have passed, no press that talks is taken: no double click,
// double tap or key repeat reaches a second mode. Silence is never locked, and what was asked before it can't undo it.

import type { Mode } from "../schema";

/** How long the group rests after a confirmation, in milliseconds: longer than a double click takes (500 ms by default,
 * GetDoubleClickTime of Windows; GTK and macOS have less). */
export const REST_MS = 600;
/** For so long after the last answer a confirmation may still be that of an earlier request, in milliseconds. */
export const LATE_MS = 2000;

export interface Talk {
  /** My live monitor; null: none. */
  readonly monitor: string | null;
  /** What Asterisk confirmed of it last. */
  readonly mode: Mode;
  /** What was asked and has no answer yet, in the order of asking. */
  readonly asked: readonly Asked[];
  /** Before this time (milliseconds of the caller's clock) no press that talks is taken. */
  readonly restsUntil: number;
  /** Silence was pressed after all else: my microphone stays closed, whatever is confirmed late. */
  readonly hushed: boolean;
  /** From then on a talk that is confirmed is somebody's new wish (the CRM's, another page's), not a late one of mine. */
  readonly hushedUntil: number;
  /** Silence was asked for, and Asterisk did not confirm it. */
  readonly unconfirmed: boolean;
  readonly next: number;
}

export interface Asked {
  readonly request: number;
  readonly mode: Mode;
}

/** What is to be asked of Asterisk. */
export interface Request extends Asked {
  readonly monitor: string;
}

export type Happening =
  /** A press: a click, a key, a tap. `repeated`: by a key that is held down, or the second one of a double click. */
  | { kind: "press"; mode: Mode; repeated: boolean; at: number }
  /** What Asterisk says of my live monitor now. */
  | { kind: "confirmed"; monitor: string | null; mode: Mode; at: number }
  /** The answer to a request. */
  | { kind: "answered"; request: number; ok: boolean; at: number };

export const QUIET: Talk = {
  monitor: null,
  mode: "silent",
  asked: [],
  restsUntil: 0,
  hushed: false,
  hushedUntil: 0,
  unconfirmed: false,
  next: 1,
};

/** Whether a press for this mode would be taken now. */
export function takes(talk: Talk, mode: Mode, at: number): boolean {
  if (talk.monitor === null) return false;
  if (mode === "silent") return talk.mode !== "silent" || (!talk.hushed && talk.asked.some(talks));
  return (talk.mode !== mode || talk.hushed) && talk.asked.length === 0 && at >= talk.restsUntil;
}

/** Whether my microphone belongs on the line now. */
export function opens(talk: Talk): boolean {
  return talk.monitor !== null && talk.mode !== "silent" && !talk.hushed;
}

/** Whether a request that took its time (the browser asked for the microphone) may still be sent. */
export function wanted(talk: Talk, { request, mode }: Asked): boolean {
  return talk.asked.some((one) => one.request === request) && (mode === "silent" || !talk.hushed);
}

/** The mode that is waited for; null: nothing is. */
export function waitsFor(talk: Talk): Mode | null {
  return talk.asked.at(-1)?.mode ?? null;
}

/** What comes after this, and what is to be asked of Asterisk. */
export function after(talk: Talk, happening: Happening): [Talk, Request[]] {
  switch (happening.kind) {
    case "press":
      return pressed(talk, happening.mode, happening.repeated, happening.at);
    case "confirmed":
      return confirmed(talk, happening.monitor, happening.mode, happening.at);
    case "answered":
      return answered(talk, happening.request, happening.ok, happening.at);
  }
}

function pressed(talk: Talk, mode: Mode, repeated: boolean, at: number): [Talk, Request[]] {
  const hushed = mode === "silent";
  if (takes(talk, mode, at) && (hushed || !repeated)) {
    return ask({ ...talk, hushed, hushedUntil: Infinity, unconfirmed: false, restsUntil: at + REST_MS }, mode);
  }
  // It is silent: then what was asked before and got no answer in time must not open the microphone later.
  return [hushed && talk.asked.length === 0 ? { ...talk, hushed, hushedUntil: at + LATE_MS } : talk, []];
}

function confirmed(talk: Talk, monitor: string | null, mode: Mode, at: number): [Talk, Request[]] {
  if (monitor !== talk.monitor) return [{ ...QUIET, monitor, mode, next: talk.next }, []];
  const changed = mode !== talk.mode;
  const now = changed ? { ...talk, mode, restsUntil: at + REST_MS } : talk;
  if (mode === "silent") return [{ ...now, unconfirmed: false }, []];
  if (!now.hushed || now.asked.length > 0) return [now, []];
  if (changed && !now.unconfirmed && at >= now.hushedUntil) return [{ ...now, hushed: false }, []];
  return ask(now, "silent"); // a late confirmation, or a stream that came back: silence is what was asked for last
}

function answered(talk: Talk, request: number, ok: boolean, at: number): [Talk, Request[]] {
  const mine = talk.asked.find((one) => one.request === request);
  if (!mine) return [talk, []];
  const now = { ...talk, asked: talk.asked.filter((one) => one !== mine), restsUntil: at + REST_MS };
  if (!now.hushed || now.asked.length > 0) return [now, []];
  if (talks(mine) && ok) return ask(now, "silent"); // requests overtake each other: this one may have undone the silence
  const late = { ...now, hushedUntil: at + LATE_MS };
  return [talks(mine) || ok ? late : { ...late, unconfirmed: now.mode !== "silent" }, []];
}

function ask(talk: Talk, mode: Mode): [Talk, Request[]] {
  const asked = { request: talk.next, mode };
  return [{ ...talk, asked: [...talk.asked, asked], next: talk.next + 1 }, [{ ...asked, monitor: talk.monitor! }]];
}

function talks({ mode }: Asked): boolean {
  return mode !== "silent";
}
