// The report's pure part: days as the API wants them, durations, and bars that add up.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dayOf, duration, lately, nameOf, queryOf, widths } from "../src/core/report.ts";
import type { ReportRow } from "../src/schema.ts";
import { en } from "../src/words/en.ts";

const row = (silent: number, whisper: number, barge: number, more: Partial<ReportRow> = {}): ReportRow => ({
  id: "a", name: "Sam", calls: 1, monitors: 1, takeovers: 0, help_requests: 0, median_seconds_to_help: null, notes: 0, unsure_seconds: 0,
  silent_seconds: silent, whisper_seconds: whisper, barge_seconds: barge, ...more,
});

void test("the last thirty days, both ends included, where the person is", () => {
  const now = new Date(2026, 2, 1, 23, 30);
  const wish = lately(now);
  assert.deepEqual(wish, { from: "2026-01-31", to: "2026-03-01", by: "agent" });
  const query = queryOf(wish);
  assert.equal(new Date(query.get("since")!).getTime(), new Date(2026, 0, 31).getTime());
  assert.equal(new Date(query.get("until")!).getTime(), new Date(2026, 2, 2).getTime());
  assert.equal(queryOf({ from: "", to: "", by: "week" }).toString(), "by=week");
  assert.equal(dayOf(now), "2026-03-01");
});

void test("durations to the second", () => {
  assert.deepEqual([0, 45, 59.6, 725, 3723].map(duration), ["0:00", "0:45", "1:00", "12:05", "1:02:03"]);
});

void test("bars are as long as their time, the longest is all of it", () => {
  const seconds = fc.integer({ min: 0, max: 100_000 });
  fc.assert(
    fc.property(fc.array(fc.tuple(seconds, seconds, seconds), { minLength: 1, maxLength: 8 }), (times) => {
      const wide = widths(times.map((one) => row(...one))).map(({ silent, whisper, barge }) => silent + whisper + barge);
      const sums = times.map((one) => one.reduce((sum, part) => sum + part));
      const most = Math.max(...sums);
      wide.forEach((width, place) => assert.ok(Math.abs(width - (most ? (sums[place]! / most) * 100 : 0)) < 1e-9));
    }),
  );
});

void test("what concerns nobody has words, weeks are read", () => {
  assert.equal(nameOf(row(1, 0, 0), "agent", en), "Sam");
  assert.equal(nameOf(row(1, 0, 0, { id: null, name: "" }), "supervisor", en), "Nobody came");
  assert.equal(nameOf(row(1, 0, 0, { id: "2026-W05", name: "2026-W05" }), "week", en), "Week 5, 2026");
});
