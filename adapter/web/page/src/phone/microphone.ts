// My microphone: asked for when I am to be heard, released afterwards, and watched while it is open.

const CHOSEN = "microphone";

/** `granted`: it is open here, whether or not the line gets it. `muted`: the system or its own switch silences it. */
export type MicrophoneState = "unasked" | "asking" | "granted" | "refused" | "missing" | "lost" | "muted";

export class Microphone {
  state: MicrophoneState = "unasked";
  stream: MediaStream | null = null;
  private asking: Promise<boolean> | null = null;
  private asked = 0;
  private former = "";

  /** `changed`: its state is another, or its stream. `wanted`: whether I am to be heard now. */
  constructor(
    private readonly changed: () => void,
    private readonly wanted: () => boolean,
  ) {
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.devicesChanged());
  }

  /** Its track, while that gives sound. */
  get track(): MediaStreamTrack | null {
    const track = this.stream?.getAudioTracks()[0];
    return track?.readyState === "live" ? track : null;
  }

  /** Open it, unless it is open. Whether it is. */
  async ask(): Promise<boolean> {
    if (this.track) return true;
    this.asking ??= this.open(localStorage.getItem(CHOSEN) ?? "default", false).finally(() => (this.asking = null));
    return this.asking;
  }

  /** Use another from now on. Whether that worked; if not, all stays as it was. What is closed is not opened for it. */
  async choose(id: string): Promise<boolean> {
    if (this.track && !(await this.open(id, true))) return false;
    localStorage.setItem(CHOSEN, id);
    return true;
  }

  /** Cut or let through, at once: what is cut gives silence from this moment on. */
  enable(on: boolean): void {
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = on;
  }

  /** Close it: the browser's sign that it records goes out. */
  release(): void {
    this.asked++;
    this.drop();
    this.set("unasked");
  }

  private async open(id: string, swap: boolean): Promise<boolean> {
    const asked = ++this.asked;
    const device: ConstrainDOMString = swap ? { exact: id } : { ideal: id };
    if (!swap) this.set("asking");
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: id === "default" ? true : { deviceId: device } });
    } catch (problem) {
      if (!swap && asked === this.asked) this.set(isRefusal(problem) ? "refused" : "missing");
      return false;
    }
    if (asked !== this.asked) {
      for (const track of stream.getTracks()) track.stop();
      return false;
    }
    for (const track of stream.getAudioTracks()) track.enabled = false;
    this.drop();
    this.stream = stream;
    this.watch(stream.getAudioTracks()[0]!);
    return true;
  }

  private watch(track: MediaStreamTrack): void {
    const mine = () => track === this.stream?.getAudioTracks()[0];
    this.former = track.getSettings().deviceId ?? "";
    track.addEventListener("ended", () => {
      if (!mine()) return;
      this.drop();
      this.set("lost");
    });
    track.addEventListener("mute", () => mine() && this.set("muted"));
    track.addEventListener("unmute", () => mine() && this.set("granted"));
    this.set(track.muted ? "muted" : "granted");
  }

  /** The one that was lost is there again, or there is one at all: no other than that opens by itself. */
  private async devicesChanged(): Promise<void> {
    if (!this.gone || !this.wanted()) return;
    const found = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "audioinput");
    const back = found.some((device) => this.state === "missing" || device.deviceId === this.former);
    if (back && this.gone && this.wanted()) await this.ask();
  }

  private get gone(): boolean {
    return this.state === "lost" || this.state === "missing";
  }

  private drop(): void {
    const stream = this.stream;
    this.stream = null;
    for (const track of stream?.getTracks() ?? []) track.stop();
  }

  private set(state: MicrophoneState): void {
    this.state = state;
    this.changed();
  }
}

function isRefusal(problem: unknown): boolean {
  return problem instanceof DOMException && (problem.name === "NotAllowedError" || problem.name === "SecurityError");
}
