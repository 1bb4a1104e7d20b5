// A wall display's pages: everybody is on one of them, and no page has more than fit.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fits, pageOf } from "../src/core/wall.ts";

void test("what fits is counted in whole tiles, and there is always room for one", () => {
  assert.equal(fits(1000, 500, { width: 300, height: 100 }), 15);
  assert.equal(fits(100, 10, { width: 300, height: 100 }), 1);
});

void test("in one round every page shows its own part, and everybody is shown once", () => {
  fc.assert(
    fc.property(fc.nat(60), fc.integer({ min: 1, max: 20 }), fc.nat(100), (count, fit, first) => {
      const all = [...Array(count).keys()];
      const { pages } = pageOf(all, fit, first);
      const round = [...Array(pages).keys()].map((step) => pageOf(all, fit, first + step));
      assert.deepEqual(round.flatMap(({ shown }) => [...shown]).sort((a, b) => a - b), all);
      assert.ok(round.every(({ shown, page }) => shown.length <= fit && page >= 0 && page < pages));
    }),
  );
});
