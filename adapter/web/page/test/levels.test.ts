// What the meters show, and when they say that nothing is heard.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bars, History, loudness } from "../src/core/levels.ts";

const tone = (amplitude: number) => Float32Array.from({ length: 1024 }, (_, place) => amplitude * Math.sin(place / 5));

void test("a microphone that is switched off is silence, the quietest that works is not", () => {
  assert.equal(loudness(new Float32Array(1024)), 0);
  assert.equal(loudness(tone(0.0005)), 0); // noise of a cable
  assert.ok(loudness(tone(0.003)) > 0);
  assert.ok(loudness(tone(0.1)) < loudness(tone(0.2)));
  assert.equal(loudness(tone(1)), 1);
});

void test("the history keeps as many values as it has places, oldest first", () => {
  const history = new History(3);
  assert.deepEqual(history.values, [0, 0, 0]);
  for (const value of [0.1, 0.2, 0.3, 0.4]) history.push(value);
  assert.deepEqual(history.values, [0.2, 0.3, 0.4]);
  history.clear();
  assert.deepEqual(history.values, [0, 0, 0]);
});

void test("bars stand around the middle, and silence is a dot", () => {
  assert.equal(bars([0, 1], 20, 24), "M5 11.5V12.5M15 2V22");
});
