// The SIP line of this page: registered at Asterisk through our own server, and one call at a time, which Asterisk begins.

import * as JsSIP from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import { ask } from "../api/ask";
import type { IceServer, Softphone as Credentials } from "../schema";

export type LineState = "off" | "connecting" | "registered" | "ringing" | "connected" | "failed";

/** Before the microphone is granted, browsers hide their address behind a name (RFC 8839, section 5.1) that Asterisk
 * can't resolve, and with no candidate at all it would not even begin. It learns the true one from our own checks. */
const HIDDEN = / [0-9a-f-]+\.local /g;
const ANYWHERE = "127.0.0.1";
/** Without a call a lost connection is made anew after this; JsSIP tries by itself until then. */
const PATIENCE_MS = 3000;
/** How long a call waits for its signalling: the server has given up the page by then. */
const AWAY_MS = 10_000;
/** How long a stop waits for Asterisk's answer. */
const STOP_MS = 500;
const AGAIN_MS = [1000, 2000, 5000];
/** How long a call that was ended elsewhere may take to be over here. */
const OVER_MS = 1500;
/** How long registering at another PBX may take. */
const REGISTERED_MS = 5000;

/** Public in JsSIP, and not in its types. */
interface WithTransport {
  transport: { disconnect: () => void };
}

export interface Hooks {
  changed: () => void;
  /** What is sent when the call begins. */
  first: () => MediaStreamTrack;
  hear: (stream: MediaStream) => void;
  /** The call stands: now its sender can be given another track. */
  begun: () => void;
  over: () => void;
  /** Whether the call is worth more than its signalling: it goes on as long as sound comes. */
  keeps: () => boolean;
}

export class Line {
  state: LineState = "off";
  /** The signalling of a call is away and is being restored; its sound is another connection. */
  away = false;
  private ua: JsSIP.UA | null = null;
  private session: RTCSession | null = null;
  private iceServers: IceServer[] = [];
  private generation = 0;
  private tries = 0;
  private awaySince = 0;
  /** Where it registers: at this PBX, or where the server says. */
  private wanted: string | null = null;
  /** Where it is registered; null where it isn't. */
  pbx: string | null = null;
  /** Who waits for another state. */
  private readonly looking = new Set<() => void>();

  constructor(private readonly hooks: Hooks) {}

  get inCall(): boolean {
    return this.session !== null;
  }

  /** Be registered at this PBX: only its calls ring here. Whether it is, in time; never while there is a call, nor once
   * this page is no phone any more. */
  async at(pbx: string): Promise<boolean> {
    if (this.pbx === pbx && this.session) return true;
    if (!(await this.until(() => !this.session || this.state === "off", OVER_MS))) return false; // its former call goes on
    if (this.state === "off") return false;
    if (this.pbx !== pbx) {
      this.wanted = pbx;
      void this.start();
    }
    await this.until(() => ["registered", "failed", "off"].includes(this.state), REGISTERED_MS);
    return this.pbx === pbx && this.state === "registered";
  }

  /** Until that holds, for so long at most. Whether it does. */
  private until(holds: () => boolean, most: number): Promise<boolean> {
    return new Promise((done) => {
      const look = () => {
        if (!holds()) return;
        this.looking.delete(look);
        done(true);
      };
      this.looking.add(look);
      setTimeout(() => {
        this.looking.delete(look);
        done(holds());
      }, most);
      look();
    });
  }

  /** Get credentials and register. Again after a loss, by itself. */
  async start(): Promise<void> {
    const stopped = this.stop("connecting");
    const generation = this.generation;
    const current = () => generation === this.generation;
    await stopped;
    if (!current()) return;
    let credentials: Credentials;
    try {
      credentials = await ask("POST", "/softphone", this.wanted ? { query: new URLSearchParams({ pbx: this.wanted }) } : {});
    } catch {
      if (!current()) return;
      this.wanted = null; // that PBX is away: better elsewhere than nowhere
      this.set("failed");
      setTimeout(() => current() && void this.start(), AGAIN_MS[Math.min(this.tries++, AGAIN_MS.length - 1)]);
      return;
    }
    if (!current()) return;
    this.tries = 0;
    this.iceServers = credentials.ice_servers;
    this.pbx = credentials.pbx;
    this.register(credentials, current);
  }

  /** This page is no phone any more: the call ends, and the registration. Resolves when Asterisk was told, or soon. */
  async stop(next: LineState = "off"): Promise<void> {
    this.generation++;
    const ua = this.ua;
    this.ua = this.pbx = null;
    this.end();
    this.set(next);
    if (!ua) return;
    const unregistered = new Promise<void>((done) => ua.on("unregistered", () => done()));
    const told = ua.isRegistered() ? unregistered : Promise.resolve();
    ua.stop();
    await Promise.race([told, new Promise((done) => setTimeout(done, STOP_MS))]);
    (ua as unknown as WithTransport).transport.disconnect(); // JsSIP would wait two seconds, and connect again
  }

