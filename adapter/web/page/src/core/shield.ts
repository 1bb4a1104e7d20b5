// Pausing monitoring: what is said of a call while nobody may hear it. Pure.

import type { Call, Monitor } from "../schema";

/** Until when monitoring of this call is paused, as ISO 8601; null: it is not. */
export function pausedUntil(call: Call | undefined): string | null {
  return call?.shielded_until ?? null;
}

/** Whether this monitor hears nothing and is heard by nobody because of that. */
export function isPaused(monitor: Monitor, call: Call | undefined): boolean {
  return monitor.shielded || pausedUntil(call) !== null;
}
