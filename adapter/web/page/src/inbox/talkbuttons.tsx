// The three buttons, always all and always in their places; taking over stands apart, and asks.

import { useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { isPaused } from "../core/shield";
import { takes, waitsFor } from "../core/talk";
import type { Call, Mode, Monitor, User } from "../schema";
import { Confirm } from "../ui/dialog";
import { Icon, type IconName } from "../ui/icons";
import { say, words } from "../words";
import type { TalkGroup } from "./usetalk";

interface Props {
  me: User;
  monitor: Monitor;
  call: Call | undefined;
  group: TalkGroup;
  /** Whether the picture is known to be true: without that, only silence is offered. */
  known: boolean;
}

const BUTTONS = [
  { mode: "whisper", icon: "whisper", label: words.talkToAgent, key: "t" },
  { mode: "barge", icon: "barge", label: words.joinTheCall, key: "j" },
  { mode: "silent", icon: "silent", label: words.returnToSilent, key: "s" },
] as const satisfies { mode: Mode; icon: IconName; label: string; key: string }[];

export function TalkButtons(props: Props) {
  const waits = waitsFor(props.group.talk) !== null;
  return (
    <div class="talk" role="group" aria-label={words.whoHearsYou} aria-busy={waits} onKeyDown={heldDown}>
      {BUTTONS.map(({ key, ...button }) => (
        <TalkButton key={key} shortcut={key} {...button} {...props} />
      ))}
    </div>
  );
}

/** Enter that is held down presses a button again and again. */
function heldDown(event: KeyboardEvent): void {
  if (event.repeat && (event.key === "Enter" || event.key === " ")) event.preventDefault();
}

type ButtonProps = Props & { mode: Mode; icon: IconName; label: string; shortcut: string };

function TalkButton({ mode, icon, label, shortcut, me, monitor, call, group, known }: ButtonProps) {
  const live = monitor.state === "live";
  const on = live && monitor.mode === mode;
  const lacks = whyNot(mode, me, live, known, isPaused(monitor, call));
  const taken = takes(group.talk, mode, group.now());
  const off = lacks !== "" || (mode === "silent" ? !taken : !taken && !on);
  const press = (event: MouseEvent) => {
    if (lacks === "" && (taken || mode === "silent")) group.press(mode, event.detail > 1);
  };
  return (
    <button
      type="button"
      class={on ? mode + " toned" : ""}
      aria-label={label}
      aria-pressed={on}
      aria-disabled={off}
      aria-keyshortcuts={shortcut}
      aria-describedby={"means-" + mode}
      onClick={press}
    >
      <Icon of={icon} />
      <span class="name">
        <b>{label}</b>
        <small id={"means-" + mode}>{lacks || means(mode, call)}</small>
      </span>
      <kbd aria-hidden="true">{shortcut}</kbd>
    </button>
  );
}

/** Why this can't be pressed, whatever is confirmed. */
function whyNot(mode: Mode, me: User, live: boolean, known: boolean, paused: boolean): string {
  if (!me.modes.includes(mode)) return words.lacksMode;
  if (!live) return words.notLiveYet;
  if (paused) return words.notWhilePaused;
  return known || mode === "silent" ? "" : words.notWhileLost;
}

function means(mode: Mode, call: Call | undefined): string {
  const agent = call?.agent.name ?? words.agent;
  if (mode === "barge" && call && !call.barge_reaches_customer) return say(words.joinAgentOnlyMeans, { agent });
  return say({ silent: words.returnToSilentMeans, whisper: words.talkToAgentMeans, barge: words.joinTheCallMeans }[mode], { agent });
}

/** Offered while joined. What confirms it stands in a dialog, away from where this was pressed. */
export function TakeOver({ monitor, call, say: tell }: { monitor: Monitor; call: Call; say: (problem: string) => void }) {
  const [asks, setAsks] = useState(false);
  const act = () => void attempt(() => ask("POST", "/monitors/{id}/takeover", { at: { id: monitor.id } }), tell);
  return (
    <>
      <button type="button" aria-label={words.takeOver} aria-haspopup="dialog" onClick={() => setAsks(true)}>
        {words.takeOver}…
      </button>
      {asks && (
        <Confirm
          title={words.takeOverTitle}
          text={say(words.takeOverText, { agent: call.agent.name })}
          yes={words.yesTakeOver}
          no={words.cancel}
          act={act}
          close={() => setAsks(false)}
        />
      )}
    </>
  );
}
