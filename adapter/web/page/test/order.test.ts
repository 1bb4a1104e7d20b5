// Nothing moves under the hand, and every call is shown in the end: the list against random days.

import assert from "node:assert/strict";
import { test } from "node:test";
import { arrange, EMPTY, FREE, looked, step, type Held, type Shown } from "../src/core/order.ts";
import { rowsOf, SORTS, sorted, type Row, type Sort } from "../src/core/rows.ts";
import type { Call } from "../src/schema.ts";
import { call } from "./calls.ts";

const compare = (one: string, other: string): number => one.localeCompare(other);
const ALL = (): boolean => true;
const keys = (shown: Shown): string[] => shown.items.map(({ row }) => row.key);
const alive = (shown: Shown): string[] => shown.items.filter(({ over }) => !over).map(({ row }) => row.key);
const holding = (more: Partial<Held>): Held => ({ ...FREE, ...more });

/** Rows a, b, c, …, each a call of its own. */
const rows = (names: string): Row[] => [...names].map((name) => ({ key: name, calls: [call(name, name)] }));
const list = (names: string): Shown => arrange(EMPTY, rows(names), ALL, FREE);

void test("when nothing is held, the list is what there is, in order", () => {
  const shown = arrange(list("bdf"), rows("abcdg"), ALL, FREE);
  assert.deepEqual([keys(shown), shown.waiting], [["a", "b", "c", "d", "g"], []]);
});

void test("a call that comes before the held row waits; one that comes behind it is shown", () => {
  const shown = arrange(list("bdf"), rows("abcdefg"), ALL, holding({ calls: ["d"] }));
  assert.deepEqual([keys(shown), shown.waiting], [["b", "d", "e", "f", "g"], ["a", "c"]]);
  assert.deepEqual(keys(arrange(shown, rows("abcdefg"), ALL, FREE)), [..."abcdefg"]);
});

void test("a call that ended before the held row keeps its place, faded; behind it, it goes", () => {
  const shown = arrange(list("abcde"), rows("bcd"), ALL, holding({ calls: ["c"] }));
  assert.deepEqual([keys(shown), alive(shown)], [["a", "b", "c", "d"], ["b", "c", "d"]]);
});

void test("the chosen call holds its row for as long as it lives; the pointer holds also one that ended", () => {
  assert.deepEqual(keys(arrange(list("abc"), rows("ab"), ALL, holding({ calls: ["c"] }))), ["a", "b"]);
  assert.deepEqual(keys(arrange(list("abc"), rows("ab"), ALL, holding({ rows: 3 }))), ["a", "b", "c"]);
});

void test("what no longer passes the filter stays while it is held, and is no ended call", () => {
  const shown = arrange(list("abc"), rows("abc"), (row) => row.key === "c", holding({ calls: ["b"] }));
  assert.deepEqual([keys(shown), alive(shown)], [["a", "b", "c"], ["a", "b", "c"]]);
  assert.deepEqual(keys(arrange(shown, rows("abc"), (row) => row.key === "c", FREE)), ["c"]);
});

void test("an internal call's row goes on with the end that is left, and with both when the other comes", () => {
  const [a, b, c] = [call("a", "sam"), call("b", "ana"), call("c", "lee")];
  const pair: Row = { key: "a", calls: [a, b] };
  const before = arrange(EMPTY, [pair, { key: "c", calls: [c] }], ALL, FREE);
  const left = arrange(before, [{ key: "c", calls: [c] }, { key: "b", calls: [b] }], ALL, holding({ calls: ["c"] }));
  assert.deepEqual([keys(left), alive(left)], [["b", "c"], ["b", "c"]]);
  assert.deepEqual(keys(arrange(left, [{ key: "c", calls: [c] }, pair], ALL, holding({ calls: ["c"] }))), ["a", "c"]);
});

void test("two rows that become one leave a faded place, so that nothing behind them moves", () => {
  const merged: Row = { key: "b", calls: [call("b", "b"), call("a", "a")] };
  const now = [merged, ...rows("c")];
  const shown = arrange(list("abc"), now, ALL, holding({ calls: ["c"] }));
  assert.deepEqual([shown.places.get("c"), alive(shown)], [2, ["b", "c"]]);
  assert.equal(new Set(keys(shown)).size, 3);
  assert.deepEqual(keys(arrange(shown, now, ALL, holding({ calls: ["c"] }))), keys(shown));
  assert.deepEqual(keys(arrange(shown, now, ALL, FREE)), ["b", "c"]);
});

void test("what came below the part in view is counted until it was looked at, or has ended", () => {
  const shown = arrange(list("abcd"), rows("abcdefg"), ALL, holding({ below: 4 }));
  assert.deepEqual([...shown.unseen], ["e", "f", "g"]);
  assert.deepEqual([...looked(shown, 1, 5).unseen], ["f", "g"]);
  assert.equal(looked(shown, 0, 4), shown);
  assert.deepEqual([...arrange(shown, rows("abcdf"), ALL, holding({ below: 4 })).unseen], ["f"]);
});