  hangUp(): void {
    this.end();
  }

  /** Send this from now on. Whether the call has it. */
  async send(track: MediaStreamTrack): Promise<boolean> {
    const session = this.session;
    const sender = session?.connection?.getSenders().find((one) => one.track?.kind === "audio");
    if (!sender) return false;
    try {
      await sender.replaceTrack(track);
    } catch {
      return false;
    }
    return session === this.session && sender.track === track;
  }

  /** The other party hears Asterisk's music, or me again. Whether Asterisk has agreed. */
  hold(on: boolean): Promise<boolean> {
    return new Promise((done) => {
      const session = this.session;
      const asked = on ? session?.hold({}, () => done(true)) : session?.unhold({}, () => done(true));
      if (!asked) done(false);
      session?.on("ended", () => done(false));
    });
  }

  private register(credentials: Credentials, current: () => boolean): void {
    const ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(credentials.sip_url)],
      uri: `sip:${credentials.endpoint}@call-monitor.invalid`,
      password: credentials.password,
      register_expires: 120,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 2,
    });
    // A user agent that was stopped still tells of its end: that is of no interest any more.
    const anew = () => setTimeout(() => current() && !ua.isRegistered() && !this.session && void this.start(), PATIENCE_MS);
    ua.on("registered", () => {
      if (!current()) return;
      this.setAway(false);
      if (!this.session) this.set("registered");
    });
    ua.on("disconnected", () => {
      if (!current()) return;
      if (this.session) return this.withoutSignalling(current);
      this.set("connecting");
      anew(); // JsSIP tries again by itself; in vain where the server has forgotten us
    });
    ua.on("registrationFailed", () => {
      if (current()) anew();
    });
    ua.on("newRTCSession", ({ session }: { session: RTCSession }) => current() && this.incoming(session));
    ua.start();
    this.ua = ua;
  }

  /** Sound and signalling are apart: a call goes on while JsSIP connects again, unless that takes too long. */
  private withoutSignalling(current: () => boolean): void {
    if (!this.away) {
      this.awaySince = Date.now();
      this.setAway(true);
    }
    if (this.hooks.keeps()) return;
    setTimeout(() => {
      if (current() && this.away && !this.hooks.keeps() && Date.now() - this.awaySince >= AWAY_MS) void this.start();
    }, Math.max(0, this.awaySince + AWAY_MS - Date.now()));
  }

  private incoming(session: RTCSession): void {
    if ((session.direction as string) !== "incoming" || this.session) {
      session.terminate(this.session ? { status_code: 486 } : {});
      return;
    }
    this.session = session;
    this.set("ringing");
    session.on("peerconnection", ({ peerconnection }: { peerconnection: RTCPeerConnection }) => {
      peerconnection.addEventListener("track", (event) => this.hooks.hear(event.streams[0] ?? new MediaStream([event.track])));
    });
    session.on("sdp", (event: { originator: string; sdp: string }) => {
      if (event.originator === "local") event.sdp = event.sdp.replace(HIDDEN, ` ${ANYWHERE} `);
    });
    session.on("icecandidate", ({ candidate, ready }: { candidate: RTCIceCandidate; ready: () => void }) => {
      // Without STUN and TURN the first usable candidate is as good as all of them, and half a second earlier.
      if (this.iceServers.length === 0 && candidate.protocol === "udp" && candidate.type === "host") ready();
    });
    const mine = () => session === this.session;
    session.on("confirmed", () => {
      if (!mine()) return;
      this.set("connected");
      this.hooks.begun();
    });
    // JsSIP switches the sender's track off and on for a hold; what is sent is decided elsewhere, so it is sent anew.
    session.on("hold", () => mine() && this.hooks.begun());
    session.on("unhold", () => mine() && this.hooks.begun());
    session.on("ended", () => mine() && this.end());
    session.on("failed", () => mine() && this.end());
    session.answer({ mediaStream: new MediaStream([this.hooks.first()]), pcConfig: { iceServers: this.iceServers } });
  }

  private end(): void {
    const session = this.session;
    this.session = null;
    if (!session) return;
    if (!session.isEnded()) session.terminate();
    this.hooks.over();
    const lost = this.away;
    this.setAway(false);
    if (this.ua?.isRegistered() && !lost) this.set("registered");
    else if (this.ua) void this.start();
  }

  private set(state: LineState): void {
    this.state = state;
    this.hooks.changed();
    for (const look of [...this.looking]) look();
  }

  private setAway(away: boolean): void {
    if (away === this.away) return;
    this.away = away;
    this.hooks.changed();
  }
}
