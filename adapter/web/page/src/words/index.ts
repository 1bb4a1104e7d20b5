// The language in use, and its words. A further language is one file, and its two lines here.

import { de } from "./de";
import { en, type Words } from "./en";

export { say } from "./say";

export const LANGUAGES = { en: "English", de: "Deutsch" };
export type Language = keyof typeof LANGUAGES;

const all: Record<Language, Words> = { en, de };

/** The language in use: what the person chose, else what the browser prefers, else English. */
export function language(): Language {
  const chosen = localStorage.getItem("language") ?? navigator.language.slice(0, 2);
  return chosen in all ? (chosen as Language) : "en";
}

export const words: Words = all[language()];
