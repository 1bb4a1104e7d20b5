// Limits: the usual ones, the strictest of teams, and one's own; what was kept by whatever page.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LIMIT_NAMES, LIMITS, LimitsBook, limitsOf, MOST, OF_TEAM, ownLimits, strictest } from "../src/core/limits.ts";
import type { Team } from "../src/schema.ts";
import { NO_LIMITS } from "./calls.ts";

const team = (id: string, members: string[], queues: string[], limits: Partial<Team["limits"]>) => ({ id, members, queues, limits: { ...NO_LIMITS, ...limits } });

void test("every limit has its name in a team", () => {
  assert.deepEqual(Object.values(OF_TEAM).sort(), Object.keys(NO_LIMITS).sort());
});

void test("own limits that were kept are used as far as they make sense", () => {
  assert.deepEqual(ownLimits({ own: { wait: 30, waiting: -1, level: 101, held: "60", ringing: 1.5, nonsense: 1, share: 80 } }), { wait: 30, share: 80 });
  for (const kept of [null, undefined, "x", 5, [], {}, { own: null }, { own: 3 }]) assert.deepEqual(ownLimits(kept), {});
  assert.deepEqual(ownLimits({ ...LIMITS, wait: 30 }), { wait: 30 }, "an older page kept all of them: those that differ were meant");
  fc.assert(
    fc.property(fc.anything(), (kept) => {
      for (const [name, value] of Object.entries(ownLimits(kept))) assert.ok(value >= 0 && value <= MOST[name as keyof typeof MOST]);
    }),
  );
});

void test("the strictest of several teams, and one's own before them all", () => {
  const teams = [team("a", [], [], { held_seconds: 30, service_level_percent: 70, transferred: 0 }), team("b", [], [], { held_seconds: 20, service_level_percent: 90, transferred: 2 })];
  assert.deepEqual(strictest(teams), { held: 20, level: 90, transferred: 2 });
  assert.deepEqual(strictest([team("a", [], [], { ringing_seconds: 0 })]), { ringing: 0 });
  assert.deepEqual(strictest([]), {});
  assert.deepEqual(limitsOf(teams, { held: 99 }), { ...LIMITS, held: 99, level: 90, transferred: 2 });
});

void test("by whose call or queue it is", () => {
  const book = new LimitsBook([team("a", ["sam"], ["Sales"], { held_seconds: 30 }), team("b", ["sam"], ["Help"], { held_seconds: 20 })], { share: 50 });
  const held = (agent: string | null, queue: string | null) => book.ofCall(agent, queue).held;
  assert.deepEqual([held("sam", null), held("ana", null), held("ana", "SALES"), held(null, "help"), held(null, null)], [20, 60, 30, 20, 60]);
  assert.deepEqual([book.ofQueue("sales").held, book.ofQueue("other").held, book.ofQueue("other").share], [30, 60, 50]);
  assert.equal(book.ofCall("ana", null), book.ofQueue("other"), "reckoned once");
});

void test("random teams: what holds is never laxer than any of them says, and always possible", () => {
  const some = fc.dictionary(fc.constantFrom(...Object.values(OF_TEAM)), fc.option(fc.nat(100)), { noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(some, { maxLength: 4 }), (all) => {
      const teams = all.map((limits, place) => team(String(place), [], [], limits));
      const found = limitsOf(teams, {});
      for (const name of LIMIT_NAMES) {
        const set = teams.flatMap(({ limits }) => limits[OF_TEAM[name]] ?? []).filter((value) => value > 0);
        for (const value of set) assert.ok(name === "level" ? found[name] >= value : found[name] <= value && found[name] > 0);
      }
    }),
  );
});
