// Scores as they are filled in and sent. Pure.

import type { ScoreFormAnswer } from "../schema";

export type Value = number | boolean | string;
export type Answers = Readonly<Record<string, Value>>;
export type Question = ScoreFormAnswer["questions"][number];
export const POINTS = [1, 2, 3, 4, 5] as const;

/** The answers with another one; null takes it away, and so do empty words. */
export function withAnswer(answers: Answers, id: string, value: Value | null): Answers {
  const rest = Object.entries(answers).filter(([other]) => other !== id);
  return Object.fromEntries(value === null || value === "" ? rest : [...rest, [id, value]]);
}

/** What the API takes, without answers of blanks only; undefined where nothing is answered. */
export function scoresOf(version: number, answers: Answers): { form_version: number; answers: Record<string, Value> } | undefined {
  const given = Object.entries(answers).flatMap(([id, value]): [string, Value][] => {
    const kept = typeof value === "string" ? value.trim() : value;
    return kept === "" ? [] : [[id, kept]];
  });
  return given.length > 0 ? { form_version: version, answers: Object.fromEntries(given) } : undefined;
}

/** Whether anything was written that would be lost. */
export function isWritten({ text, answers }: { text: string; answers: Answers }): boolean {
  return text.trim() !== "" || scoresOf(0, answers) !== undefined;
}
