// The interaction panel of one call: monitoring on and off, and the three modes. Never optimistic.

import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { BROWSER, PhoneBox } from "../phone/phonebox";
import { Sure } from "../ui/pieces";
import { TalkingWith } from "../phone/talkingwith";
import { attempt } from "../api/problems";
import type { Call, EndReason, Mode, Monitor, User } from "../schema";
import type { Phone } from "../phone/usephone";
import { say, words } from "../words";

interface Props {
  me: User;
  call: Call | undefined;
  callId: string;
  /** My own monitor, on whatever call. */
  monitor: Monitor | undefined;
  ended: Monitor | null;
  phone: Phone;
  /** Whether the stream stands: without it, what Asterisk does now is not known. */
  connected: boolean;
}

export function Panel({ me, call, callId, monitor, ended, phone, connected }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const device = phone.device === BROWSER ? { device: BROWSER } : {};
  const here = monitor?.call_id === callId ? monitor : undefined;

  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setProblem("");
    await attempt(work, setProblem);
    setBusy(false);
  };
  const toggle = () =>
    act(() =>
      here
        ? ask("DELETE", "/monitors/{id}", { at: { id: here.id } })
        : ask("POST", "/monitors", { body: { call_id: callId, ...device } }),
    );
  const become = async (mode: Mode) => {
    if (!here) return;
    if (here.device === BROWSER) {
      if (mode === "silent") phone.softphone.talk(false); // cut first, then ask Asterisk
      else if (!(await phone.softphone.askMicrophone())) return setProblem(words.noMicrophone);
    }
    await act(() => ask("PATCH", "/monitors/{id}", { at: { id: here.id }, body: { mode } }));
  };
  // Silence is never locked; what talks or rings needs a picture that is known to be true.
  const may = (mode: Mode) =>
    here?.state === "live" && here.mode !== mode && me.modes.includes(mode) && (connected || mode === "silent");

  const toggles = here !== undefined || (call !== undefined && connected && !phone.taken);

  useEffect(() => setProblem(""), [callId, here?.id]);
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (busy || !me.can_monitor) return;
      const modes: Record<string, Mode> = { t: "whisper", j: "barge", s: "silent" };
      if (event.key === "m" && toggles) void toggle();
      else if (modes[event.key] && may(modes[event.key]!)) void become(modes[event.key]!);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });

  const last = ended?.call_id === callId && !here ? ended : null;
  return (
    <>
      <header>
        {me.can_monitor && (
          <button
            type="button"
            class="toggle"
            aria-label={words.callMonitoring}
            title={words.callMonitoring}
            aria-pressed={here !== undefined}
            aria-busy={busy}
            disabled={busy || !toggles}
            onClick={() => void toggle()}
          >
            <Headset />
          </button>
        )}
        {call ? (
          <div>
            <h1>{call.customer.number}</h1>
            <p>
              {call.customer.name} · {call.agent.name} ({call.agent.extension}) · {words[call.direction]} ·{" "}
              {words[call.state]}
            </p>
          </div>
        ) : (
          <h1>{words.callOver}</h1>
        )}
      </header>
      <div class="said">
        <p role="status" class={"hears " + (here?.state === "live" && connected ? here.mode : "")}>
          {here && !connected ? words.hearsUnknown : busy && here?.state === "live" ? words.waiting : here ? hears(here, call) : ""}
        </p>
        {here?.state === "live" && call && !call.barge_reaches_customer && <p>{words.bargeAgentOnly}</p>}
        {here?.state === "live" && here.mode === "silent" && here.device === BROWSER && phone.picture.microphone === "unasked" && (
          <p class="soft">{words.whyMicrophone}</p>
        )}
        {last && <p role="status">{reason(last.ended_reason)}</p>}
        <p role="alert" class="problem">
          {problem}
        </p>
      </div>
      <TalkingWith phone={phone} />
      {phone.taken && call && <p class="soft">{say(words.hangUpFirst, { number: phone.taken.number })}</p>}
      {me.can_monitor && (
        <PhoneBox
          me={me}
          phone={phone.softphone}
          picture={phone.picture}
          device={phone.device}
          choose={phone.choose}
          busy={monitor !== undefined}
        />
      )}
      {here?.state === "live" && (
        <footer>
          {may("whisper") && (
            <button type="button" disabled={busy} onClick={() => void become("whisper")}>
              {words.talkToAgent}
            </button>
          )}
          {may("barge") && (
            <button type="button" disabled={busy} onClick={() => void become("barge")}>
              {words.joinTheCall}
            </button>
          )}
          {here.mode === "barge" && call && connected && (
            <Sure
              label={words.takeOver}
              sure={words.reallyTakeOver}
              disabled={busy}
              act={() => void act(() => ask("POST", "/monitors/{id}/takeover", { at: { id: here.id } }))}
            />
          )}
          {may("silent") && (
            <button type="button" class="main" disabled={busy} onClick={() => void become("silent")}>
              {words.returnToSilent}
            </button>
          )}
        </footer>
      )}
    </>
  );
}

function hears(monitor: Monitor, call: Call | undefined): string {
  if (monitor.state === "connecting") {
    if (monitor.device === BROWSER) return words.connectingHere;
    return say(words.connecting, { device: monitor.device?.split("/").pop() ?? "" });
  }
  if (monitor.reason === "bridge_changed") return words.bridgeChanged;
  if (monitor.reason === "made_safe") return words.madeSafe;
  if (monitor.reason === "unrecorded") return words.unrecorded;
  if (!monitor.audible) {
    const talks = monitor.mode !== "silent";
    if (call?.state === "held") return talks ? words.heldTalks : words.heldSilent;
    return talks ? words.mayNotBeHeard : words.mayNotHear;
  }
  return { silent: words.silentHears, whisper: words.whisperHears, barge: words.bargeHears }[monitor.mode];
}

function reason(code: EndReason | null): string {
  return words[`end_${code ?? "error"}`] ?? words.end_error; // a newer server may know more reasons
}

function Headset() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d="M4 14v-2a8 8 0 0 1 16 0v2M4 14a2 2 0 0 1 2-2h1v7H6a2 2 0 0 1-2-2zm16 0a2 2 0 0 0-2-2h-1v7h1a2 2 0 0 0 2-2zm-3 5a4 4 0 0 1-4 2h-1" />
    </svg>
  );
}
