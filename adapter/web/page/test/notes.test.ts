// Notes as they are read.

import assert from "node:assert/strict";
import test from "node:test";
import { second, withNotes } from "../src/core/notes.ts";
import type { NoteAnswer, TimelineEntry } from "../src/schema.ts";

const note = (at: string) => ({ id: at, at }) as NoteAnswer;
const entry = (at: string) => ({ at, kind: "rang", name: null }) as TimelineEntry;

void test("the second of the call", () => {
  assert.deepEqual([0, 5, 65, 599, 3605].map(second), ["0:00", "0:05", "1:05", "9:59", "1:00:05"]);
});

void test("notes stand where they were written", () => {
  const lines = withNotes([entry("1"), entry("3")], [note("2"), note("3"), note("0")]);
  assert.deepEqual(lines.map((line) => line.at + (line.note ? "n" : "")), ["0n", "1", "2n", "3", "3n"]);
});
