// The language in use, and its words. A further language is one file, and its two lines here.

import { de } from "./de";
import { en, type Words } from "./en";
import { stored } from "../ui/storage";
import { say } from "./say";

export { say };

export const LANGUAGES = { en: "English", de: "Deutsch" };
export type Language = keyof typeof LANGUAGES;

const all: Record<Language, Words> = { en, de };

/** The language in use: what the person chose, else what the browser prefers, else English. */
export function language(): Language {
  const chosen = stored("language") ?? navigator.language.slice(0, 2);
  return chosen in all ? (chosen as Language) : "en";
}

export const words: Words = all[language()];

/** How many there are, in words: the one sentence for one, the other, with its {count}, for none or more. */
export function count(many: number, one: string, other: string): string {
  return many === 1 ? one : say(other, { count: many.toLocaleString(language()) });
}
