// What a person is told when something that they asked for didn't work: one way for all parts of the page.

import { Refused } from "./ask";
import { words } from "../words";

/** The server's own words, or that it can't be reached. */
export function told(problem: unknown): string {
  if (!(problem instanceof Refused)) console.error(problem); // a fault of the page's: not to be lost behind plain words
  return problem instanceof Refused && problem.message ? problem.message : words.unreachable;
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
