// Notes as they are read: the second of the call, and where they stand in its time line. Pure.

import type { NoteAnswer, TimelineEntry } from "../schema";

/** `1:05` of a call, `1:00:05` after an hour. */
export function second(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export type Line = { at: string; entry: TimelineEntry; note: null } | { at: string; entry: null; note: NoteAnswer };

/** What happened and what was written, oldest first; of the same moment what happened comes first. */
export function withNotes(entries: readonly TimelineEntry[], notes: readonly NoteAnswer[]): Line[] {
  const lines: Line[] = [
    ...entries.map((entry) => ({ at: entry.at, entry, note: null })),
    ...notes.map((note) => ({ at: note.at, entry: null, note })),
  ];
  return lines.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
}
