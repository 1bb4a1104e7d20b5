// The page's phone, kept while one is signed in: started where this browser is the chosen device, and following what
// Asterisk confirmed about who hears us.

import { useEffect, useRef, useState } from "preact/hooks";
import { ask, Refused } from "../api/ask";
import { BROWSER, chosenDevice } from "./phonebox";
import type { Monitor, User } from "../schema";
import { Softphone, type Picture } from "./softphone";

export interface Phone {
  softphone: Softphone;
  picture: Picture;
  device: string;
  choose: (device: string) => void;
}

const LISTENING = "listening";
const TRIES = 5;

export function usePhone(me: User | null, mine: Monitor | undefined): Phone {
  const [picture, setPicture] = useState<Picture | null>(null);
  const [device, setDevice] = useState<string>("desk");
  const [phone] = useState(() => new Softphone(setPicture));
  const listened = useRef(false);
  const may = me?.can_monitor === true;
  const desk = Boolean(me?.device);
  const wanted = may && device === BROWSER;

  useEffect(() => {
    if (may) setDevice(chosenDevice(desk));
  }, [me?.id, may, desk]);
  useEffect(() => {
    if (wanted) void phone.start();
    return () => phone.stop();
  }, [phone, wanted, me?.id]);

  const here = mine?.device === BROWSER ? mine : undefined;
  const call = here?.call_id;
  useEffect(() => {
    // What ended while this page lived has ended; only a reload, which runs nothing of this, leaves the mark.
    if (call) sessionStorage.setItem(LISTENING, call);
    else if (listened.current) sessionStorage.removeItem(LISTENING);
    listened.current = call !== undefined;
  }, [here?.id, call]);
  useEffect(() => {
    const before = sessionStorage.getItem(LISTENING);
    if (picture?.state === "registered" && before && !call) {
      sessionStorage.removeItem(LISTENING);
      void listenAgain(before, TRIES);
    }
  }, [picture?.state, call]);

  return { softphone: phone, picture: picture ?? phone.picture, device, choose: setDevice };
}

/** After a reload: the former leg has gone with the page, so the same call is listened to anew, in silence. */
async function listenAgain(call: string, tries: number): Promise<void> {
  try {
    await ask("POST", "/monitors", { body: { call_id: call, device: BROWSER } });
  } catch (refused) {
    const again = refused instanceof Refused && refused.code === "already_monitoring" && tries > 1;
    if (again) setTimeout(() => void listenAgain(call, tries - 1), 600);
  }
}
