// My monitoring, on every page while it lasts: whom, how, how long, and the way out.

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { Hears } from "../core/hears";
import { isPaused } from "../core/shield";
import type { Taken } from "../phone/softphone";
import type { Call, Monitor } from "../schema";
import { useClocks } from "../ui/clocks";
import { Icon } from "../ui/icons";
import { say, words } from "../words";
import { numberOf } from "./number";
import type { Names } from "./sentence";

interface Props {
  monitor: Monitor;
  call: Call | undefined;
  hears: Hears;
  names: Names;
  go: () => void;
  silence: () => void;
  stop: () => void;
  stopping: boolean;
  /** What else can be done here. */
  more?: ComponentChildren;
}

export function Bar({ monitor, call, hears, names, go, silence, stop, stopping, more }: Props) {
  const element = useRef<HTMLElement>(null);
  useClocks(element, monitor.live_at);
  const talks = monitor.state === "live" && monitor.mode !== "silent";
  return (
    <section ref={element} class={`bar toned ${hears.tone}`} aria-label={words.myMonitoring}>
      <Icon of={hears.tone} />
      <span class="what">
        <b>{say(words[doing(monitor, call)], names)}</b>
        {call && <span class="whom">{say(words.callWith, { customer: numberOf(call) })}</span>}
        <time data-since={monitor.live_at ?? monitor.started_at} />
        {hears.tone === "unknown" && <span class="whom">{words.barUnknown}</span>}
        {hears.tone === "warning" && <span class="whom">{words.barWarning}</span>}
      </span>
      <span class="acts">
        <button type="button" onClick={go}>
          {words.goToCall}
        </button>
        {talks && (
          <button type="button" onClick={silence}>
            {words.silentNow}
          </button>
        )}
        <button type="button" aria-disabled={stopping} onClick={stop}>
          {words.stop}
        </button>
        {more}
      </span>
    </section>
  );
}

/** The call that I took over. What one does with it stands in the panel. */
export function TakenBar({ taken, go }: { taken: Taken; go: () => void }) {
  const element = useRef<HTMLElement>(null);
  useClocks(element, taken.since);
  return (
    <section ref={element} class="bar toned taken" aria-label={words.myMonitoring}>
      <Icon of="taken" />
      <span class="what">
        <b>{say(words.takenCall, { number: taken.number || words.anonymous })}</b>
        <time data-since={taken.since} />
      </span>
      <span class="acts">
        <button type="button" onClick={go}>
          {words.goToCall}
        </button>
      </span>
    </section>
  );
}

/** The key of what I do. */
export function doing(monitor: Monitor, call?: Call): "connectingTo" | "pausedWith" | "listeningTo" | "whisperingTo" | "joinedWith" {
  const { state, mode } = monitor;
  if (state !== "live") return "connectingTo";
  if (isPaused(monitor, call)) return "pausedWith";
  return ({ silent: "listeningTo", whisper: "whisperingTo", barge: "joinedWith" } as const)[mode];
}
