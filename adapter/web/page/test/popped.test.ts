// Links of other programs: what they ask for, and what is no such link.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { meantBy, queryOf } from "../src/core/popped.ts";

void test("each of the four, also a number whose plus was not encoded", () => {
  assert.deepEqual(meantBy("#/calls/by?number=%2B12025550101"), { kind: "number", value: "+12025550101" });
  assert.deepEqual(meantBy("#/calls/by?number=+12025550101"), { kind: "number", value: "+12025550101" });
  assert.deepEqual(meantBy("#/calls/by?linkedid=1795550400.12"), { kind: "linkedid", value: "1795550400.12" });
  assert.deepEqual(meantBy("#/calls/by?uniqueid=pbx-1.2&utm_source=crm"), { kind: "uniqueid", value: "pbx-1.2" });
  assert.deepEqual(meantBy("#/calls/by?call_id=ab"), { kind: "call_id", value: "ab" });
});

void test("a link that names nothing, or several things, is one that can't be followed", () => {
  for (const query of ["", "?", "?number=", "?number=%20", "?agent=101", "?number=1&linkedid=2", "?number=1&number=2"]) {
    assert.equal(meantBy("#/calls/by" + query), null, query);
  }
});

void test("everything else is no such link", () => {
  for (const hash of ["", "#/inbox", "#/calls", "#/calls/bye?number=1", "#/wall/token", "#/account/users"]) assert.equal(meantBy(hash), undefined);
});

void test("what is asked of the server is what was meant, whatever it is", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (value) => {
      const meant = meantBy(`#/calls/by?linkedid=${encodeURIComponent(value)}`);
      if (value.trim() === "") return assert.equal(meant, null);
      assert.equal(queryOf(meant!).get("linkedid"), value.trim());
    }),
  );
});
