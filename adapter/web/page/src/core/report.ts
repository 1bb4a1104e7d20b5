// The report as it is read: which days, how long in words, and how wide each part of a picture is. Pure.

import type { CoachingReport, ReportRow } from "../schema";
import type { Words } from "../words/en";
import { say } from "../words/say.ts";

export const MODES = ["silent", "whisper", "barge"] as const;
export type Mode = (typeof MODES)[number];
export const GROUPINGS = ["agent", "supervisor", "team", "week"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** What is asked for: whole days, here, where the person is; empty for no bound. */
export interface Wish {
  from: string;
  to: string;
  by: Grouping;
}

/** The day as a field of type date has it. */
export function dayOf(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The last thirty days, until today. */
export function lately(now: Date): Wish {
  return { from: dayOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() - 29)), to: dayOf(now), by: "agent" };
}

/** The wish as the API's query: until the end of the last day. */
export function queryOf({ from, to, by }: Wish): URLSearchParams {
  const query = new URLSearchParams({ by });
  const day = (name: string, value: string, after: number) => {
    if (!value) return;
    const time = new Date(`${value}T00:00:00`);
    time.setDate(time.getDate() + after);
    query.set(name, time.toISOString());
  };
  day("since", from, 0);
  day("until", to, 1);
  return query;
}

/** `0:45`, `12:05`, `1:02:03`, to the second. */
export function duration(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** How long in each mode. */
export function timeIn(row: Pick<ReportRow, `${Mode}_seconds`>, mode: Mode): number {
  return row[`${mode}_seconds`];
}

const all = (row: ReportRow) => MODES.reduce((sum, mode) => sum + timeIn(row, mode), 0);

/** For each row the width of each mode's part, in percent of the row with the most time. */
export function widths(rows: readonly ReportRow[]): Record<Mode, number>[] {
  const most = Math.max(0, ...rows.map(all));
  const part = (seconds: number) => (most > 0 ? (seconds / most) * 100 : 0);
  return rows.map((row) => ({ silent: part(row.silent_seconds), whisper: part(row.whisper_seconds), barge: part(row.barge_seconds) }));
}

/** Whom or what a row is of, in words. */
export function nameOf(row: ReportRow, by: CoachingReport["by"], words: Words): string {
  if (row.id === null) return { agent: words.reportUnknown, supervisor: words.reportNobody, team: words.reportNoTeam, week: "" }[by];
  const [year, week] = row.id.split("-W");
  return by === "week" ? say(words.reportWeekOf, { week: String(Number(week)), year: year ?? "" }) : row.name;
}
