// My own monitoring, whatever page is shown: what it is, who hears me, and the actions on it.

import { useCallback, useEffect, useLayoutEffect, useState } from "preact/hooks";
import { ask, Refused } from "../api/ask";
import { attempt } from "../api/problems";
import { hears, type Act, type Hears, type Voice } from "../core/hears";
import { isUp, several, type Picture } from "../core/picture";
import { opens, REST_MS } from "../core/talk";
import { usePhone, type Phone } from "../phone/usephone";
import { BROWSER } from "../phone/devices";
import { FollowBar, StopFollowing } from "../coaching/follow";
import { myFollow } from "../core/follow";
import type { Call, FollowAnswer, HelpAnswer, Monitor, User } from "../schema";
import { isShortcut } from "../ui/keys";
import { words } from "../words";
import { Bar, TakenBar } from "./bar";
import type { Names } from "./sentence";
import { useTabSign } from "./tabsign";
import { useTalk, type TalkGroup } from "./usetalk";

export interface MyMonitoring {
  /** My monitor, connecting or live. */
  readonly mine: Monitor | undefined;
  readonly call: Call | undefined;
  /** My follow, also while no call is heard. */
  readonly follow: FollowAnswer | undefined;
  readonly hears: Hears | null;
  readonly names: Names;
  readonly phone: Phone;
  readonly group: TalkGroup;
  /** Whether a start or a stop is on its way, or was a moment ago. */
  readonly busy: boolean;
  readonly start: (call: string) => void;
  readonly stop: () => void;
  readonly switchTo: (call: string) => void;
  /** Come to help: what I monitor now ends first, a follow pauses. `tell` is told what went wrong. Whether it worked. */
  readonly take: (request: HelpAnswer, tell: (problem: string) => void) => Promise<boolean>;
  /** Follow an agent by the id of their account, at the PBX where their phone is; `next`: their next call only. */
  readonly followAgent: (agent: string, pbx: string, next: boolean, tell: (problem: string) => void) => Promise<void>;
  readonly act: (act: Act) => void;
  /** What went wrong with this call: of another one it says nothing here. */
  readonly problemOf: (call: string) => string;
  readonly tell: (problem: string) => void;
}

const NO_PROBLEM = { about: "", text: "" };

export function useMonitoring(me: User, picture: Picture | null): MyMonitoring {
  const mine = [...(picture?.monitors.values() ?? [])].find((monitor) => monitor.supervisor.user_id === me.id);
  const connected = picture?.connected ?? false;
  const phone = usePhone(me, mine, picture);
  const group = useTalk(mine, connected, phone);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(NO_PROBLEM);
  const call = mine && picture?.calls.get(mine.call_id);
  const follow = myFollow(me, picture);
  const now = mine && hears({ connected, pbxUp: picture !== null && isUp(picture, mine.pbx), monitor: mine, call, talk: group.talk, voice: voice(phone, mine) });
  const names = { agent: call?.agent.name ?? words.agent, device: mine?.device?.split("/").pop() ?? "" };

  // After a stop was answered nothing starts for a while (`rest`): a second press is the first one's.
  const run = useCallback(async (about: string, work: () => Promise<unknown>, rest: number) => {
    setBusy(true);
    setProblem(NO_PROBLEM);
    await attempt(work, (text) => setProblem({ about, text }));
    setTimeout(() => setBusy(false), rest);
  }, []);
  const device = phone.device === BROWSER ? { device: BROWSER } : {};
  /** The page's phone is at the PBX of the call. Raises where it is not, nor where somebody has signed out meanwhile. */
  const reach = async (at: string | undefined) => {
    const isThere = phone.device !== BROWSER || !picture || !several(picture) || !at || (await phone.softphone.at(at));
    if (!isThere) throw new Refused(409, "device_unavailable", words.problem_device_unavailable);
  };
  const begin = async (id: string) => {
    await reach(picture?.calls.get(id)?.pbx);
    return ask("POST", "/monitors", { body: { call_id: id, ...device } });
  };
  const end = () => (mine ? ask("DELETE", "/monitors/{id}", { at: { id: mine.id } }) : Promise.resolve());
  const take: MyMonitoring["take"] = async ({ id, pbx }, tell) => {
    setBusy(true);
    const come = async () => {
      if (mine && !mine.follow_id) await end(); // what is followed pauses by itself
      await reach(pbx);
      await ask("POST", "/help/{id}/take", { at: { id }, body: device });
    };
    const worked = await attempt(come, tell);
    setTimeout(() => setBusy(false), REST_MS);
    return worked;
  };
  const followAgent: MyMonitoring["followAgent"] = async (agent_user_id, pbx, next, tell) => {
    setBusy(true);
    const begin = async () => {
      await reach(pbx);
      await ask("POST", "/follows", { body: { agent_user_id, ...device, ...(next && { calls: 1 }) } });
    };
    await attempt(begin, tell);
    setTimeout(() => setBusy(false), REST_MS);
  };
  const act = (what: Act) => {
    if (what === "silence") group.press("silent");
    else if (what === "microphone") void phone.softphone.askMicrophone();
    else phone.softphone.resumeSound();
  };
  useEffect(() => setProblem(NO_PROBLEM), [mine?.id]);
  useTabSign(now ?? null, names);
  useSilenceKey(group);
  useLeaving(opens(group.talk) || phone.taken !== null);
  return {
    mine,
    call,
    follow,
    hears: now ?? null,
    names,
    phone,
    group,
    busy,
    start: (id) => void run(id, () => begin(id), 0),
    stop: () => void run(mine?.call_id ?? "", end, REST_MS),
    switchTo: (id) => void run(id, () => end().then(() => begin(id)), REST_MS),
    take,
    followAgent,
    act,
    problemOf: (id) => (problem.about === id && problem.text) || (mine?.call_id === id ? group.problem : ""),
    tell: (text) => setProblem({ about: mine?.call_id ?? "", text }),
  };
}

function voice({ picture, holdsLeg, resumed }: Phone, mine: Monitor): Voice {
  const { microphone, open, blocked, heardByMeter: heard } = picture;
  return { browser: holdsLeg, microphone, open, heard, blocked, resumed: resumed === mine.call_id };
}

/** Silence is one key, on every page. */
function useSilenceKey(group: TalkGroup): void {
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isShortcut(event) && event.key === "s") group.press("silent", event.repeat);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [group]);
}

/** While somebody hears me, closing the page is asked about. */
function useLeaving(heard: boolean): void {
  useEffect(() => {
    if (!heard) return;
    const onLeave = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", onLeave);
    return () => removeEventListener("beforeunload", onLeave);
  }, [heard]);
}

export function Monitoring({ monitoring, go, picture }: { monitoring: MyMonitoring; go: () => void; picture: Picture | null }) {
  const { mine, call, follow, hears: now, names, group, phone, busy, stop } = monitoring;
  if (phone.taken) return <TakenBar taken={phone.taken} go={go} />;
  if (!mine || !now) return follow ? <FollowBar follow={follow} known={picture?.connected === true && isUp(picture, follow.pbx)} /> : null;
  const more = follow && <StopFollowing follow={follow} />;
  return (
    <Bar monitor={mine} call={call} hears={now} names={names} go={go} silence={() => group.press("silent")} stop={stop} stopping={busy} more={more} />
  );
}