void test("a step goes to calls that live, and stops at the ends", () => {
  const shown = arrange(list("abcde"), rows("ace"), ALL, holding({ rows: 5 }));
  const places = [step(shown, 0, 1), step(shown, 2, 1), step(shown, 4, 1), step(shown, 3, -1), step(shown, -1, 1), step(shown, 0, -9)];
  assert.deepEqual(places, [2, 4, 4, 2, 0, 0]);
  assert.equal(step(EMPTY, 0, 1), -1);
});

/** Numbers that are the same in every run (mulberry32). */
function dice(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** A centre in which calls begin, ring, are held, handed over and end; internal ones have two entries. */
class Day {
  calls = new Map<string, Call>();
  private count = 0;
  private readonly roll: (below: number) => number;

  constructor(roll: (below: number) => number) {
    this.roll = roll;
  }

  happens(): void {
    const { calls, roll } = this;
    const ids = [...calls.keys()];
    const one = ids[roll(ids.length || 1)];
    const what = roll(10);
    if (what < 4 || one === undefined) this.begins();
    else if (what < 6) calls.delete(one);
    else if (what < 9) calls.set(one, { ...calls.get(one)!, state: (["active", "held", "ringing"] as const)[roll(3)]! });
    else calls.set(one, { ...calls.get(one)!, customer: { number: String(200 + roll(99)), name: "" } });
  }

  private begins(): void {
    const id = `c${this.count++}`;
    const started_at = new Date(Date.UTC(2026, 0, 1, 0, 0, this.count)).toISOString();
    const number = String(100 + this.roll(40));
    if (this.roll(4)) {
      const customer = { number: String(200 + this.roll(99)), name: "" };
      this.calls.set(id, call(id, number, { started_at, customer, agent: { user_id: null, name: number, extension: number } }));
      return;
    }
    const ends = [number, number + "1"];
    for (const [place, extension] of ends.entries()) {
      const customer = { number: ends[1 - place]!, name: "" };
      const agent = { user_id: null, name: extension, extension };
      this.calls.set(id + place, call(id + place, extension, { conversation_id: id, direction: "internal", started_at, customer, agent }));
    }
  }
}

const held = (shown: Shown, roll: (below: number) => number): Held => {
  const chosen = shown.items[roll(shown.items.length || 1)]?.row.calls[0].id;
  return { rows: roll(3) ? 0 : roll(shown.items.length + 1), calls: roll(2) && chosen ? [chosen] : [], below: roll(30) };
};

void test("400 random days: what is held never moves, what is shown is true, nothing is lost or doubled", () => {
  let waited = 0;
  let moved = 0;
  for (let seed = 0; seed < 400; seed++) {
    const roll = dice(seed);
    const day = new Day(roll);
    const sort: Sort = SORTS[roll(SORTS.length)]!;
    const only = roll(2) ? ALL : (row: Row) => row.calls[0].state !== "ringing";
    let shown = EMPTY;
    let holds = FREE;
    for (let event = 0; event < 60; event++) {
      day.happens();
      if (roll(5) === 0) holds = held(shown, roll);
      const before = shown;
      const now = sorted(rowsOf(day.calls), sort, compare);
      shown = arrange(before, now, only, holds);
      waited += shown.waiting.length;

      const stays = (id: string) => day.calls.has(id) && before.places.has(id);
      moved += holds.calls.filter((id) => stays(id) && shown.places.get(id) !== before.places.get(id)).length;
      before.items.slice(0, holds.rows).forEach(({ row }, place) => {
        const now = shown.items[place]!.row.calls.map(({ id }) => id);
        moved += Number(!row.calls.some(({ id }) => now.includes(id)));
      });
      assert.equal(moved, 0, `seed ${seed}: what is held moved`);
      assert.ok(shown.items.length >= Math.min(holds.rows, before.items.length), `seed ${seed}: the held part shrank`);
      assert.equal(new Set(keys(shown)).size, shown.items.length, `seed ${seed}: a row twice`);
      const there = shown.items.filter(({ over }) => !over).flatMap(({ row }) => row.calls);
      for (const one of there) assert.equal(one, day.calls.get(one.id), `seed ${seed}: ${one.id} is not as it is`);
      const wanted = now.filter(only).map(({ key }) => key);
      const accounted = new Set([...alive(shown), ...shown.waiting]);
      assert.ok(wanted.every((key) => accounted.has(key)), `seed ${seed}: a call is neither shown nor waits`);
      const gone = before.items.filter(({ row, over }) => !over && row.calls.every(({ id }) => !shown.places.has(id)));
      assert.ok(gone.every(({ row }) => !wanted.includes(row.key)), `seed ${seed}: a call that lives was taken away`);
    }
    const now = sorted(rowsOf(day.calls), sort, compare).filter(only);
    assert.deepEqual(keys(arrange(shown, sorted(rowsOf(day.calls), sort, compare), only, FREE)), now.map(({ key }) => key));
  }
  assert.ok(waited > 1000); // the days did have calls that had to wait
});

void test("with the longest first a new call comes last: it is shown at once, whatever is held", () => {
  for (let seed = 0; seed < 50; seed++) {
    const roll = dice(seed);
    const day = new Day(roll);
    let shown = EMPTY;
    for (let event = 0; event < 60; event++) {
      day.happens();
      shown = arrange(shown, sorted(rowsOf(day.calls), "longest", compare), ALL, held(shown, roll));
      assert.deepEqual(shown.waiting, [], `seed ${seed}`);
    }
  }
});
