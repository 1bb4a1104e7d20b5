// Where the hand is: which row is under the pointer, which rows are in view, and whether the list is in use right now.

import type { Held } from "../core/order";

/** Milliseconds after the last move, key or turn of the wheel for which no row in view changes its place. */
const REST = 5000;

export class Hand {
  /** The first row in view, and the first below it. */
  first = 0;
  below = Infinity;
  /** The place of the row under the pointer. */
  private over: number | null = null;
  private last = -Infinity;
  private at = { x: 0, y: 0 };
  private timer: ReturnType<typeof setTimeout> | undefined;
  private list: HTMLElement | null = null;

  /** `rests` is told whenever rows may move again. */
  constructor(private readonly rests: () => void) {}

  /** Whether the list is in use: then all that is in view stays. */
  get busy(): boolean {
    return performance.now() - this.last < REST;
  }

  get pointing(): boolean {
    return this.over !== null;
  }

  /** Watch this list until the returned function is called. */
  watch(list: HTMLElement): () => void {
    const gone = new AbortController();
    const on = <K extends keyof HTMLElementEventMap>(kind: K, act: (event: HTMLElementEventMap[K]) => void) =>
      list.addEventListener(kind, act, { signal: gone.signal, passive: true });
    this.list = list;
    on("pointerover", (event) => this.points(event));
    on("pointermove", (event) => this.moves(event));
    on("pointerdown", () => this.uses());
    on("pointerleave", () => this.leaves());
    on("wheel", () => this.uses());
    on("scroll", () => this.measure());
    const size = new ResizeObserver(() => this.measure());
    size.observe(list);
    return () => {
      gone.abort();
      size.disconnect();
      clearTimeout(this.timer);
    };
  }

  /** The list is used: nothing in view moves for a while. */
  uses(): void {
    this.last = performance.now();
    this.timer ??= setTimeout(() => this.look(), REST);
  }

  /** The hand has left: nothing is held because of it. */
  leaves(): void {
    this.over = null;
    this.last = -Infinity;
    this.rests();
  }

  /** What keeps its place now. `calls`: the chosen one, where it is in view, and the one marked by key. */
  held(calls: readonly string[]): Held {
    const under = this.over === null ? 0 : this.over + 1;
    const inView = this.busy ? Math.min(this.below, Number.MAX_SAFE_INTEGER) : this.first > 0 ? this.first + 1 : 0;
    return { rows: Math.max(under, inView), calls, below: this.below };
  }

  /** Rows are all of one height, so that nothing has to be measured when calls change. */
  measure(): void {
    const row = this.list?.firstElementChild;
    if (!this.list || !row || row.clientHeight === 0) return;
    const before = this.first;
    const { scrollTop, clientHeight } = this.list;
    const height = (row as HTMLElement).offsetHeight;
    this.first = Math.floor((scrollTop + 1) / height);
    this.below = Math.ceil((scrollTop + clientHeight - 1) / height);
    if (before !== this.first) this.rests(); // what came into view was seen; what is held may be another
  }

  private look(): void {
    this.timer = undefined;
    if (this.busy) this.timer = setTimeout(() => this.look(), this.last + REST - performance.now());
    else this.rests();
  }

  private points(event: PointerEvent): void {
    if (event.pointerType === "touch") return; // a finger that was lifted points at nothing
    const row = (event.target as Element).closest("li");
    this.over = row ? Array.prototype.indexOf.call(this.list!.children, row) : null;
  }

  /** A row that moves under a pointer at rest makes such an event too, but nobody moved. */
  private moves({ clientX: x, clientY: y }: PointerEvent): void {
    if (x === this.at.x && y === this.at.y) return;
    this.at = { x, y };
    this.uses();
  }
}
