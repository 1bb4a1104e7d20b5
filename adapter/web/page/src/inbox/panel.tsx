// The panel of one call: who talks, monitoring on and off, who hears me, and the three modes. Never optimistic.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Call, Monitor, User } from "../schema";
import { FollowAgent } from "../coaching/follow";
import { MessagesToAgent } from "../coaching/messages";
import type { Picture } from "../core/picture";
import { BROWSER } from "../phone/devices";
import { Levels } from "../phone/levels";
import { PhoneBox } from "../phone/phonebox";
import { TalkingWith } from "../phone/talkingwith";
import { useClocks } from "../ui/clocks";
import { Icon } from "../ui/icons";
import { isShortcut } from "../ui/keys";
import { timeOf } from "../ui/when";
import { say, words } from "../words";
import { doing } from "./bar";
import { endWords } from "./ends";
import type { MyMonitoring } from "./monitoring";
import { Notes, useNotes } from "./notes";
import { customerName, queueOf } from "../core/rows";
import { pausedUntil } from "../core/shield";
import { numberOf } from "./number";
import { PbxChip } from "./rows";
import { Sentence } from "./sentence";
import { Shares } from "./shares";
import { Timeline } from "./timeline";
import { TakeOver, TalkButtons } from "./talkbuttons";

interface Props {
  me: User;
  call: Call | undefined;
  callId: string;
  monitoring: MyMonitoring;
  /** My monitor that ended last. */
  ended: Monitor | null;
  /** Whether what is shown is known to be true now. */
  known: boolean;
  /** Between me and whom I talk to. */
  messages: Picture["messages"];
  keepDays: number;
  /** At which PBX, where there are several. */
  where: string;
  close: () => void;
  /** What the list knows of this call. */
  children: ComponentChildren;
  element: { current: HTMLElement | null };
}

