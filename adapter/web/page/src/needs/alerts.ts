// A tone and a notification of the desktop when a call begins to need me, for who wants them. Neither says who calls.

import { useEffect, useRef } from "preact/hooks";
import { fresh } from "../core/needs";
import type { Call } from "../schema";
import { say, words } from "../words";
import type { Needs } from "./useneeds";

export interface Wishes {
  sound: boolean;
  notify: boolean;
}

export function wishesOf(kept: unknown): Wishes {
  const { sound, notify } = (kept ?? {}) as Record<string, unknown>;
  return { sound: sound === true, notify: notify === true };
}

/** Milliseconds between two tones. */
const PAUSE = 5000;
/** So many are named one by one; more at once are told as a number. */
const FEW = 3;

interface Given {
  /** Whether the calls are known yet: what is there at first is not told. */
  known: boolean;
  needs: Needs;
  calls: ReadonlyMap<string, Call>;
  wishes: Wishes;
  /** Whether somebody hears me now: then no tone, for my microphone might take it up. */
  heard: boolean;
  open: (callId: string) => void;
}

export function useAlerts({ known, needs, calls, wishes, heard, open }: Given): void {
  const before = useRef<Needs | null>(null);
  const told = useRef(-Infinity);
  const opens = useRef(open);
  opens.current = open;
  useEffect(() => {
    if (!known) return;
    const last = before.current;
    before.current = needs;
    if (last === null) return;
    const found = fresh(last, needs).flatMap((id) => calls.get(id) ?? []);
    if (found.length === 0) return;
    if (wishes.sound && !heard && performance.now() - told.current > PAUSE) {
      told.current = performance.now();
      chime();
    }
    if (wishes.notify) notify(found, needs, (id) => opens.current(id));
  }, [known, needs]); // eslint-disable-line react-hooks/exhaustive-deps -- told once for what is new, whatever else changes
}

function notify(found: readonly Call[], needs: Needs, open: (callId: string) => void): void {
  const show = (title: string, body: string, tag: string, call: Call) => notice(title, body, tag, () => open(call.id));
  const [first] = found as [Call];
  if (found.length > FEW) return show(say(words.manyNeedYou, { count: String(found.length) }), "", "needs", first);
  for (const call of found) {
    show(say(words.needsYou, { name: call.agent.name }), words[`need_${needs.get(call.id)!.reason}`], call.id, call);
  }
}

/** One notification of the desktop, where the browser may show any; another with the same tag takes its place. */
export function notice(title: string, body: string, tag: string, clicked: () => void): void {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const shown = new Notification(title, { body, tag, renotify: true } as NotificationOptions);
  shown.onclick = () => {
    window.focus();
    clicked();
    shown.close();
  };
}

let context: AudioContext | null = null;

/** Two short, soft tones. A browser that plays nothing before a click plays these neither. */
export function chime(): void {
  context ??= new AudioContext();
  void context.resume();
  [784, 988].forEach((hertz, place) => {
    const from = context!.currentTime + 0.16 * place;
    const tone = new OscillatorNode(context!, { frequency: hertz });
    const gain = new GainNode(context!, { gain: 0 });
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(0.15, from + 0.02);
    gain.gain.linearRampToValueAtTime(0, from + 0.15);
    tone.connect(gain).connect(context!.destination);
    tone.start(from);
    tone.stop(from + 0.16);
  });
}

/** Whether the person was never asked: a browser that asks by itself, without a click, is refused for good. */
export function mayAskToNotify(): boolean {
  return "Notification" in window && Notification.permission === "default";
}

/** Ask the browser, after a click. Whether it may. */
export async function mayNotify(): Promise<boolean> {
  return "Notification" in window && (await Notification.requestPermission()) === "granted";
}
