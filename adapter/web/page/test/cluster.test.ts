import assert from "node:assert/strict";
import { test } from "node:test";
import { namesOwned, needsProcess, ownerOf, quietFor } from "../src/core/cluster.ts";

const pbx = (id: string, owner: string | null = null) => ({ id, name: id.toUpperCase(), state: "connected" as const, since: "2026-11-26T07:00:00.000Z", owner });
const member = (id: string, seen: string, owns: string[] = [], host = id) => ({
  id, host, pid: 7, version: "1", started_at: "2026-11-26T07:00:00.000Z", seen_at: `2026-11-26T07:00:${seen}Z`, owns,
});

void test("an adapter is quiet against the one that spoke last, whatever time it is here", () => {
  const all = [member("a", "10.000"), member("b", "05.500"), member("c", "06.100")];
  assert.deepEqual(all.map((one) => quietFor(one, all)), [0, 4, 0]);
  assert.equal(quietFor(all[1]!, [all[1]!]), 0);
});

void test("names of what one looks after are in the order of the list, and what is not in it has none", () => {
  assert.deepEqual(namesOwned(member("a", "10.000", ["y", "x", "gone"]), [pbx("x"), pbx("y"), pbx("z")]), ["X", "Y"]);
});

void test("an owner who is not there any more is nobody", () => {
  const all = [member("a", "10.000")];
  assert.equal(ownerOf(pbx("x", "a"), all)?.id, "a");
  assert.equal(ownerOf(pbx("x", "b"), all), undefined);
  assert.equal(ownerOf(pbx("x"), all), undefined);
});

void test("two adapters of one machine are told apart by their processes", () => {
  const all = [member("a", "10.000", [], "h"), member("b", "10.000", [], "h"), member("c", "10.000")];
  assert.deepEqual(all.map((one) => needsProcess(one, all)), [true, true, false]);
});
