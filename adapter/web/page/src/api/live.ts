// The stream behind the picture: it reads /events, tells what comes, and comes back after a loss.
//
// Read with fetch and not with EventSource: that one hides the comments by which a server shows that it still lives, so
// that a frozen one would go unnoticed; and it can't tell a session that has ended from a network that is away.

import { createParser } from "eventsource-parser";
import { changed, EVENTS, NOTHING, type Happening, type Picture } from "../core/picture";
import type { Snapshot } from "../schema";

/** The server says something every 5 s (`web/delivery.py`); after twice that and a little, nobody is there. */
const SILENCE_MS = 12_000;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 10_000;

/** A wall is told of no person, and of no calls. */
const NOT_ON_WALLS = {
  ...{ user: null, calls: [], monitors: [], help: [], follows: [], messages: [], message_keep_days: 0 },
} satisfies Record<Exclude<keyof Snapshot, keyof WallSnapshot>, unknown>;
type WallSnapshot = Pick<Snapshot, "agents" | "queues" | "pbxs" | "pbx" | "record">;

export class Live {
  private picture = NOTHING;
  private closed = false;
  private request: AbortController | null = null;
  private pauses = 0;
  private due = false;
  private silence = 0;

  constructor(
    private readonly listener: (picture: Picture) => void,
    private readonly signedOut: () => void,
    /** A wall display's token; without one the session's cookie counts. */
    private readonly token = "",
  ) {}

  open(): void {
    const request = (this.request = new AbortController());
    this.read(request.signal)
      .catch((problem: unknown) => {
        if (!(problem instanceof TypeError || (problem as Error).name === "AbortError")) console.error(problem);
      })
      .finally(() => {
        clearTimeout(this.silence);
        if (!this.closed) this.lost();
      });
  }

  close(): void {
    this.closed = true;
    this.request?.abort();
  }

  private async read(signal: AbortSignal): Promise<void> {
    this.heard();
    const response = await fetch("/api/v1/events", { signal, headers: this.headers(), credentials: this.token ? "omit" : "same-origin" });
    if (response.status === 401 || (this.token && response.status === 403)) {
      this.closed = true;
      this.signedOut();
    }
    if (!response.ok || !response.body) return;
    const parser = createParser({ onEvent: ({ event, data }) => this.told(event ?? "", data) });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      this.heard();
      parser.feed(part.value);
    }
  }

  private headers(): Record<string, string> {
    return { Accept: "text/event-stream", ...(this.token && { Authorization: `Bearer ${this.token}` }) };
  }

  /** The server is alive; when it isn't any more, this request is given up. */
  private heard(): void {
    clearTimeout(this.silence);
    this.silence = window.setTimeout(() => this.request?.abort(), SILENCE_MS);
  }

  private told(kind: string, text: string): void {
    if (!(EVENTS as string[]).includes(kind)) return; // a newer server's
    if (kind === "snapshot") this.pauses = 0;
    const data: unknown = JSON.parse(text);
    const all = kind === "snapshot" && this.token ? { ...NOT_ON_WALLS, ...(data as object) } : data;
    this.take({ kind, data: all } as Happening);
  }

  /** The stream broke: say so, and try again with growing pauses. */
  private lost(): void {
    this.take({ kind: "lost", data: null });
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.pauses++) * (0.5 + Math.random() / 2);
    setTimeout(() => !this.closed && this.open(), pause);
  }

  private take(happening: Happening): void {
    this.picture = changed(this.picture, happening);
    this.tell();
  }

  /** Many changes at once are one picture. */
  private tell(): void {
    // A hidden page gets no animation frames; it must be true all the same when it is looked at.
    if (document.hidden) return this.listener(this.picture);
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.listener(this.picture);
    });
  }
}
