// Somebody asks for help: a soft sound, and a notification where the person allowed one.

import { useEffect, useRef } from "preact/hooks";
import { waiting } from "../core/help";
import type { Picture } from "../core/picture";
import type { User } from "../schema";
import { say, words } from "../words";

/** What was answered when we asked whether we may. */
const ANSWER = "help-notifications";
const TONES = [660, 880]; // Hz
const TONE_SECONDS = 0.15;

export function mayAskToNotify(): boolean {
  return "Notification" in window && Notification.permission === "default" && localStorage.getItem(ANSWER) !== "no";
}

/** Asked only after a click that wants it: a browser that asks by itself is refused for good. */
export async function askToNotify(wanted: boolean): Promise<void> {
  if (wanted) await Notification.requestPermission();
  else localStorage.setItem(ANSWER, "no");
}

/** On every page, once for each request that is new and open. */
export function useHelpSignal(me: User, picture: Picture | null): void {
  const known = useRef<Set<string> | null>(null);
  useEffect(() => {
    if (!picture || !me.can_monitor) return;
    const open = waiting(me, picture).filter((request) => request.state === "open");
    const fresh = known.current === null ? [] : open.filter((request) => !known.current!.has(request.id));
    known.current = new Set(open.map((request) => request.id));
    for (const { id, agent, note } of fresh) notify(id, say(words.helpNotice, { name: agent.name }), note ?? "");
    if (fresh.length > 0) sound();
  }, [me, picture]);
}

function notify(id: string, title: string, body: string): void {
  if (!("Notification" in window) || Notification.permission !== "granted" || document.visibilityState === "visible") return;
  const notice = new Notification(title, { body, tag: id });
  notice.onclick = () => {
    window.focus();
    location.hash = "#/inbox";
    notice.close();
  };
}

/** Two short tones; where the browser lets a page be heard only after a click, nothing. */
function sound(): void {
  const context = new AudioContext();
  if (context.state !== "running") return void context.close();
  TONES.forEach((hertz, place) => {
    const tone = new OscillatorNode(context, { frequency: hertz });
    const soft = new GainNode(context, { gain: 0.1 });
    tone.connect(soft).connect(context.destination);
    tone.start(context.currentTime + place * TONE_SECONDS);
    tone.stop(context.currentTime + (place + 1) * TONE_SECONDS);
    if (place === TONES.length - 1) tone.onended = () => void context.close();
  });
}
