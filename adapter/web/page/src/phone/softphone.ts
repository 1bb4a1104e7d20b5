// This page as a phone: one tab's line, microphone and sound put together. Silent, until Asterisk has confirmed that
// somebody is to hear me; after a take-over an ordinary phone.

import { Line } from "./line";
import { Meters, type Levels } from "./meters";
import { Microphone, type MicrophoneState } from "./microphone";
import { Sound } from "./sound";
import { Tab, type Doing } from "./tab";

export type { Doing, Levels, MicrophoneState };
/** `taken`: the call is mine since a take-over. `elsewhere`: another tab is my phone. */
export type PhoneState = "off" | "connecting" | "registered" | "ringing" | "connected" | "taken" | "failed" | "elsewhere";

export interface Taken {
  number: string;
  name: string;
  /** When I took it over, as ISO 8601. */
  since: string;
  muted: boolean;
  held: boolean;
}

export interface Picture {
  state: PhoneState;
  /** Whether audio arrives, which is more than a connected call. */
  flowing: boolean;
  /** Whether the browser blocks sound until somebody clicks. */
  blocked: boolean;
  /** Whether my microphone's sound leaves this page now: somebody is to hear me, and its live track is what is sent. */
  open: boolean;
  microphone: MicrophoneState;
  /** Whether my microphone's meter showed a sound in the last 5 s; in the first 5 s after it opened, not yet no. */
  heardByMeter: boolean;
  /** Whether a call's signalling is away and being restored. */
  reconnecting: boolean;
  /** The call that I took over, while it lasts. */
  taken: Taken | null;
}

const NOTHING: Picture = {
  state: "off",
  flowing: false,
  blocked: false,
  open: false,
  microphone: "unasked",
  heardByMeter: false,
  reconnecting: false,
  taken: null,
};

export class Softphone {
  picture: Picture = NOTHING;
  readonly sound = new Sound(() => this.soundChanged());
  private readonly microphone = new Microphone(() => this.microphoneChanged(), () => this.speaks);
  private readonly meters = new Meters(this.sound, () => this.picture.open, () => this.measured());
  private readonly line = new Line({
    changed: () => this.lineChanged(),
    first: () => this.sound.silence(),
    hear: (stream) => this.hear(stream),
    begun: () => this.meet(),
    over: () => this.over(),
    keeps: () => this.picture.taken !== null,
  });
  private tab: Tab | null = null;
  private stopping: Promise<void> = Promise.resolve();
  /** Whether I hung up the last call that I took over. */
  hungUp = false;
  private talks = false;
  private holds = false;
  private meeting = 0;

  constructor(private readonly tell: (picture: Picture) => void) {}

  /** Be this person's phone, unless another tab is. */
  async start(userId: string): Promise<void> {
    this.tab?.close();
    const tab = new Tab(userId, {
      held: () => void this.line.start(),
      elsewhere: async () => {
        await this.line.stop();
        if (tab === this.tab) this.lineChanged();
      },
      doing: () => this.doing,
      at: (pbx) => this.line.at(pbx),
    });
    this.tab = tab;
    await this.stopping;
    if (tab === this.tab) await tab.start();
  }

  /** This page is no phone any more. */
  stop(): void {
    const tab = this.tab;
    this.tab = null;
    this.stopping = this.line.stop().then(() => tab?.close());
    this.microphone.release();
  }

  /** Move the phone to this tab. Null when that is done; otherwise what the other tab does, which `sure` would end. */
  async useThisTab(sure: boolean): Promise<Doing | null> {
    return this.tab ? this.tab.take(sure) : "unknown";
  }

  /** Be the phone for calls at this PBX, in whichever tab. Whether it is one now. */
  async at(pbx: string): Promise<boolean> {
    return this.tab ? this.tab.at(pbx) : false;
  }

  /** Ask for the microphone; false where it can't be had. Nothing of it is sent yet. Without a call in this tab nothing
   * is asked here: where another tab is the phone, that one asks, once somebody is to hear me. */
  async askMicrophone(): Promise<boolean> {
    return this.line.inCall ? this.microphone.ask() : true;
  }

  /** Whether somebody is to hear me: Asterisk confirmed a mode that talks, and I have not asked for silence since.
   * With `false` the microphone is cut before this returns. In a call that was taken over, mute and hold count instead. */
  talk(wanted: boolean): void {
    if (wanted === this.talks) return;
    this.talks = wanted;
    this.meet();
  }

