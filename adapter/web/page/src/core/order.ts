// What the list shows, and when: nothing moves under the hand. Pure.
//
// Rows keep their places up to the last one that is held; only behind it the list follows what happens. A call that
// ended among those rows stays there, faded; a call that belongs among them waits and is counted. What is shown never
// goes away before its call ends or the hand has left.

import type { Row } from "./rows";

export interface Item {
  row: Row;
  /** The call has ended: the row only keeps its place. */
  over: boolean;
}

export interface Shown {
  items: readonly Item[];
  /** Where each call stands. */
  places: ReadonlyMap<string, number>;
  /** Calls that would move what is held, by key. */
  waiting: readonly string[];
  /** Rows that came where nobody looks: outside of what is in view. */
  unseen: ReadonlySet<string>;
}

/** What keeps its place. */
export interface Held {
  /** So many rows from the top (to the one under the pointer), also when their calls end. */
  rows: number;
  /** Ids of calls whose rows stay where they are for as long as the call lives. */
  calls: readonly string[];
  /** The first row below the part in view. */
  below: number;
}

/** Before the key of a row whose calls went on in another one. */
const OVER = "over ";

export const EMPTY: Shown = { items: [], places: new Map(), waiting: [], unseen: new Set() };
export const FREE: Held = { rows: 0, calls: [], below: Infinity };

/** The list after something has happened. `rows` are all rows, in the wanted order; `wanted` those that are asked for. */
export function arrange(before: Shown, rows: readonly Row[], wanted: (row: Row) => boolean, held: Held): Shown {
  const found = whereabouts(rows);
  const stay = followed(before, kept(before, found, held), rows, found, held.calls);
  const there = new Set(stay.filter((item) => !item.over).map((item) => item.row.key));
  const last = stay.filter((item) => !item.over).at(-1);
  const from = last ? found.get(last.row.key)! : -1;
  const rest: Item[] = [];
  const waiting: string[] = [];
  rows.forEach((row, place) => {
    if (there.has(row.key) || !wanted(row)) return;
    if (place > from || row.calls.some((call) => isShown(before, call.id))) rest.push({ row, over: false });
    else waiting.push(row.key);
  });
  return told(before, [...stay, ...rest], waiting, held.below);
}

/** The list once the rows from `first` to before `below` were in view. */
export function looked(shown: Shown, first: number, below: number): Shown {
  const seen = shown.items.slice(first, below).filter(({ row }) => shown.unseen.has(row.key));
  if (seen.length === 0) return shown;
  return { ...shown, unseen: new Set([...shown.unseen].filter((key) => !seen.some(({ row }) => row.key === key))) };
}

/** The place of the nearest row that lives, `steps` further down (or up, below 0); -1 if none lives. */
export function step(shown: Shown, from: number, steps: number): number {
  const alive = shown.items.flatMap(({ over }, place) => (over ? [] : [place]));
  const next = alive.filter((place) => (steps > 0 ? place > from : place < from));
  if (next.length === 0) return (steps > 0 ? alive.at(-1) : alive[0]) ?? -1;
  const wanted = Math.min(next.length, Math.abs(steps)) - 1;
  return steps > 0 ? next[wanted]! : next[next.length - 1 - wanted]!;
}

/** The place of each row, by the ids of its calls. */
function whereabouts(rows: readonly Row[]): Map<string, number> {
  return new Map(rows.flatMap(({ calls }, place) => calls.map((call): [string, number] => [call.id, place])));
}

/** How many rows from the top keep their places. */
function kept(before: Shown, found: ReadonlyMap<string, number>, held: Held): number {
  const ends = held.calls.filter((id) => found.has(id)).map((id) => (before.places.get(id) ?? -1) + 1);
  return Math.max(held.rows, ...ends);
}

/**
 * The first `count` rows as they are now. If one end of an internal call went, the row goes on with the other; if two
 * rows became one, the other place only stays. Where there is a choice, the calls in `first` keep their places.
 */
function followed(
  before: Shown, count: number, rows: readonly Row[], found: ReadonlyMap<string, number>, first: readonly string[],
): Item[] {
  const now = (id: string) => rows[found.get(id) ?? -1];
  const taken = new Map<string, number>();
  const take = (id: string, place: number) => {
    const key = now(id)?.key;
    if (key !== undefined && !taken.has(key)) taken.set(key, place);
  };
  for (const id of first) if (before.places.has(id)) take(id, before.places.get(id)!);
  return before.items.slice(0, count).map(({ row }, place) => {
    const ids = row.calls.map(({ id }) => id);
    const own = ids.find((id) => taken.get(now(id)?.key ?? "") === place);
    if (own === undefined) ids.forEach((id) => take(id, place));
    const call = own ?? ids.find((id) => taken.get(now(id)?.key ?? "") === place);
    if (call !== undefined) return { row: now(call)!, over: false };
    const went = ids.some((id) => found.has(id)) && !row.key.startsWith(OVER);
    return { row: went ? { ...row, key: OVER + row.key } : row, over: true };
  });
}

function isShown(shown: Shown, id: string): boolean {
  const place = shown.places.get(id);
  return place !== undefined && !shown.items[place]!.over;
}

function told(before: Shown, items: Item[], waiting: string[], below: number): Shown {
  const alive = items.filter((item) => !item.over);
  const places = new Map<string, number>();
  for (const over of [true, false]) {
    items.forEach((item, place) => {
      if (item.over === over) for (const call of item.row.calls) places.set(call.id, place);
    });
  }
  const isNew = ({ calls: [call] }: Row) => places.get(call.id)! >= below && !isShown(before, call.id);
  const unseen = alive.map((item) => item.row).filter((row) => before.unseen.has(row.key) || isNew(row));
  return { items, places, waiting, unseen: new Set(unseen.map((row) => row.key)) };
}
