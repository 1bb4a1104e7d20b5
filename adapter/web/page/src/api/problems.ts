// What a person is told when something that they asked for didn't work: one way for all parts of the page.

import { wordOf } from "../core/audit";
import type { FieldError } from "../schema";
import { language, say, words } from "../words";
import { Refused } from "./ask";

/** The server's own words where they are in the person's language, else those for its code; or that it can't be reached. */
export function told(problem: unknown): string {
  if (!(problem instanceof Refused)) console.error(problem); // a fault of the page's: not to be lost behind plain words
  if (!(problem instanceof Refused) || !problem.message) return words.unreachable;
  const [first] = problem.errors;
  if (first && problem.errors.length === 1) return wrong(first);
  const own = language() === "en" ? undefined : wordOf(words, `problem_${problem.code}`);
  return own ?? problem.message;
}

/** What is wrong with one field, by its stable type. */
export function wrong({ type, message, limit }: FieldError): string {
  return say(wordOf(words, `error_${type}`) ?? message, { limit: String(limit ?? "") });
}

/** What is wrong with which of a form's fields; `rest` is what belongs to none of them. */
export function atFields(problem: unknown, names: readonly string[]): { fields: Record<string, string>; rest: string } {
  const fields: Record<string, string> = {};
  if (!(problem instanceof Refused) || problem.errors.length === 0) return { fields, rest: told(problem) };
  const others: string[] = [];
  for (const error of problem.errors) {
    // `devices.1` is at devices, unless it has a field of its own
    const name = names.includes(error.field) ? error.field : error.field.split(".", 1)[0]!;
    if (names.includes(name)) fields[name] ??= wrong(error);
    else others.push(wrong(error));
  }
  return { fields, rest: others.join(" ") };
}

/** Do it, and say what went wrong. Whether it worked. */
export async function attempt(work: () => Promise<unknown>, say: (text: string) => void): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (problem) {
    say(told(problem));
    return false;
  }
}
