// The page's phone, kept while one is signed in: started where this browser is the chosen device, and following what
// Asterisk confirmed about who hears us.

import { useEffect, useRef, useState } from "preact/hooks";
import { ask, Refused } from "./api";
import { BROWSER, chosenDevice } from "./phonebox";
import type { Monitor, User } from "./schema";
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
  const softphone = useRef<Softphone | null>(null);
  softphone.current ??= new Softphone(setPicture);
  const phone = softphone.current;
  const listened = useRef(false);
  const wanted = me?.can_monitor === true && device === BROWSER;

  useEffect(() => {
    if (me?.can_monitor) setDevice(chosenDevice(me));
  }, [me?.id, me?.can_monitor]);
  useEffect(() => {
    if (wanted) void phone.start();
    return () => phone.stop();
  }, [wanted, me?.id]);

  const here = mine?.device === BROWSER ? mine : undefined;
  useEffect(() => phone.talk(here?.state === "live" && here.mode !== "silent"), [here?.id, here?.state, here?.mode]);
  useEffect(() => {
    // What ended while this page lived has ended; only a reload, which runs nothing of this, leaves the mark.
    if (here) sessionStorage.setItem(LISTENING, here.call_id);
    else if (listened.current) sessionStorage.removeItem(LISTENING);
    listened.current = here !== undefined;
  }, [here?.id]);
  useEffect(() => {
    const call = sessionStorage.getItem(LISTENING);
    if (picture?.state === "registered" && call && !here) {
      sessionStorage.removeItem(LISTENING);
      void listenAgain(call, TRIES);
    }
  }, [picture?.state]);

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
