// The meters of a call: how loud it is and how loud I am, now and in the last seconds.

import { History } from "../core/levels";
import type { Meter, Sound } from "./sound";

export interface Levels {
  /** The call, both parties mixed, from 0 to 1. */
  hearing: number;
  /** My microphone. */
  speaking: number;
}

/** Values that the history keeps, and milliseconds between two of them. */
const BARS = 60;
const LISTEN_MS = 100;
/** How long a microphone that gives no sound is taken for one of somebody who listens. */
const SILENT_MS = 5000;

export class Meters {
  readonly history = { hearing: new History(BARS), speaking: new History(BARS) };
  levels: Levels = { hearing: 0, speaking: 0 };
  private heard: Meter | null = null;
  private said: Meter | null = null;
  private mine: MediaStream | null = null;
  private soundAt = 0;
  private timer = 0;

  /** `looked` is called ten times a second while there is a call. `open`: whether my microphone's sound is sent. */
  constructor(
    private readonly sound: Sound,
    private readonly open: () => boolean,
    private readonly looked: () => void,
  ) {}

  /** Whether my open microphone gave a sound in the last 5 s; in the first 5 s it has the time to. */
  get heardMe(): boolean {
    return this.open() && Date.now() - this.soundAt < SILENT_MS;
  }

  /** My microphone has just opened. */
  opened(): void {
    this.soundAt = Date.now();
  }

  hear(stream: MediaStream): void {
    this.stop();
    this.heard = this.sound.meter(stream);
    this.timer = window.setInterval(() => this.look(), LISTEN_MS);
  }

  /** My microphone's stream, or none. */
  speak(stream: MediaStream | null): void {
    if (stream === this.mine) return;
    this.said?.stop();
    this.mine = stream;
    this.said = stream && this.sound.meter(stream);
  }

  /** The call is over. */
  stop(): void {
    clearInterval(this.timer);
    this.heard?.stop();
    this.heard = null;
    this.levels = { hearing: 0, speaking: 0 };
    this.history.hearing.clear();
    this.history.speaking.clear();
  }

  private look(): void {
    this.levels = { hearing: this.heard?.level() ?? 0, speaking: this.said?.level() ?? 0 };
    this.history.hearing.push(this.levels.hearing);
    this.history.speaking.push(this.open() ? this.levels.speaking : 0);
    if (this.open() && this.levels.speaking > 0) this.soundAt = Date.now();
    this.looked();
  }
}
