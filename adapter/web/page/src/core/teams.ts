// Teams: which calls are of my team, and a team while it is edited. Pure.

import type { Call, Team, TeamBody, TeamPatch, User } from "../schema";
import { isLimit, LIMIT_NAMES, OF_TEAM, type Limits } from "./limits.ts";
import { queueOf } from "./rows.ts";

/** Whose calls, and which queues' calls, are my team's. */
export interface MyTeam {
  people: ReadonlySet<string>;
  /** In lower case: Asterisk looks queues up in any. */
  queues: ReadonlySet<string>;
}

export const NO_TEAM: MyTeam = { people: new Set(), queues: new Set() };

/** What the teams that I supervise have, all together. */
export function teamOf(teams: readonly Team[], me: User): MyTeam {
  const mine = teams.filter(({ supervisors }) => supervisors.includes(me.id));
  return {
    people: new Set(mine.flatMap(({ members }) => members)),
    queues: new Set(mine.flatMap(({ queues }) => queues.map((name) => name.toLowerCase()))),
  };
}

export function isMine({ people, queues }: MyTeam, call: Call): boolean {
  const { user_id } = call.agent;
  return (user_id !== null && people.has(user_id)) || queues.has(queueOf(call).toLowerCase());
}

/** What the editor's fields hold. */
export interface TeamDraft {
  name: string;
  members: readonly string[];
  supervisors: readonly string[];
  /** One per line. */
  queues: string;
  /** Seconds a day; empty: no bound. */
  pauses: string;
  /** As they were typed; empty: the usual one holds. */
  limits: LimitsDraft;
}

export type LimitsDraft = Readonly<Record<keyof Limits, string>>;

export function draftOf(team: Team | null): TeamDraft {
  return {
    name: team?.name ?? "",
    members: team?.members ?? [],
    supervisors: team?.supervisors ?? [],
    queues: (team?.queues ?? []).join("\n"),
    pauses: team?.shield_seconds?.toString() ?? "",
    limits: Object.fromEntries(LIMIT_NAMES.map((name) => [name, String(team?.limits[OF_TEAM[name]] ?? "")])) as LimitsDraft,
  };
}

/** Which of these limits are none. */
export function wrongLimits(draft: LimitsDraft): (keyof Limits)[] {
  return LIMIT_NAMES.filter((name) => draft[name].trim() !== "" && !isLimit(name, Number(draft[name])));
}

/** Those that are another than before, as the API takes them. */
function limitsOf(before: LimitsDraft, now: LimitsDraft): NonNullable<TeamPatch["limits"]> {
  const changed = LIMIT_NAMES.filter((name) => now[name].trim() !== before[name]);
  return Object.fromEntries(changed.map((name) => [OF_TEAM[name], now[name].trim() === "" ? null : Number(now[name])]));
}

const queuesOf = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** A new team as the API takes it. */
export function bodyOf({ name, members, supervisors, queues, pauses, limits }: TeamDraft): TeamBody {
  const set = limitsOf(draftOf(null).limits, limits);
  const shield_seconds = pauses.trim() === "" ? null : Number(pauses);
  const more = { queues: queuesOf(queues), shield_seconds, limits: set };
  return { name: name.trim(), members: [...members], supervisors: [...supervisors], ...more };
}

/** Only what differs from how the team was, so that nothing is overwritten that somebody else changed meanwhile. */
export function changesOf(team: Team, draft: TeamDraft): TeamPatch {
  const now = bodyOf(draft);
  const change: TeamPatch = {};
  if (now.name !== team.name) change.name = now.name;
  if (!same(draft.members, team.members)) change.members = [...draft.members];
  if (!same(draft.supervisors, team.supervisors)) change.supervisors = [...draft.supervisors];
  if (queuesOf(draft.queues).join("\n") !== team.queues.join("\n")) change.queues = queuesOf(draft.queues);
  if (now.shield_seconds !== team.shield_seconds) change.shield_seconds = now.shield_seconds ?? null;
  const limits = limitsOf(draftOf(team).limits, draft.limits);
  if (Object.keys(limits).length > 0) change.limits = limits;
  return change;
}

/** Whether anything was entered that leaving would lose. */
export function isChanged(team: Team | null, draft: TeamDraft): boolean {
  if (team) return Object.keys(changesOf(team, draft)).length > 0;
  return JSON.stringify(draft) !== JSON.stringify(draftOf(null));
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id) => other.includes(id));
}

/** Whether a team matches what was typed into the search: each word in its name, its queues or its people's names. */
export function foundTeam(team: Team, names: ReadonlyMap<string, string>, text: string): boolean {
  const people = [...team.members, ...team.supervisors].map((id) => names.get(id) ?? "");
  const where = [team.name, ...team.queues, ...people].join("\n").toLocaleLowerCase();
  return text.toLocaleLowerCase().split(/\s+/).every((word) => where.includes(word));
}
