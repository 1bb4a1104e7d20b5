// Rules of consent as they are edited.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bodyOf, draftOf, fieldsOf, isEvery } from "../src/core/consent.ts";

const rule = fc.record({
  queue: fc.option(fc.constantFrom("sales", "support")),
  team_id: fc.option(fc.constantFrom("t1", "t2")),
  direction: fc.option(fc.constantFrom("inbound" as const, "outbound" as const, "internal" as const)),
  sound: fc.constantFrom("none" as const, "announcement" as const, "beep" as const),
  to: fc.constantFrom("agent" as const, "both" as const),
  every_seconds: fc.option(fc.integer({ min: 5, max: 120 })),
});

void test("what was read and not changed is sent as it was", () => {
  fc.assert(
    fc.property(fc.array(rule), (rules) => {
      const sent = bodyOf(rules.map((one) => draftOf(one, "")));
      assert.equal(sent.length, rules.length);
      for (const [place, one] of rules.entries()) {
        const { queue, team_id, direction, sound, to, every_seconds } = sent[place]!;
        assert.deepEqual([queue ?? null, team_id ?? null, direction ?? null, sound], [one.queue, one.team_id, one.direction, one.sound]);
        assert.equal(to, sound === "beep" ? one.to : "both");
        assert.equal(every_seconds, sound === "beep" ? (one.every_seconds ?? 15) : undefined);
      }
    }),
  );
});

void test("a new rule beeps in all calls", () => {
  assert.deepEqual(bodyOf([draftOf(null, "")]), [{ sound: "beep", to: "both", every_seconds: 15 }]);
});

void test("how often is looked at for beeps only", () => {
  const draft = draftOf(null, "");
  for (const [every, good] of [["5", true], ["120", true], ["4", false], ["121", false], ["", false], ["1.5", false], ["x", false]] as const) {
    assert.equal(isEvery({ ...draft, every }), good, every);
    assert.equal(isEvery({ ...draft, every, sound: "none" }), true);
  }
});

void test("errors are found at their fields", () => {
  assert.ok(fieldsOf(2).includes("rules.1.every_seconds"));
  assert.equal(fieldsOf(0).length, 0);
});
