// The sound of this page: what is heard and where, how loud, tones of its own, and what the browser blocks.

import { loudness } from "../core/levels";
import * as silence from "./silence";

const VOLUME = "volume";
const SPEAKER = "speaker";
const TONE = "tone";
/** What the browser takes for a deliberate act of the person, after which it plays sound (HTML, user activation). */
const GESTURES = ["pointerdown", "pointerup", "mousedown", "touchend", "keydown"] as const;
/** A context that may run does so well within this. */
const RESUMED_MS = 400;

type WithSink = { setSinkId?: (id: string) => Promise<void> };

export class Sound {
  /** Whether the browser blocks sound until somebody clicks. */
  blocked = false;
  private context: AudioContext | null = null;
  private steady: MediaStreamTrack | null = null;
  private made: ReturnType<typeof silence.ofFrames> = null;
  private readonly audio = new Audio();
  private readonly gesture = () => void this.resume();

  /** `changed`: it runs or is blocked, other than before. */
  constructor(private readonly changed: () => void) {
    this.audio.volume = this.volume;
  }

  get runs(): boolean {
    return this.context?.state === "running";
  }

  /** Play what somebody says. */
  async hear(stream: MediaStream): Promise<void> {
    this.audio.srcObject = stream;
    const speaker = localStorage.getItem(SPEAKER);
    if (speaker) await this.useSpeaker(speaker).catch(() => undefined); // one that is gone: the system's choice
    await this.resume();
  }

  hearNothing(): void {
    this.audio.srcObject = null;
    this.setBlocked(false);
  }

  /** Let sound flow, as far as the browser allows; where it doesn't, the next gesture anywhere does it. */
  async resume(): Promise<void> {
    const context = this.contextual();
    const patience = new Promise((done) => setTimeout(done, RESUMED_MS));
    const playing = this.audio.srcObject ? this.audio.play().then(() => true, refused) : Promise.resolve(true);
    if (context.state !== "running") await Promise.race([context.resume().catch(() => undefined), patience]);
    this.setBlocked(!(await playing) || !this.runs);
  }

  /** Silence that flows: it does so without a gesture too, where the browser can make it. */
  silence(): MediaStreamTrack {
    const context = this.contextual();
    this.steady ??= silence.ofContext(context);
    if (this.runs) {
      this.made?.stop();
      this.made = null;
      return this.steady;
    }
    this.made ??= silence.ofFrames();
    return this.made?.track ?? this.steady;
  }

  /** Whose loudness, from 0 to 1, can be asked for at any time. */
  meter(stream: MediaStream): Meter {
    return new Meter(this.contextual(), stream);
  }

  get volume(): number {
    return Number(localStorage.getItem(VOLUME) ?? "1");
  }

  set volume(value: number) {
    localStorage.setItem(VOLUME, String(value));
    this.audio.volume = value;
  }

  /** Play there from now on. Rejects where that can't be done; then all stays as it was. */
  async useSpeaker(id: string): Promise<void> {
    const audio: WithSink = this.audio;
    if (!audio.setSinkId) throw new Error("this browser can't choose a speaker");
    const sink = id === "default" ? "" : id;
    await audio.setSinkId(sink);
    await (this.contextual() as WithSink).setSinkId?.(sink);
    localStorage.setItem(SPEAKER, id);
  }

  /** A second of 440 Hz, to find out whether one hears anything. */
  testTone(): void {
    this.tone(440, 1);
  }

  /** My microphone has opened: for me alone; the line never gets it. */
  openTone(): void {
    if (this.tones) this.tone(660, 0.12);
  }

  get tones(): boolean {
    return localStorage.getItem(TONE) !== "off";
  }

  set tones(on: boolean) {
    localStorage.setItem(TONE, on ? "on" : "off");
  }

  private tone(hertz: number, seconds: number): void {
    const context = this.contextual();
    void context.resume();
    const tone = context.createOscillator();
    const gain = context.createGain();
    gain.gain.value = 0.2 * this.volume;
    tone.frequency.value = hertz;
    tone.connect(gain).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + seconds);
  }

  private contextual(): AudioContext {
    if (!this.context) {
      this.context = new AudioContext();
      this.context.onstatechange = () => {
        if (this.runs === this.blocked && this.audio.srcObject) void this.resume();
        this.changed();
      };
    }
    return this.context;
  }

  private setBlocked(blocked: boolean): void {
    if (blocked === this.blocked) return;
    this.blocked = blocked;
    for (const name of GESTURES) {
      if (blocked) addEventListener(name, this.gesture, { capture: true, passive: true });
      else removeEventListener(name, this.gesture, { capture: true });
    }
    this.changed();
  }
}

/** Only this refusal is the browser's rule on sound; what was replaced by newer sound is none. */
function refused(problem: unknown): boolean {
  return !(problem instanceof DOMException && problem.name === "NotAllowedError");
}

export class Meter {
  private readonly analyser: AnalyserNode;
  private readonly source: MediaStreamAudioSourceNode;
  private readonly samples: Float32Array<ArrayBuffer>;

  constructor(context: AudioContext, stream: MediaStream) {
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = 1024;
    this.samples = new Float32Array(this.analyser.fftSize);
    this.source = context.createMediaStreamSource(stream);
    this.source.connect(this.analyser);
  }

  level(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    return loudness(this.samples);
  }

  stop(): void {
    this.source.disconnect();
  }
}
