// My monitoring of the frame's call: the same rules as in the whole page, with a phone that is elsewhere.
//
// The sound is at the desk phone, or in the tab that has the whole page open: no microphone is ever asked for here.

import { useCallback, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { hears, type Hears, type Voice } from "../core/hears";
import { isUp, type Picture } from "../core/picture";
import { REST_MS } from "../core/talk";
import type { Names } from "../inbox/sentence";
import { useTalk, type TalkGroup } from "../inbox/usetalk";
import type { Call, HelpAnswer, Monitor, User } from "../schema";
import { words } from "../words";

export interface Monitoring {
  /** My monitor of this call, connecting or live. */
  readonly mine: Monitor | undefined;
  readonly hears: Hears | null;
  readonly names: Names;
  readonly group: TalkGroup;
  readonly busy: boolean;
  readonly problem: string;
  readonly start: (call: Call, device: string | null) => void;
  readonly stop: () => void;
  readonly take: (request: HelpAnswer, device: string | null) => void;
  readonly pause: (call: Call) => void;
  readonly resume: (call: Call) => void;
}

const ELSEWHERE: Voice = { browser: false, microphone: "unasked", open: false, heard: false, blocked: false, resumed: false };
const PHONE = { holdsLeg: false, softphone: { talk: () => undefined, askMicrophone: () => Promise.resolve(false) } };

export function useFrameMonitoring(me: User, call: Call | undefined, picture: Picture): Monitoring {
  const { connected } = picture;
  const mine = [...picture.monitors.values()].find((monitor) => monitor.supervisor.user_id === me.id);
  const group = useTalk(mine, connected, PHONE);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const now = mine && hears({ connected, pbxUp: isUp(picture, mine.pbx), monitor: mine, call, talk: group.talk, voice: ELSEWHERE });
  const names = { agent: call?.agent.name ?? words.agent, device: mine?.device?.split("/").pop() ?? "" };
  // After it was answered nothing else starts for a while: a second press is the first one's.
  const run = useCallback(async (work: () => Promise<unknown>) => {
    setBusy(true);
    setProblem("");
    await attempt(work, setProblem);
    setTimeout(() => setBusy(false), REST_MS);
  }, []);
  const end = () => (mine ? ask("DELETE", "/monitors/{id}", { at: { id: mine.id } }) : Promise.resolve());
  const ring = (device: string | null) => (device ? { device } : {});
  return {
    ...{ mine, hears: now ?? null, names, group, busy },
    problem: problem || group.problem,
    start: ({ id }, device) => void run(() => ask("POST", "/monitors", { body: { call_id: id, ...ring(device) } })),
    stop: () => void run(end),
    take: ({ id }, device) => void run(() => (mine?.follow_id ? Promise.resolve() : end()).then(() => ask("POST", "/help/{id}/take", { at: { id }, body: ring(device) }))),
    pause: ({ id }) => void run(() => ask("POST", "/calls/{id}/shield", { at: { id }, body: {} })),
    resume: ({ id }) => void run(() => ask("DELETE", "/calls/{id}/shield", { at: { id } })),
  };
}
