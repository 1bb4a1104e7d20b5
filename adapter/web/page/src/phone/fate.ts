// What becomes of my monitor on this browser: taken over, it is a call of mine; cut off by the network or by a reload,
// the same call is listened to again, in silence; whatever else ends it has ended it.

import { useEffect, useRef, useState } from "preact/hooks";
import { ask, Refused } from "../api/ask";
import { several, type Picture as Live } from "../core/picture";
import { BROWSER } from "./devices";
import type { Monitor } from "../schema";
import type { PhoneState, Softphone } from "./softphone";

/** Of this tab: outlives a reload, which runs nothing. */
const LISTENING = "listening";
const TRIES = 8;
const AGAIN_MS = 600;
/** Who is cut off again so soon after listening again is left to start by hand. */
const CALM_MS = 15_000;

/** `inCall`: the monitor's leg, or what it was, is in this tab. Returns the call that is listened to again by itself, until
 * its supervisor talks. */
export function useFate(phone: Softphone, here: Monitor | undefined, live: Live | null, state: PhoneState, inCall: boolean): string | null {
  const former = useRef<{ monitor: Monitor; number: string; name: string } | null>(null);
  const again = useRef(0);
  const now = useRef(state);
  const [resume, setResume] = useState(() => sessionStorage.getItem(LISTENING));
  const [resumed, setResumed] = useState<string | null>(null);
  const gone = useRef(false);
  useEffect(() => () => void (gone.current = true), []);
  const customer = here ? live?.calls.get(here.call_id)?.customer : undefined;
  const ended = live?.ended ?? null;

  useEffect(() => {
    now.current = state;
  }, [state]);
  useEffect(() => {
    const last = former.current;
    if (here && inCall) {
      const known = last?.monitor.id === here.id ? last : { number: "", name: "" };
      const { number, name } = customer ?? known;
      former.current = { monitor: here, number, name };
      sessionStorage.setItem(LISTENING, here.call_id);
      setResume(null);
    } else if (!here && last) {
      former.current = null;
      sessionStorage.removeItem(LISTENING);
      setResumed(null);
      const settle = (over: Monitor | null) => {
        if (over?.ended_reason === "took_over") {
          phone.takenOver({ number: last.number, name: last.name, since: over.ended_at ?? new Date().toISOString() });
        }
        const isPhone = now.current !== "elsewhere" && now.current !== "off";
        const calm = Date.now() - again.current > CALM_MS;
        if (over?.ended_reason === "supervisor_hung_up" && isPhone && calm) setResume(last.monitor.call_id);
      };
      if (ended?.id === last.monitor.id) settle(ended);
      else void asked(last.monitor.id, TRIES, gone).then(settle);
    }
  }, [phone, here, inCall, customer, ended]);

  // Where there are several PBXes, the phone must be at that of the call.
  const at = live && several(live) && resume ? live.calls.get(resume)?.pbx : undefined;
  const free = state === "registered" && !here && live?.connected === true;
  useEffect(() => {
    if (!resume || !free) return;
    const timer = setTimeout(() => {
      again.current = Date.now();
      sessionStorage.removeItem(LISTENING);
      setResume(null);
      setResumed(resume);
      void (at ? phone.at(at) : Promise.resolve(true))
        .then((there) => there && listenAgain(resume, TRIES, gone))
        .then((listens) => listens || setResumed(null));
    }, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [phone, resume, free, at]);
  const talks = here !== undefined && here.mode !== "silent";
  useEffect(() => {
    if (talks) setResumed(null);
  }, [talks]);
  return resumed;
}

/** Whether this person has signed out meanwhile: in their name nothing is asked any more. */
interface Gone {
  current: boolean;
}

/** The monitor as it ended, where the stream didn't tell; null where the server can't be asked. */
async function asked(id: string, tries: number, gone: Gone): Promise<Monitor | null> {
  try {
    return await ask("GET", "/monitors/{id}", { at: { id } });
  } catch (refused) {
    if (!(refused instanceof Refused) || refused.code !== "unreachable" || tries <= 1) return null;
    await new Promise((done) => setTimeout(done, AGAIN_MS));
    return gone.current ? null : asked(id, tries - 1, gone);
  }
}

/** Whether it is listened to. */
async function listenAgain(call: string, tries: number, gone: Gone): Promise<boolean> {
  try {
    await ask("POST", "/monitors", { body: { call_id: call, device: BROWSER } });
    return true;
  } catch (refused) {
    const soon = refused instanceof Refused && ["already_monitoring", "device_unavailable"].includes(refused.code);
    if (!soon || tries <= 1) return false;
    await new Promise((done) => setTimeout(done, AGAIN_MS));
    return !gone.current && listenAgain(call, tries - 1, gone);
  }
}
