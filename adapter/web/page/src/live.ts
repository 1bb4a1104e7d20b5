// The live picture: a snapshot and every change after it, from /events. Only what the server says is shown.

import type { Call, Coach, Gone, Monitor, PbxState, RecordState, Snapshot, User } from "./schema";

export interface Picture {
  user: User | null;
  calls: Map<string, Call>;
  monitors: Map<string, Monitor>;
  coaches: Map<string, Coach>;
  pbx: PbxState | null;
  /** Whether what happens can be recorded; only for those who may monitor. */
  record: RecordState | null;
  /** Whether the stream stands; when not, what is shown may be old, and says so. */
  connected: boolean;
  /** My own monitor that ended last, for saying why. */
  ended: Monitor | null;
}

type Listener = (picture: Picture) => void;

export class Live {
  picture: Picture = {
    user: null,
    calls: new Map(),
    monitors: new Map(),
    coaches: new Map(),
    pbx: null,
    record: null,
    connected: false,
    ended: null,
  };
  private source: EventSource | null = null;
  private retry = 0;
  private due = false;

  constructor(
    private readonly listener: Listener,
    private readonly signedOut: () => void,
  ) {}

  open(): void {
    const source = new EventSource("/api/v1/events");
    this.source = source;
    const on = (kind: string, take: (data: never) => void): void =>
      source.addEventListener(kind, (event) => {
        take(JSON.parse((event as MessageEvent<string>).data) as never);
        this.tell();
      });
    on("snapshot", (data: Snapshot) => {
      const picture = this.picture;
      picture.user = data.user;
      picture.calls = new Map(data.calls.map((call) => [call.id, call]));
      picture.monitors = new Map(data.monitors.map((monitor) => [monitor.id, monitor]));
      picture.coaches = coachesIn(data.user, picture);
      picture.pbx = data.pbx;
      picture.record = data.record ?? null;
      picture.connected = true;
      this.retry = 0;
    });
    on("call.updated", (call: Call) => this.picture.calls.set(call.id, call));
    on("call.removed", ({ id }: Gone) => this.picture.calls.delete(id));
    on("monitor.updated", (monitor: Monitor) => this.picture.monitors.set(monitor.id, monitor));
    on("monitor.removed", ({ id }: Gone) => this.picture.monitors.delete(id));
    on("monitor.ended", (monitor: Monitor) => {
      this.picture.monitors.delete(monitor.id);
      if (monitor.supervisor.user_id === this.picture.user?.id) this.picture.ended = monitor;
    });
    on("coach.joined", (coach: Coach) => this.picture.coaches.set(coach.monitor_id, coach));
    on("coach.left", (coach: Coach) => this.picture.coaches.delete(coach.monitor_id));
    on("pbx.state", (pbx: PbxState) => (this.picture.pbx = pbx));
    on("record.state", (record: RecordState) => (this.picture.record = record));
    source.onerror = () => this.lost();
  }

  /** The stream broke: say so, see whether we are still signed in, and try again with growing pauses. */
  private lost(): void {
    this.source?.close();
    this.picture.connected = false;
    this.tell();
    const pause = Math.min(10_000, 300 * 2 ** this.retry++) * (0.5 + Math.random() / 2);
    setTimeout(async () => {
      const response = await fetch("/api/v1/session").catch(() => null);
      if (this.source === null) return;
      if (response?.status === 401) this.signedOut();
      else if (response?.ok) this.open();
      else this.lost();
    }, pause);
  }

  close(): void {
    this.source?.close();
    this.source = null;
  }

  /** Many changes at once are one picture. */
  private tell(): void {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.listener({ ...this.picture });
    });
    // A hidden page gets no animation frames; it must be true all the same when it is looked at.
    if (document.hidden) {
      this.due = false;
      this.listener({ ...this.picture });
    }
  }
}

function coachesIn(user: User, picture: Picture): Map<string, Coach> {
  const found = new Map<string, Coach>();
  for (const monitor of picture.monitors.values()) {
    const call = picture.calls.get(monitor.call_id);
    if (call?.agent.user_id === user.id && monitor.state === "live" && monitor.mode !== "silent") {
      found.set(monitor.id, { monitor_id: monitor.id, call_id: call.id, supervisor: monitor.supervisor, mode: monitor.mode });
    }
  }
  return found;
}
