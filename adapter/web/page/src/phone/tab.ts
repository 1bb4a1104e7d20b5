// One tab holds the phone: a lock of the browser's for each user says which, and a channel moves it to another.

/** What the phone of a tab does, as far as it matters to who wants to move it. */
export type Doing = "nothing" | "listening" | "talking" | "taken" | "unknown";

interface Message {
  /** A tab, or HOLDER. */
  to: string;
  from: string;
  /** Which of the asking tab's questions this is, or answers. */
  question: number;
  want?: { sure: boolean };
  /** The holder's answer: it does this, and was not moved; or null: it is free now. */
  does?: Doing | null;
  /** The phone is wanted at this PBX; and the holder's answer, whether it is there. */
  at?: string;
  is?: boolean;
}

interface Hooks {
  /** This tab holds the phone from now on. */
  held: () => void;
  /** Another tab has it, or gets it as soon as this resolves. */
  elsewhere: () => Promise<void>;
  doing: () => Doing;
  /** Register at this PBX. Whether it is there. */
  at: (pbx: string) => Promise<boolean>;
}

const HOLDER = "holder";
const ANSWER_MS = 1000;
const MOVE_MS = 5000;
/** For registering at another PBX. */
const AT_MS = 7000;
/** A tab that is reloaded gets its phone back: the others wait so long before they take a phone that is free. */
const RELOAD_MS = 3000;

export class Tab {
  private readonly id = Math.random().toString(36).slice(2);
  private readonly name: string;
  private readonly channel: BroadcastChannel;
  private release: (() => void) | null = null;
  private readonly questions = new Map<number, (answer: Message | null) => void>();
  private asked = 0;
  private readonly closed = new AbortController();

  constructor(
    userId: string,
    private readonly hooks: Hooks,
  ) {
    this.name = `phone of ${userId}`;
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = (event: MessageEvent<Message>) => void this.told(event.data);
  }

  get holds(): boolean {
    return this.release !== null;
  }

  /** Hold the phone if no other tab does; else wait until that one is gone. */
  async start(): Promise<void> {
    // Without TLS browsers have no locks, and no microphone either: then each tab is by itself.
    if (!("locks" in navigator)) return this.hold();
    if (await this.request({ ifAvailable: true })) return;
    await this.hooks.elsewhere();
    void this.wait();
  }

  /** This tab wants no phone any more. */
  close(): void {
    this.closed.abort();
    this.channel.close();
    for (const over of [...this.questions.values()]) over(null);
    this.release?.();
    this.release = null;
  }

  /** Move the phone to this tab. Null when that is done; otherwise what the other tab does, which `sure` would end. */
  async take(sure: boolean): Promise<Doing | null> {
    if (this.holds) return null;
    const answer = await this.question({ want: { sure } }, ANSWER_MS);
    if (this.closed.signal.aborted) return "unknown";
    const does = answer ? (answer.does ?? null) : "unknown";
    if (does !== null && !sure) return does;
    // A tab that was asked and doesn't answer hangs: the browser takes its lock away.
    const wish = does === null ? { signal: AbortSignal.timeout(MOVE_MS) } : { steal: true };
    return (await this.request(wish)) ? null : "unknown";
  }

  /** Have the phone at this PBX, whichever tab it is. Whether it is there. */
  async at(pbx: string): Promise<boolean> {
    if (this.holds) return this.hooks.at(pbx);
    return (await this.question({ at: pbx }, AT_MS))?.is === true;
  }

  /** The holder's answer; null where none comes in time, or this tab closes meanwhile. */
  private question(what: Pick<Message, "want" | "at">, most: number): Promise<Message | null> {
    return new Promise((done) => {
      const question = ++this.asked;
      const over = (answer: Message | null) => {
        clearTimeout(timer);
        this.questions.delete(question);
        done(answer);
      };
      const timer = setTimeout(() => over(null), most);
      this.questions.set(question, over);
      this.post({ to: HOLDER, question, ...what });
    });
  }

  /** Wait until the lock is free and stays so: whoever had it may only be reloading. */
  private async wait(): Promise<void> {
    const { signal } = this.closed;
    while (!signal.aborted && !this.holds) {
      const gone = await navigator.locks.request(this.name, { signal }, () => true).catch(() => false);
      if (!gone || this.holds) return;
      await new Promise((done) => setTimeout(done, RELOAD_MS));
      if (!signal.aborted && (await this.request({ ifAvailable: true }))) return;
    }
  }

  /** Whether this tab got the lock; it keeps it until it is released or taken away. */
  private request(options: LockOptions): Promise<boolean> {
    return new Promise((got) => {
      const holding = navigator.locks.request(this.name, options, (lock) => {
        if (!lock || this.closed.signal.aborted) return got(false);
        this.hold();
        got(true);
        return new Promise<void>((free) => (this.release = free));
      });
      holding.catch(() => {
        got(false);
        if (this.holds) void this.lost(); // taken away
      });
    });
  }

  private hold(): void {
    this.release = () => undefined;
    this.hooks.held();
  }

  private async lost(): Promise<void> {
    const release = this.release;
    this.release = null;
    await this.hooks.elsewhere();
    release?.();
    void this.wait();
  }

  private async told(message: Message): Promise<void> {
    const { from: to, question, at, want } = message;
    if (message.to === this.id) return this.questions.get(question)?.(message);
    if (message.to !== HOLDER || !this.holds) return;
    if (at !== undefined) return this.post({ to, question, is: await this.hooks.at(at) });
    if (!want) return;
    const does = this.hooks.doing();
    if (does !== "nothing" && !want.sure) return this.post({ to, question, does });
    await this.lost();
    this.post({ to, question, does: null });
  }

  private post(message: Omit<Message, "from">): void {
    if (!this.closed.signal.aborted) this.channel.postMessage({ from: this.id, ...message });
  }
}
