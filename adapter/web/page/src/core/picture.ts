// The live picture, and how each event changes it. Pure: no stream, no clock, no page.

import type {
  AgentStatus, Call, Coach, Events, FollowAnswer, HelpAnswer, MessageAnswer, Monitor, NamedPbxState, QueueStatus, RecordState, Snapshot, User,
} from "../schema";

export interface Picture {
  user: User | null;
  calls: ReadonlyMap<string, Call>;
  monitors: ReadonlyMap<string, Monitor>;
  coaches: ReadonlyMap<string, Coach>;
  agents: ReadonlyMap<string, AgentStatus>;
  queues: ReadonlyMap<string, QueueStatus>;
  /** Requests for help that are not closed. */
  help: ReadonlyMap<string, HelpAnswer>;
  /** Follows that are not over. */
  follows: ReadonlyMap<string, FollowAnswer>;
  /** Between me and whom I talk to, or who talks to me; oldest first. */
  messages: ReadonlyMap<string, MessageAnswer>;
  /** For how many days messages are kept; 0: not at all. */
  keepDays: number;
  /** How the connection to each PBX is, by its id. */
  pbxs: ReadonlyMap<string, NamedPbxState>;
  /** Whether what happens can be recorded; only for those who may monitor. */
  record: RecordState | null;
  /** Whether the stream stands; when not, what is shown may be old, and says so. */
  connected: boolean;
  /** My own monitor that ended last, for saying why. */
  ended: Monitor | null;
}

export const NO_PBXS: Picture["pbxs"] = new Map();

export const NOTHING: Picture = {
  user: null,
  calls: new Map(),
  monitors: new Map(),
  coaches: new Map(),
  agents: new Map(),
  queues: new Map(),
  help: new Map(),
  follows: new Map(),
  messages: new Map(),
  keepDays: 0,
  pbxs: NO_PBXS,
  record: null,
  connected: false,
  ended: null,
};

/** All that can happen: what the server tells, and that its stream broke. */
interface Happenings extends Events {
  lost: null;
}
type Kind = keyof Happenings;
export type Happening<K extends Kind = Kind> = { [P in K]: { kind: P; data: Happenings[P] } }[K];

const effects: { [K in Kind]: (picture: Picture, data: Happenings[K]) => Partial<Picture> } = {
  snapshot: (_, data) => seen(data),
  "call.updated": ({ calls }, call) => ({ calls: put(calls, call.id, call) }),
  "call.removed": ({ calls }, { id }) => ({ calls: without(calls, id) }),
  "monitor.updated": ({ monitors }, monitor) => ({ monitors: put(monitors, monitor.id, monitor) }),
  "monitor.removed": ({ monitors, messages }, { id }) => ({ monitors: without(monitors, id), messages: withoutThose(messages, id) }),
  "monitor.ended": ({ monitors, messages, user, ended }, monitor) => ({
    monitors: without(monitors, monitor.id),
    messages: withoutThose(messages, monitor.id),
    ended: monitor.supervisor.user_id === user?.id ? monitor : ended,
  }),
  "coach.joined": ({ coaches }, coach) => ({ coaches: put(coaches, coach.monitor_id, coach) }),
  "coach.left": ({ coaches }, coach) => ({ coaches: without(coaches, coach.monitor_id) }),
  "agent.updated": ({ agents }, agent) => ({ agents: put(agents, agent.id, agent) }),
  "agent.removed": ({ agents }, { id }) => ({ agents: without(agents, id) }),
  "queue.updated": ({ queues }, queue) => ({ queues: put(queues, queue.id, queue) }),
  "queue.removed": ({ queues }, { id }) => ({ queues: without(queues, id) }),
  "help.updated": ({ help }, request) => ({ help: put(help, request.id, request) }),
  "help.removed": ({ help }, { id }) => ({ help: without(help, id) }),
  "follow.updated": ({ follows }, follow) => ({ follows: put(follows, follow.id, follow) }),
  "follow.removed": ({ follows }, { id }) => ({ follows: without(follows, id) }),
  "message.sent": ({ messages }, message) => ({ messages: put(messages, message.id, message) }),
  "pbx.state": ({ pbxs }, pbx) => ({ pbxs: put(pbxs, pbx.id, pbx) }),
  "record.state": (_, record) => ({ record }),
  lost: () => ({ connected: false }),
};

/** What the server's events are called. */
export const EVENTS = Object.keys(effects).filter((kind) => kind !== "lost") as (keyof Events)[];

/** The picture after this event. What it doesn't touch stays the same object. */
export function changed<K extends Kind>(picture: Picture, { kind, data }: Happening<K>): Picture {
  return { ...picture, ...effects[kind](picture, data) };
}

/** Whether this PBX is in sight. */
export function isUp({ pbxs }: Picture, id: string | undefined): boolean {
  return id !== undefined && pbxs.get(id)?.state === "connected";
}

/** Whether there are several PBXes: then it matters at which one something is. */
export function several({ pbxs }: Picture): boolean {
  return pbxs.size > 1;
}

/** The PBXes that are out of sight. */
export function awayOf({ pbxs }: Picture): NamedPbxState[] {
  return [...pbxs.values()].filter(({ state }) => state !== "connected");
}

function seen(snapshot: Snapshot): Partial<Picture> {
  const { user, calls, monitors, agents, queues, help, follows, messages, message_keep_days: keepDays, pbxs, record } = snapshot;
  const picture = { calls: byId(calls), monitors: byId(monitors) };
  const floor = { agents: byId(agents), queues: byId(queues) };
  const coaching = { coaches: coachesIn(user, picture), help: byId(help), follows: byId(follows), messages: byId(messages) };
  const more = { ...coaching, keepDays, pbxs: byId(pbxs), record: record ?? null };
  return { ...picture, ...floor, ...more, user, connected: true };
}

/** Who talks to me: a snapshot has no coaches of its own. */
function coachesIn(user: User, { calls, monitors }: Pick<Picture, "calls" | "monitors">): Map<string, Coach> {
  const found = new Map<string, Coach>();
  for (const { id, call_id, supervisor, mode, state } of monitors.values()) {
    const mine = calls.get(call_id)?.agent.user_id === user.id;
    if (mine && state === "live" && mode !== "silent") found.set(id, { monitor_id: id, call_id, supervisor, mode });
  }
  return found;
}

function byId<T extends { id: string }>(all: T[]): Map<string, T> {
  return new Map(all.map((one) => [one.id, one]));
}

/** To the agent a talk is a monitor: when that is over, nothing of it is left. */
function withoutThose(all: Picture["messages"], monitor: string): Picture["messages"] {
  const left = [...all].filter(([, { monitor_id }]) => monitor_id !== monitor);
  return left.length < all.size ? new Map(left) : all;
}

function put<T>(all: ReadonlyMap<string, T>, id: string, one: T): Map<string, T> {
  return new Map(all).set(id, one);
}

function without<T>(all: ReadonlyMap<string, T>, id: string): ReadonlyMap<string, T> {
  const left = new Map(all);
  return left.delete(id) ? left : all;
}
