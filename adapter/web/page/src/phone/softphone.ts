// This page as a phone: registered at Asterisk through our own server, silent until Asterisk has confirmed a talk.

import * as JsSIP from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import { ask } from "../api/ask";
import type { IceServer, Softphone as Credentials } from "../schema";

export type PhoneState = "off" | "connecting" | "registered" | "ringing" | "connected" | "failed";

export interface Picture {
  state: PhoneState;
  /** Whether audio arrives, which is more than a connected call. */
  flowing: boolean;
  /** Whether my microphone's sound leaves this page now. */
  open: boolean;
  microphone: "unasked" | "granted" | "refused";
}

/** Before the microphone is granted, browsers hide their address behind a name (RFC 8839, section 5.1) that Asterisk
 * can't resolve, and with no candidate at all it would not even begin. It learns the true one from our own checks. */
const HIDDEN = / [0-9a-f-]+\.local /g;
const ANYWHERE = "127.0.0.1";
const LISTEN_MS = 100;
const PATIENCE_MS = 4000;
const VOLUME = "volume";
const MICROPHONE = "microphone";
const SPEAKER = "speaker";

export class Softphone {
  picture: Picture = { state: "off", flowing: false, open: false, microphone: "unasked" };
  private ua: JsSIP.UA | null = null;
  private session: RTCSession | null = null;
  private context: AudioContext | null = null;
  private silence: MediaStream | null = null;
  private voice: MediaStream | null = null;
  private heard: AnalyserNode | null = null;
  private said: AnalyserNode | null = null;
  private talks = false;
  private iceServers: IceServer[] = [];
  private readonly audio = new Audio();
  private timer = 0;
  private generation = 0;

  constructor(private readonly tell: (picture: Picture) => void) {
    this.audio.autoplay = true;
    this.audio.volume = Number(localStorage.getItem(VOLUME) ?? "1");
  }

