// The frame's one call: who talks, monitoring on and off, who hears me, the three modes, help, and pausing monitoring.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { toldMode } from "../core/embed";
import { isUp, type Picture } from "../core/picture";
import { pausedUntil } from "../core/shield";
import { numberOf } from "../inbox/number";
import { endWords } from "../inbox/ends";
import { Sentence } from "../inbox/sentence";
import { TalkButtons } from "../inbox/talkbuttons";
import { BROWSER } from "../phone/devices";
import type { Call, User } from "../schema";
import { useMeant } from "../ui/anchored";
import { useClocks } from "../ui/clocks";
import { Icon } from "../ui/icons";
import { isShortcut } from "../ui/keys";
import { timeOf } from "../ui/when";
import { say, words } from "../words";
import { useFrameMonitoring, type Monitoring } from "./monitoring";
import { useTold } from "./parent";

interface Props {
  me: User;
  picture: Picture;
  origin: string;
}

export function CallFrame({ me, picture, origin }: Props) {
  const call = [...picture.calls.values()][0];
  const monitoring = useFrameMonitoring(me, call, picture);
  const { mine, hears, group } = monitoring;
  const [chosen, setChosen] = useState<string | null>(null);
  const device = chosen ?? (me.device ? null : BROWSER);
  const known = picture.connected && isUp(picture, call?.pbx ?? mine?.pbx);
  useTold(origin, toldMode(mine, hears, picture.connected));
  const root = useRef<HTMLElement>(null);
  useClocks(root, picture);
  const toggles = !monitoring.busy && (mine !== undefined || mayStart(call, known));
  const toggle = () => {
    if (!toggles) return;
    if (mine) monitoring.stop();
    else if (call) monitoring.start(call, device);
  };
  useFrameKeys({
    m: (repeated) => !repeated && toggle(),
    t: (repeated) => mine && known && group.press("whisper", repeated),
    j: (repeated) => mine && known && group.press("barge", repeated),
    s: (repeated) => group.press("silent", repeated),
  });
  const paused = pausedUntil(call);
  const ended = mine ? null : picture.ended;
  return (
    <main class="embed panel" ref={root} data-stale={picture.connected ? undefined : true}>
      <header>
        <button
          type="button" class={"toggle" + (mine ? " on" : "")} aria-label={words.callMonitoring} title={words.callMonitoring}
          aria-pressed={mine !== undefined} aria-busy={monitoring.busy} aria-disabled={!toggles} aria-keyshortcuts="m"
          onClick={(event) => event.detail <= 1 && toggle()}
        >
          <Icon of="silent" />
        </button>
        <Whose call={call} begun={picture.user !== null} />
      </header>
      <div class="said">
        {mine && hears && <Sentence hears={hears} names={monitoring.names} act={() => group.press("silent")} />}
        {!mine && !picture.connected && picture.user !== null && <p class="problem">{words.lostStream}</p>}
        {call?.monitorable === false && <p role="status">{words.notMonitorable}</p>}
        {paused !== null && <p role="status">{say(words.pausedUntil, { time: timeOf(paused) })}</p>}
        {ended && (
          <p role="status" class="ended">
            {endWords(ended.ended_reason)}
          </p>
        )}
        <p role="alert" class="problem">
          {monitoring.problem}
        </p>
      </div>
      <HelpHere picture={picture} call={call} monitoring={monitoring} device={device} known={known} />
      <footer>
        {mine && <TalkButtons me={me} monitor={mine} call={call} group={group} known={known} />}
        <div class="row">
          <Devices me={me} device={device} choose={setChosen} busy={mine !== undefined} />
          {call && <Pause me={me} call={call} monitoring={monitoring} known={known} />}
        </div>
      </footer>
    </main>
  );
}

function mayStart(call: Call | undefined, known: boolean): boolean {
  return call !== undefined && known && call.monitorable && pausedUntil(call) === null && call.answered_at !== null;
}

function Whose({ call, begun }: { call: Call | undefined; begun: boolean }) {
  if (!call) return <h1>{begun ? words.callOver : words.embedLoading}</h1>;
  return (
    <>
      <div class="whose">
        <h1>{say(words.talkHeading, { agent: call.agent.name, customer: numberOf(call) })}</h1>
      </div>
      <p class="running">
        <time data-since={call.answered_at ?? call.started_at} />
      </p>
    </>
  );
}

interface HelpProps {
  picture: Picture;
  call: Call | undefined;
  monitoring: Monitoring;
  device: string | null;
  known: boolean;
}

/** Whether this call's agent asks for help. */
function HelpHere({ picture, call, monitoring, device, known }: HelpProps) {
  const request = [...picture.help.values()].find((one) => one.call_id === call?.id);
  const meant = useMeant(request ? request.id + request.state : "");
  if (!request || !call) return null;
  const free = known && !monitoring.busy && pausedUntil(call) === null;
  return (
    <section class="help" aria-label={words.helpRequests}>
      <p class="row">
        <Icon of="help" />
        <span class="grow">
          {say(words.embedAsks, { name: request.agent.name })} {request.note}
        </span>
        {request.taken_by ? (
          <span class="chip">
            <span>{say(words.helpTakenBy, { name: request.taken_by.name })}</span>
          </span>
        ) : (
          <button type="button" class="main" aria-disabled={!free} onClick={(press) => meant(press) && free && monitoring.take(request, device)}>
            {words.take}
          </button>
        )}
      </p>
    </section>
  );
}

interface DevicesProps {
  me: User;
  device: string | null;
  choose: (device: string | null) => void;
  busy: boolean;
}

/** What rings: the desk phone, or the tab that has the whole page open with this browser as the phone. */
function Devices({ me, device, choose, busy }: DevicesProps) {
  return (
    <label class="phone-choice">
      <span class="hidden">{words.listenWith}</span>
      <select value={device ?? "desk"} disabled={busy} onChange={(event) => choose(event.currentTarget.value === BROWSER ? BROWSER : null)}>
        {me.device && <option value="desk">{say(words.deskPhone, { device: me.device.split("/").pop() ?? "" })}</option>}
        <option value={BROWSER}>{words.embedOpenPage}</option>
      </select>
    </label>
  );
}

interface PauseProps {
  me: User;
  call: Call;
  monitoring: Monitoring;
  known: boolean;
}

/** Administrators may pause monitoring of any call; others are not offered what they would be refused. */
function Pause({ me, call, monitoring, known }: PauseProps) {
  const paused = pausedUntil(call) !== null;
  const meant = useMeant(paused ? "resume" : "pause");
  if (me.role !== "administrator") return null;
  const off = !known || monitoring.busy;
  const press = () => (paused ? monitoring.resume(call) : monitoring.pause(call));
  return (
    <button type="button" aria-disabled={off} onClick={(event) => event.detail <= 1 && meant(event) && !off && press()}>
      {paused ? words.resumeMonitoring : words.pauseMonitoring}
    </button>
  );
}

/** The same keys as in the whole page, while the frame has the keyboard. */
function useFrameKeys(keys: Record<string, (repeated: boolean) => unknown>): void {
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isShortcut(event)) keys[event.key]?.(event.repeat);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}
