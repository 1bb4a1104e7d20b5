// From when on a queue, or a call, is too long: the usual limits, those of teams, and a person's own in their browser. Pure.

import type { Team } from "../schema";

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
  /** The longest that neither side may say anything. */
  silence: number;
  /** The longest that both may talk at once. */
  together: number;
  /** The most of the talk that may be the agent's, in percent. */
  share: number;
  /** For so many days somebody is a new agent. */
  newAgent: number;
  /** An agent's request for help is told again after this time, and then to others than their team's supervisors too. */
  help: number;
}

/** Some of them: what is missing is somebody else's to say. */
export type SomeLimits = Partial<Limits>;

export const LIMITS: Limits = {
  waiting: 5, wait: 60, level: 80, held: 60, waited: 120, transferred: 1, ringing: 20, silence: 20, together: 10, share: 80, newAgent: 0,
  help: 60,
};
export const QUEUE_LIMITS = ["waiting", "wait", "level"] as const satisfies readonly (keyof Limits)[];
export const CALL_LIMITS = [
  "held", "waited", "transferred", "ringing", "silence", "together", "share", "newAgent", "help",
] as const satisfies readonly (keyof Limits)[];
export const LIMIT_NAMES = Object.keys(LIMITS) as (keyof Limits)[];
/** The largest that makes sense: a day, a year, and all. */
export const MOST: Limits = {
  waiting: 999, wait: 86400, level: 100, held: 86400, waited: 86400, transferred: 99, ringing: 86400, silence: 86400, together: 86400, share: 100,
  newAgent: 365, help: 86400,
};
/** What they are called in a team. */
export const OF_TEAM = {
  waiting: "waiting",
  wait: "longest_wait_seconds",
  level: "service_level_percent",
  held: "held_seconds",
  waited: "waited_seconds",
  transferred: "transferred",
  ringing: "ringing_seconds",
  silence: "silence_seconds",
  together: "together_seconds",
  share: "agent_share_percent",
  newAgent: "new_agent_days",
  help: "help_seconds",
} as const satisfies Record<keyof Limits, keyof Team["limits"]>;

export function isLimit(name: keyof Limits, value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST[name];
}

/** What this browser kept, as far as it is usable. Older pages kept all limits at once: those that differ were meant. */
export function ownLimits(kept: unknown): SomeLimits {
  if (typeof kept !== "object" || kept === null) return {};
  const { own } = kept as Record<string, unknown>;
  const given = (own ?? kept) as Record<string, unknown>;
  const found: SomeLimits = {};
  for (const name of LIMIT_NAMES) {
    const value = given[name];
    if (isLimit(name, value) && (own !== undefined || value !== LIMITS[name])) found[name] = value;
  }
  return found;
}

/** The strictest that any of these teams sets; 0 only where no other sets more. */
export function strictest(teams: readonly Pick<Team, "limits">[]): SomeLimits {
  const found: SomeLimits = {};
  for (const name of LIMIT_NAMES) {
    const set = teams.flatMap(({ limits }) => limits[OF_TEAM[name]] ?? []);
    const looked = set.filter((value) => value > 0);
    if (set.length > 0) found[name] = looked.length === 0 ? 0 : name === "level" ? Math.max(...looked) : Math.min(...looked);
  }
  return found;
}

/** What holds for a call or a queue of these teams: their own word first, then the teams', then what is usual. */
export function limitsOf(teams: readonly Pick<Team, "limits">[], own: SomeLimits): Limits {
  return { ...LIMITS, ...strictest(teams), ...own };
}

type Whose = Pick<Team, "id" | "members" | "queues" | "limits">;

/** Limits by whose call or queue it is. */
export class LimitsBook {
  readonly own: SomeLimits;
  private readonly teams: readonly Whose[];
  private readonly known = new Map<string, Limits>();

  constructor(teams: readonly Whose[], own: SomeLimits) {
    this.teams = teams;
    this.own = own;
  }

  /** Of a call, by its agent's account and its queue. */
  ofCall(agent: string | null, queue: string | null): Limits {
    return this.of(({ members, queues }) => (agent !== null && members.includes(agent)) || (queue !== null && has(queues, queue)));
  }

  ofQueue(name: string): Limits {
    return this.of(({ queues }) => has(queues, name));
  }

  private of(isOne: (team: Whose) => boolean): Limits {
    const teams = this.teams.filter(isOne);
    const key = teams.map(({ id }) => id).join();
    let found = this.known.get(key);
    if (!found) this.known.set(key, (found = limitsOf(teams, this.own)));
    return found;
  }
}

/** What is usual, whatever teams say: for who knows no teams. */
export const USUAL = new LimitsBook([], {});

/** Asterisk looks queues up in any case. */
function has(queues: readonly string[], name: string): boolean {
  return queues.some((one) => one.toLowerCase() === name.toLowerCase());
}
