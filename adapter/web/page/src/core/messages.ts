// Messages between a supervisor and the agent whom they talk to: which belong to whom, and when none can be sent.

import type { MessageAnswer, Monitor } from "../schema";

export const LONGEST = 500;

/** Those of a monitor (for the agent, of a talk), oldest first. */
export function messagesOf(all: ReadonlyMap<string, MessageAnswer>, monitor: string): MessageAnswer[] {
  return [...all.values()].filter(({ monitor_id }) => monitor_id === monitor);
}

/** What was known and what is there now, oldest first: in silence the server tells of none. */
export function together(known: readonly MessageAnswer[], more: readonly MessageAnswer[]): MessageAnswer[] {
  const all = [...new Map([...known, ...more].map((one) => [one.id, one])).values()];
  return all.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

export type Hindrance = "unknown" | "paused" | "silent";

/** Why the supervisor can't send anything now: the agent must know of them, as far as Asterisk has confirmed it. */
export function hindrance(monitor: Monitor, known: boolean, paused: boolean): Hindrance | null {
  if (!known) return "unknown";
  if (paused) return "paused";
  return monitor.state === "live" && monitor.mode !== "silent" ? null : "silent";
}

/** What was tried last, and under which key. */
export interface Try {
  readonly text: string;
  readonly key: string;
}

/** The same text again is the same message: whether the first try was sent is not always known. */
export function nextTry(last: Try | null, text: string, fresh: () => string): Try {
  return last?.text === text ? last : { text, key: fresh() };
}
