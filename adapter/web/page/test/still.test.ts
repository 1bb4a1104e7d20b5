// What is held keeps its place; what is let go is where it belongs.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { arranged, EMPTY, type Still } from "../src/core/still.ts";

type Thing = string;
const own = (thing: Thing): string => thing[0]!;
const finder = (all: readonly Thing[]) => (key: string) => all.find((thing) => own(thing) === key);
const shown = (still: Still<Thing>): string => still.places.map(({ thing, over }) => (over ? thing.toUpperCase() : thing)).join(" ");
const now = (before: Still<Thing>, all: Thing[], held: boolean, wanted: Thing[] = all) => arranged(before, wanted, own, finder(all), held);

void test("held: all stay where they are, as they are now; what is gone keeps its place; what is new comes last", () => {
  const before = now(EMPTY, ["a1", "b1", "c1"], false);
  const after = now(before, ["d1", "c2", "a1"], true);
  assert.equal(shown(after), "a1 B1 c2 d1");
  assert.equal(after.moved, 4);
  assert.equal(shown(now(after, ["d1", "c2", "a1"], false)), "d1 c2 a1");
});

void test("what is no longer asked for stays while it is held, and comes back where it was", () => {
  const before = now(EMPTY, ["a1", "b1"], false);
  assert.equal(shown(now(before, ["a2", "b1"], true, ["b1"])), "a2 b1");
  const gone = now(before, ["b1"], true);
  assert.equal(shown(now(gone, ["b1", "a3"], true)), "a3 b1");
});

void test("random days: nothing held ever moves, everybody asked for is shown once, and what is shown is as it is", () => {
  const keys = fc.uniqueArray(fc.constantFrom(..."abcdefgh"), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(fc.tuple(keys, fc.boolean()), { maxLength: 20 }), (days) => {
      let still: Still<Thing> = EMPTY;
      days.forEach(([all, held], day) => {
        const things = all.map((key) => key + day);
        const before = still;
        still = now(before, things, held);
        if (held) before.places.forEach(({ key }, place) => assert.equal(still.places[place]!.key, key));
        else assert.deepEqual([still.places.map(({ thing }) => thing), still.moved], [things, 0]);
        assert.deepEqual(new Set(still.places.filter(({ over }) => !over).map(({ thing }) => thing)), new Set(things));
        assert.equal(new Set(still.places.map(({ key }) => key)).size, still.places.length);
        assert.equal(still.moved === 0, shown(still) === things.join(" "));
      });
    }),
  );
});
