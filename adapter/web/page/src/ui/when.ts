// Times as people read them.

import { language } from "../words";

/** A time in the person's own language and zone, to the second. */
export function when(time: string | null): string {
  return time ? new Date(time).toLocaleString(language(), { dateStyle: "short", timeStyle: "medium" }) : "";
}

/** The time of day of a moment of today. */
export function timeOf(time: string): string {
  return new Date(time).toLocaleTimeString(language(), { timeStyle: "medium" });
}
