// Rules of consent as they are edited. Pure.

import type { Consent, ConsentBody } from "../schema";

type Rule = Consent["rules"][number];

/** A rule as it is typed: an empty condition is none. */
export interface RuleDraft {
  key: string;
  queue: string;
  team: string;
  direction: "" | NonNullable<Rule["direction"]>;
  sound: Rule["sound"];
  to: Rule["to"];
  every: string;
}

const USUALLY = "15";
const FIELDS = ["queue", "team_id", "direction", "sound", "to", "every_seconds"];

export function draftOf(rule: Rule | null, key: string): RuleDraft {
  if (rule === null) return { key, queue: "", team: "", direction: "", sound: "beep", to: "both", every: USUALLY };
  const { queue, team_id, direction, sound, to, every_seconds } = rule;
  return { key, queue: queue ?? "", team: team_id ?? "", direction: direction ?? "", sound, to, every: String(every_seconds ?? USUALLY) };
}

/** What is sent: who hears it, and how often, of beeps only. */
export function bodyOf(drafts: readonly RuleDraft[]): ConsentBody["rules"] {
  return drafts.map(({ queue, team, direction, sound, to, every }) => ({
    ...(queue.trim() && { queue: queue.trim() }),
    ...(team && { team_id: team }),
    ...(direction && { direction }),
    sound,
    ...(sound === "beep" ? { to, every_seconds: Number(every) } : { to: "both" as const }),
  }));
}

/** Whether its seconds are what a rule may have. */
export const isEvery = ({ sound, every }: RuleDraft): boolean => sound !== "beep" || (/^\s*\d+\s*$/.test(every) && Number(every) >= 5 && Number(every) <= 120);

/** The fields of so many rules, as the server calls them. */
export const fieldsOf = (rules: number): string[] => Array.from({ length: rules }, (_, place) => FIELDS.map((field) => `rules.${place}.${field}`)).flat();