  /** My monitor ended as taken over: the call is mine, and the microphone stays open. Nothing where it is over already. */
  takenOver(who: { number: string; name: string; since: string }): void {
    if (!this.line.inCall) return;
    this.hungUp = false;
    this.say({ taken: { ...who, muted: false, held: false } });
    this.lineChanged();
    this.meet();
  }

  mute(on: boolean): void {
    if (this.picture.taken) this.say({ taken: { ...this.picture.taken, muted: on } });
    this.meet();
  }

  /** The other party hears music until I resume; I am not heard meanwhile. Whether Asterisk has agreed. */
  async hold(on: boolean): Promise<boolean> {
    if (!this.picture.taken) return false;
    if (on) this.holds = true; // cut first, then ask Asterisk
    this.meet();
    const done = await this.line.hold(on);
    this.holds = done ? on : this.picture.taken?.held === true;
    if (this.picture.taken) this.say({ taken: { ...this.picture.taken, held: this.holds } });
    this.meet();
    return done;
  }

  hangUp(): void {
    this.hungUp = true;
    this.line.hangUp();
  }

  levels(): Levels {
    return this.meters.levels;
  }

  /** The levels of the last six seconds, ten a second, oldest first. */
  get history(): Meters["history"] {
    return this.meters.history;
  }

  /** Let the sound be heard that the browser blocks; in a click it may. */
  resumeSound(): void {
    void this.sound.resume();
  }

  /** Whether it could be done; if not, all stays as it was. */
  useMicrophone(id: string): Promise<boolean> {
    return this.microphone.choose(id);
  }

  async useSpeaker(id: string): Promise<boolean> {
    return this.sound.useSpeaker(id).then(
      () => true,
      () => false,
    );
  }

  private get doing(): Doing {
    if (this.picture.taken) return "taken";
    if (!this.line.inCall) return "nothing";
    return this.talks ? "talking" : "listening";
  }

  private get speaks(): boolean {
    const { taken } = this.picture;
    return this.line.inCall && (taken ? !taken.muted && !this.holds : this.talks);
  }

  /** The one place where the microphone meets the line. */
  private meet(): void {
    const track = this.speaks ? this.microphone.track : null;
    this.microphone.enable(track !== null);
    const meeting = ++this.meeting;
    if (!track) this.say({ open: false });
    if (!this.line.inCall) return;
    void this.line.send(track ?? this.sound.silence()).then((sent) => {
      if (meeting === this.meeting) this.opened(sent && track !== null && track.readyState === "live" && !track.muted);
    });
    if (this.speaks && this.microphone.state === "unasked") void this.microphone.ask();
  }

  private opened(open: boolean): void {
    if (open && !this.picture.open) {
      this.meters.opened();
      this.sound.openTone();
    }
    this.say({ open });
    this.say({ heardByMeter: this.meters.heardMe });
  }

  private hear(stream: MediaStream): void {
    this.meters.hear(stream);
    void this.sound.hear(stream);
  }

  private measured(): void {
    const flowing = (this.picture.flowing || this.levels().hearing > 0) && !this.picture.blocked;
    this.say({ flowing, heardByMeter: this.meters.heardMe });
  }

  /** The call is over: nobody hears me any more, and the microphone is closed. */
  private over(): void {
    this.talks = this.holds = false;
    this.meters.stop();
    this.sound.hearNothing();
    this.say({ taken: null, flowing: false, open: false, heardByMeter: false });
    this.microphone.release();
  }

  private microphoneChanged(): void {
    this.meters.speak(this.microphone.stream);
    this.say({ microphone: this.microphone.state });
    this.meet();
  }

  private soundChanged(): void {
    const blocked = this.sound.blocked && this.line.inCall;
    this.say({ blocked, flowing: this.picture.flowing && !blocked });
    if (!this.picture.open) this.meet(); // silence has another source once sound may flow
  }

  private lineChanged(): void {
    const elsewhere = this.tab !== null && !this.tab.holds;
    const state = elsewhere ? "elsewhere" : this.line.state === "connected" && this.picture.taken ? "taken" : this.line.state;
    this.say({ state, reconnecting: this.line.away });
  }

  private say(change: Partial<Picture>): void {
    const news = (Object.keys(change) as (keyof Picture)[]).some((name) => change[name] !== this.picture[name]);
    if (!news) return;
    this.picture = { ...this.picture, ...change };
    this.tell(this.picture);
  }
}