  /** Get credentials and register. Again after a loss, by itself. */
  async start(): Promise<void> {
    this.stop();
    const generation = ++this.generation;
    this.say({ state: "connecting" });
    let credentials: Credentials;
    try {
      credentials = await ask("POST", "/softphone");
    } catch {
      this.say({ state: "failed" });
      setTimeout(() => generation === this.generation && void this.start(), 5000);
      return;
    }
    if (generation !== this.generation) return;
    this.iceServers = credentials.ice_servers;
    const ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(credentials.sip_url)],
      uri: `sip:${credentials.endpoint}@call-monitor.invalid`,
      password: credentials.password,
      register_expires: 120,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 5,
    });
    // A user agent that was stopped still tells of its end: that is of no interest any more.
    const current = () => generation === this.generation;
    const anew = (pause: number) => setTimeout(() => current() && !ua.isRegistered() && void this.start(), pause);
    ua.on("registered", () => current() && !this.session && this.say({ state: "registered" }));
    ua.on("disconnected", () => {
      if (!current()) return;
      this.say({ state: "connecting" });
      anew(PATIENCE_MS); // JsSIP tries again by itself; in vain where the server has forgotten us
    });
    ua.on("registrationFailed", () => current() && anew(PATIENCE_MS));
    ua.on("newRTCSession", ({ session }: { session: RTCSession }) => current() && this.incoming(session));
    ua.start();
    this.ua = ua;
  }

  /** This page is no phone any more. */
  stop(): void {
    this.generation++;
    this.ua?.stop();
    this.ua = null;
    this.over();
    this.release();
    this.say({ state: "off" });
  }

  /** Ask for the microphone; false where it is refused. Nothing of it is sent yet. */
  async askMicrophone(): Promise<boolean> {
    if (this.voice) return true;
    const chosen = localStorage.getItem(MICROPHONE);
    const audio: MediaTrackConstraints = chosen ? { deviceId: { ideal: chosen } } : {};
    try {
      this.voice = await navigator.mediaDevices.getUserMedia({ audio });
    } catch {
      this.say({ microphone: "refused" });
      return false;
    }
    this.said = this.analyser(this.voice);
    this.say({ microphone: "granted" });
    this.connectVoice();
    return true;
  }

  /** What Asterisk confirmed: only while it says that somebody hears me, my voice leaves this page. */
  talk(talks: boolean): void {
    if (talks === this.talks) return;
    this.talks = talks;
    this.connectVoice();
  }

  /** Loudness from 0 to 1 of what I hear, and of my microphone, now. */
  levels(): { hearing: number; speaking: number } {
    return { hearing: loudness(this.heard), speaking: loudness(this.said) };
  }

  volume(value: number): void {
    localStorage.setItem(VOLUME, String(value));
    this.audio.volume = value;
  }

  async useMicrophone(id: string): Promise<void> {
    localStorage.setItem(MICROPHONE, id);
    if (!this.voice) return;
    this.release();
    await this.askMicrophone();
  }

  async useSpeaker(id: string): Promise<void> {
    localStorage.setItem(SPEAKER, id);
    await (this.audio as { setSinkId?: (id: string) => Promise<void> }).setSinkId?.(id);
  }

  /** A second of 440 Hz in this page only, to find out whether one hears anything. */
  testTone(): void {
    const context = this.sounds();
    const tone = context.createOscillator();
    const gain = context.createGain();
    gain.gain.value = 0.2 * this.audio.volume;
    tone.frequency.value = 440;
    tone.connect(gain).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + 1);
  }

  private incoming(session: RTCSession): void {
    if ((session.direction as string) !== "incoming" || this.session) {
      session.terminate();
      return;
    }
    this.session = session;
    this.say({ state: "ringing" });
    session.on("peerconnection", ({ peerconnection }: { peerconnection: RTCPeerConnection }) => {
      peerconnection.addEventListener("track", (event) => this.hear(event.streams[0] ?? new MediaStream([event.track])));
    });
    session.on("sdp", (event: { originator: string; sdp: string }) => {
      if (event.originator === "local") event.sdp = event.sdp.replace(HIDDEN, ` ${ANYWHERE} `);
    });
    session.on("icecandidate", ({ candidate, ready }: { candidate: RTCIceCandidate; ready: () => void }) => {
      // Without STUN and TURN the first usable candidate is as good as all of them, and half a second earlier.
      if (this.iceServers.length === 0 && candidate.protocol === "udp" && candidate.type === "host") ready();
    });
    session.on("confirmed", () => {
      this.connectVoice();
      this.say({ state: "connected" });
    });
    session.on("ended", () => this.over());
    session.on("failed", () => this.over());
    session.answer({ mediaStream: this.quiet(), pcConfig: { iceServers: this.iceServers } });
  }

  private hear(stream: MediaStream): void {
    this.audio.srcObject = stream;
    const speaker = localStorage.getItem(SPEAKER);
    if (speaker) void this.useSpeaker(speaker).catch(() => undefined);
    this.heard = this.analyser(stream);
    clearInterval(this.timer);
    this.timer = window.setInterval(() => this.listen(), LISTEN_MS);
  }

  private over(): void {
    if (this.session && !this.session.isEnded()) this.session.terminate();
    this.session = null;
    this.talks = false;
    clearInterval(this.timer);
    this.audio.srcObject = null;
    this.heard = null;
    const state = this.ua?.isRegistered() ? "registered" : this.picture.state === "off" ? "off" : "connecting";
    this.say({ state, flowing: false, open: false });
  }

  /** The one place where the microphone meets the line. */
  private connectVoice(): void {
    const track = this.talks ? this.voice?.getAudioTracks()[0] : undefined;
    for (const own of this.voice?.getAudioTracks() ?? []) own.enabled = track !== undefined;
    const sender = this.session?.connection?.getSenders().find((one) => one.track?.kind === "audio");
    void sender?.replaceTrack(track ?? this.quiet().getAudioTracks()[0]!);
    this.say({ open: track !== undefined && sender !== undefined });
  }

  private sounds(): AudioContext {
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") void this.context.resume();
    return this.context;
  }

  /** Silence that flows: ChanSpy needs frames from the supervisor. */
  private quiet(): MediaStream {
    if (!this.silence) {
      const context = this.sounds();
      const out = context.createMediaStreamDestination();
      const zero = context.createConstantSource();
      zero.offset.value = 0;
      zero.connect(out);
      zero.start();
      this.silence = out.stream;
    }
    return this.silence;
  }

  private analyser(stream: MediaStream): AnalyserNode {
    const context = this.sounds();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(stream).connect(analyser);
    return analyser;
  }

  /** Until the first sound: that audio arrives is told once, how loud it is whoever asks (`levels`). */
  private listen(): void {
    if (loudness(this.heard) === 0) return;
    clearInterval(this.timer);
    this.say({ flowing: true });
  }

  private release(): void {
    for (const track of this.voice?.getTracks() ?? []) track.stop();
    this.voice = null;
    this.said = null;
  }

  private say(change: Partial<Picture>): void {
    this.picture = { ...this.picture, ...change };
    this.tell(this.picture);
  }
}

/** Root mean square, stretched so that speech fills the meter. */
function loudness(analyser: AnalyserNode | null): number {
  if (!analyser) return 0;
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  const mean = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return Math.min(1, Math.sqrt(mean) * 4);
}