export function Panel({ me, call, callId, monitoring, ended, known, messages, keepDays, where, close, children, element }: Props) {
  const { mine, busy, phone } = monitoring;
  const here = mine?.call_id === callId ? mine : undefined;
  const elsewhere = mine !== undefined && here === undefined;
  const tone = monitoring.hears?.tone ?? "silent";
  const may = me.can_monitor;
  const exempt = call?.monitorable === false;
  const paused = pausedUntil(call);
  const free = call !== undefined && !exempt && paused === null && known && !elsewhere;
  const toggles = !busy && phone.taken === null && (here !== undefined || free);
  const toggle = () => {
    if (!toggles) return;
    if (here) monitoring.stop();
    else monitoring.start(callId);
  };
  const switches = may && elsewhere && call !== undefined && !exempt && paused === null && known && !busy;
  usePanelKeys({
    m: () => (switches ? monitoring.switchTo(callId) : may && toggle()),
    t: (repeated) => here && known && monitoring.group.press("whisper", repeated),
    j: (repeated) => here && known && monitoring.group.press("barge", repeated),
  });
  const notes = useNotes(callId, may);
  const listens = here?.device === BROWSER && here.state === "live" && phone.holdsLeg;
  const talk = call?.talk ?? null;
  const last = ended?.call_id === callId && !here ? ended : null;
  return (
    <section class="panel" aria-label={words.chosenCall} ref={element} tabIndex={-1}>
      <Head call={call} where={where} over={last?.ended_reason === "took_over" ? words.end_took_over : words.callOver} close={close}>
        {may && (
          <button
            type="button"
            class={"toggle" + (here ? " on" : "")}
            aria-label={words.callMonitoring}
            title={exempt ? words.notMonitorable : words.callMonitoring}
            aria-describedby={exempt ? "not-monitorable" : paused !== null ? "paused" : undefined}
            aria-pressed={here !== undefined}
            aria-busy={busy}
            aria-disabled={!toggles}
            aria-keyshortcuts="m"
            onClick={(event) => event.detail <= 1 && toggle()}
          >
            <Icon of="silent" />
          </button>
        )}
      </Head>
      <div class="said">
        <TalkingWith phone={phone} />
        {here && monitoring.hears && <Sentence hears={monitoring.hears} names={monitoring.names} act={monitoring.act} />}
        {elsewhere && call && (
          <div class={`sentence toned ${tone}`}>
            <Icon of={tone} />
            <p>{say(words[doing(mine)], monitoring.names)}</p>
            <button type="button" aria-disabled={!switches} onClick={() => switches && monitoring.switchTo(callId)}>
              {words.switchToThis}
            </button>
          </div>
        )}
        {may && toggles && !here && (
          <p class="hint">
            {words.startHint} <kbd>m</kbd>
          </p>
        )}
        {exempt && may && (
          <div class="sentence toned silent">
            <Icon of="exempt" />
            <p id="not-monitorable">{words.notMonitorable}</p>
          </div>
        )}
        {paused !== null && may && (
          <div class="sentence toned silent">
            <Icon of="exempt" />
            <p id="paused" role="status">
              {say(words.pausedUntil, { time: timeOf(paused) })}
            </p>
          </div>
        )}
        {phone.taken && call && <p>{say(words.hangUpFirst, { number: phone.taken.number || words.anonymous })}</p>}
        {last && last.ended_reason !== "took_over" && (
          <p role="status" class="ended">
            {endWords(last.ended_reason)}
          </p>
        )}
        <p role="alert" class="problem">
          {monitoring.problemOf(callId)}
        </p>
      </div>
      <div class="cards" role="group" aria-label={words.aboutCall} tabIndex={0 /* so that the keyboard can scroll it */}>
        {(listens || talk) && (
          <section class="card">
            <h2 class="card-title">{words.whoIsTalking}</h2>
            {listens && <Levels phone={phone.softphone} picture={phone.picture} />}
            {talk && call && <Shares call={call} talk={talk} />}
          </section>
        )}
        {call && here && <MessagesToAgent {...{ me, call, messages, keepDays, known }} mine={here} paused={paused !== null} />}
        {call && may && !exempt && <Notes key={callId} me={me} call={call} listening={here?.state === "live"} of={notes} />}
        {call && <Timeline call={call} changes={here} notes={notes.notes} />}
      </div>
      {may && (
        <footer>
          {here && <TalkButtons me={me} monitor={here} call={call} group={monitoring.group} known={known} />}
          {call?.agent.user_id && call.agent.user_id !== me.id && !exempt && (
            <FollowAgent agent={call.agent.user_id} pbx={call.pbx} monitoring={monitoring} known={known} />
          )}
          <div class="row">
            <PhoneBox
              me={me}
              phone={phone.softphone}
              picture={phone.picture}
              device={phone.device}
              choose={phone.choose}
              busy={mine !== undefined || monitoring.follow !== undefined}
            />
            <span class="grow" />
            {children}
            {here?.state === "live" && here.mode === "barge" && call && known && paused === null && (
              <TakeOver monitor={here} call={call} say={monitoring.tell} />
            )}
          </div>
        </footer>
      )}
    </section>
  );
}

interface HeadProps {
  call: Call | undefined;
  where: string;
  /** What is said in place of a call that is over. */
  over: string;
  close: () => void;
  children: ComponentChildren;
}

function Head({ call, where, over, close, children }: HeadProps) {
  const element = useRef<HTMLElement>(null);
  useClocks(element, call);
  const customer = call && numberOf(call);
  return (
    <header ref={element}>
      <button type="button" class="plain icon-only back" aria-label={words.backToList} title={words.backToList} onClick={close}>
        <Icon of="back" />
      </button>
      {children}
      {call ? (
        <>
          <div class="whose">
            <h1>{say(words.talkHeading, { agent: call.agent.name, customer: customer! })}</h1>
            <p>
              <span>{about(call)}</span>
              {queueOf(call) && <span class="chip">{queueOf(call)}</span>}
              {where && <PbxChip name={where} />}
            </p>
          </div>
          <p class="running">
            <time data-since={call.answered_at ?? call.started_at} />
            <small>{call.answered_at ? words.sinceAnswered : words.ringsSince}</small>
          </p>
        </>
      ) : (
        <h1>{over}</h1>
      )}
    </header>
  );
}

function about(call: Call): string {
  const state = call.state === "active" ? "" : words[call.state];
  const extension = call.agent.extension && say(words.extensionNumber, { number: call.agent.extension });
  return [customerName(call), words[call.direction], state, extension].filter(Boolean).join(" · ");
}

function usePanelKeys(keys: Record<string, (repeated: boolean) => unknown>): void {
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!isShortcut(event) || (event.key === "m" && event.repeat)) return;
      keys[event.key]?.(event.repeat);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}
