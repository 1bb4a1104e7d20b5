// From when on a queue, or a call, is too long. Kept by the browser. Pure.

/** In seconds, but for what is counted; 0: it is not looked at. */
export interface Limits {
  /** So many callers may wait in a queue. */
  waiting: number;
  /** The longest that somebody may wait in a queue. */
  wait: number;
  /** The least service level, in percent. */
  level: number;
  /** The longest that a call may be on hold. */
  held: number;
  /** The longest that a customer may have waited before they were answered. */
  waited: number;
  /** So often a conversation may go from one person to another. */
  transferred: number;
  /** The longest that a call may ring. */
  ringing: number;
  /** An agent's request for help is told again after this time, and then to others than their team's supervisors too. */
  help: number;
}

export const LIMITS: Limits = { waiting: 5, wait: 60, level: 80, held: 60, waited: 120, transferred: 1, ringing: 20, help: 60 };
export const QUEUE_LIMITS = ["waiting", "wait", "level"] as const satisfies readonly (keyof Limits)[];
export const CALL_LIMITS = ["held", "waited", "transferred", "ringing", "help"] as const satisfies readonly (keyof Limits)[];
/** The largest that makes sense: a day, and all. */
export const MOST: Limits = { waiting: 999, wait: 86400, level: 100, held: 86400, waited: 86400, transferred: 99, ringing: 86400, help: 86400 };

/** What was kept, as far as it is usable; the usual limits for the rest. */
export function limitsOf(kept: unknown): Limits {
  const found = { ...LIMITS };
  if (typeof kept !== "object" || kept === null) return found;
  for (const name of Object.keys(LIMITS) as (keyof Limits)[]) {
    const value = (kept as Record<string, unknown>)[name];
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST[name]) found[name] = value;
  }
  return found;
}
