// What the list shows from one change to the next: its rows, its mark, and what may not move.

import { arrange, EMPTY, FREE, looked, step, type Shown } from "../core/order";
import type { Row } from "../core/rows";
import { Hand } from "./hand";

export interface Mark {
  /** The call that Enter opens and `m` monitors. */
  call: string;
  /** Somebody put it there by hand; otherwise it is the first row's. */
  byHand: boolean;
}

export class Keeper {
  readonly hand: Hand;
  shown: Shown = EMPTY;
  mark: Mark | null = null;
  chosen: string | null = null;
  /** Whether the keyboard is at the list: then a mark set by hand keeps its row in place. */
  focused = false;
  /** What is opened next was opened with a key. */
  byKey = false;
  private given: readonly unknown[] = [];
  private reset = "";
  private due = false;
  private free = false;
  private place = 0;
  /** When the present call was chosen, calls waited or had ended: they are seen to once the hand has left. */
  private backlog = false;
  /** The marked call has gone: what stands in its place is not what was meant. */
  private lost = false;

  constructor(private readonly changed: () => void) {
    this.hand = new Hand(() => this.again());
  }

  /** The list as it is to be shown now. `reset` is what was asked for: another question is answered from anew. */
  now(rows: readonly Row[], wanted: (row: Row) => boolean, isAlive: (id: string) => boolean, reset: string): Shown {
    const given = [rows, wanted, reset];
    if (!this.due && given.every((one, place) => one === this.given[place])) return this.shown;
    if (this.focused && this.mark && !isAlive(this.mark.call) && this.isShown(this.mark.call)) this.hand.uses();
    const anew = reset !== this.reset;
    if (anew) this.hand.first = 0;
    const before = anew ? EMPTY : this.shown;
    const all = this.free || before.items.length === 0 || (this.backlog && !this.hand.busy && !this.hand.pointing);
    if (all) this.backlog = false;
    this.shown = arrange(before, rows, wanted, all ? { ...FREE, below: anew || this.free ? Infinity : this.below } : this.held());
    this.shown = looked(this.shown, this.hand.first, this.hand.below);
    [this.given, this.reset, this.due, this.free] = [given, reset, false, false];
    this.remark(anew);
    return this.shown;
  }

  private get below(): number {
    return this.shown.items.length === 0 ? Infinity : this.hand.below;
  }

  /** Show everything where it belongs, and tell which call is the first that was not shown or seen before. */
  settle(): string | undefined {
    const { waiting, unseen } = this.shown;
    this.free = true;
    this.again();
    return waiting[0] ?? [...unseen][0];
  }

  /** Mark a call. */
  put(call: string, byHand = true): void {
    this.mark = { call, byHand };
    this.place = this.shown.places.get(call) ?? this.place;
    this.changed();
  }

  /** Another call is open. What waits now is seen to when the hand has left; with a key, at once. */
  opened(call: string | null): void {
    const { waiting, items } = this.shown;
    this.backlog = waiting.length > 0 || items.some(({ over }) => over);
    if (this.backlog && this.byKey && !this.hand.pointing) this.free = this.due = true;
    this.chosen = call;
    if (call !== null) this.mark = { call, byHand: true };
    this.byKey = false;
  }

  /** The keyboard came to the list, or left it. */
  focus(is: boolean): void {
    if (this.focused && !is && !this.hand.pointing) this.hand.leaves();
    this.focused = is;
    this.again();
  }

  /** The place that is marked; -1 if none is. */
  get marked(): number {
    return this.mark ? (this.shown.places.get(this.mark.call) ?? -1) : -1;
  }

  /** Whether nothing was ever marked, or what was is long gone: a key then means the open call. */
  get unmarked(): boolean {
    return this.mark === null && !this.hand.busy;
  }

  /** The marked call, where it lives. */
  get target(): string | null {
    return this.mark && this.isShown(this.mark.call) ? this.mark.call : null;
  }

  /** Move the mark by so many calls; from what is in view, where the mark is not. */
  move(steps: number): number {
    const { first, below } = this.hand;
    const from = this.marked < 0 ? this.place - Math.sign(steps) : this.marked;
    const isInView = from >= first - 1 && from <= below;
    const next = step(this.shown, isInView ? from : steps > 0 ? first - 1 : below, steps);
    if (next >= 0) this.put(this.callAt(next));
    return next;
  }

  /** Mark the first call, or the last. */
  jump(end: "first" | "last"): number {
    const next = end === "first" ? step(this.shown, -1, 1) : step(this.shown, this.shown.items.length, -1);
    if (next >= 0) this.put(this.callAt(next));
    return next;
  }

  /** Mark the other end of an internal call, and tell whose it is. */
  turn(to: 0 | 1): string | undefined {
    const call = this.shown.items[this.marked]?.row.calls[to];
    if (call && call.id !== this.mark?.call) {
      this.put(call.id);
      return call.agent.name;
    }
    return undefined;
  }

  private again(): void {
    this.due = true;
    this.changed();
  }

  private held() {
    const { first, below } = this.hand;
    const place = this.chosen === null ? -1 : (this.shown.places.get(this.chosen) ?? -1);
    const calls = place >= first && place < below ? [this.chosen!] : [];
    if (this.mark?.byHand && this.focused) calls.push(this.mark.call);
    return { ...this.hand.held(calls), below: this.below };
  }

  private isShown(id: string): boolean {
    const place = this.shown.places.get(id);
    return place !== undefined && !this.shown.items[place]!.over;
  }

  /**
   * A mark belongs to its call, never to a place: when that call has gone, `m` must not hit the next one. A mark that
   * nobody set goes on by itself once the list is at rest.
   */
  private remark(anew: boolean): void {
    if (this.mark && this.shown.places.has(this.mark.call)) {
      this.place = this.marked;
      return;
    }
    if (this.mark) this.lost = this.mark.byHand || this.hand.busy;
    if (anew || this.shown.items.length === 0) this.lost = false;
    this.mark = null;
    const next = this.lost ? -1 : step(this.shown, this.place - 1, 1);
    if (next >= 0) this.mark = { call: this.callAt(next), byHand: false };
  }

  /** The call that is meant by a row: of an internal call the end that is open, or else the first. */
  private callAt(place: number): string {
    const { calls } = this.shown.items[place]!.row;
    return (calls.find(({ id }) => id === this.chosen) ?? calls[0]).id;
  }
}
