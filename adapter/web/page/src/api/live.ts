// The stream behind the picture: it opens /events, tells what comes, and comes back after a loss.

import { changed, EVENTS, NOTHING, type Happening, type Picture } from "../core/picture";

export class Live {
  private picture = NOTHING;
  private source: EventSource | null = null;
  private retry = 0;
  private due = false;

  constructor(
    private readonly listener: (picture: Picture) => void,
    private readonly signedOut: () => void,
  ) {}

  open(): void {
    const source = new EventSource("/api/v1/events");
    this.source = source;
    for (const kind of EVENTS) {
      source.addEventListener(kind, (event: MessageEvent<string>) => {
        if (kind === "snapshot") this.retry = 0;
        const data: unknown = JSON.parse(event.data);
        this.take({ kind, data } as Happening);
      });
    }
    source.onerror = () => this.lost();
  }

  close(): void {
    this.source?.close();
    this.source = null;
  }

  /** The stream broke: say so, see whether we are still signed in, and try again with growing pauses. */
  private lost(): void {
    this.source?.close();
    this.take({ kind: "lost", data: null });
    const pause = Math.min(10_000, 300 * 2 ** this.retry++) * (0.5 + Math.random() / 2);
    setTimeout(() => void this.again(), pause);
  }

  private async again(): Promise<void> {
    const response = await fetch("/api/v1/session").catch(() => null);
    if (this.source === null) return;
    if (response?.status === 401) this.signedOut();
    else if (response?.ok) this.open();
    else this.lost();
  }

  private take(happening: Happening): void {
    this.picture = changed(this.picture, happening);
    this.tell();
  }

  /** Many changes at once are one picture. */
  private tell(): void {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.listener(this.picture);
    });
    // A hidden page gets no animation frames; it must be true all the same when it is looked at.
    if (document.hidden) {
      this.due = false;
      this.listener(this.picture);
    }
  }
}
