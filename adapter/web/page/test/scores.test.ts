// Scores as they are filled in: what is sent, and when something would be lost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isWritten, scoresOf, withAnswer } from "../src/core/scores.ts";

void test("an answer replaces the one before; none, and empty words, take it away", () => {
  const one = withAnswer({ a: 1 }, "b", false);
  assert.deepEqual(one, { a: 1, b: false });
  assert.deepEqual(withAnswer(one, "a", 5), { b: false, a: 5 });
  assert.deepEqual(withAnswer(withAnswer(one, "a", null), "b", ""), {});
});

void test("blanks are no answer", () => {
  assert.deepEqual(scoresOf(3, { a: " x ", b: "  ", c: false }), { form_version: 3, answers: { a: "x", c: false } });
  assert.equal(scoresOf(3, { b: "  " }), undefined);
  assert.equal(isWritten({ text: " ", answers: { b: " " } }), false);
  assert.equal(isWritten({ text: "", answers: { b: 0 } }), true);
});
