// The page's phone, kept while one is signed in: started where this browser is the chosen device, and following what
// becomes of my monitor on it.

import { useEffect, useRef, useState } from "preact/hooks";
import { myFollow } from "../core/follow";
import type { Picture as Live } from "../core/picture";
import { BROWSER, chosenDevice } from "./devices";
import { useFate } from "./fate";
import type { Monitor, User } from "../schema";
import { Softphone, type Picture, type Taken } from "./softphone";

export interface Phone {
  /** `talk` (who hears me), `askMicrophone`, `resumeSound`, `useThisTab`, `mute`, `hold`, `hangUp`, `levels`, settings. */
  softphone: Softphone;
  /** How it is now: state, sound, microphone. */
  picture: Picture;
  /** The call that I took over with this browser, while it lasts. */
  taken: Taken | null;
  /** What I listen with: `desk`, or BROWSER. */
  device: string;
  choose: (device: string) => void;
  /** Whether my monitor's leg is in this tab: of another tab's, or another computer's, nothing is known here. */
  holdsLeg: boolean;
  /** The call that is listened to again by itself, after a reload or a cut, until I talk. */
  resumed: string | null;
}

/** A call of this phone's that no monitor is known for ends after this: nobody knows why it is there. */
const UNKNOWN_MS = 3000;

export function usePhone(me: User | null, mine: Monitor | undefined, live: Live | null): Phone {
  const [picture, setPicture] = useState<Picture | null>(null);
  const [device, setDevice] = useState<string>("desk");
  const [phone] = useState(() => new Softphone(setPicture));
  const leg = useRef<string | null>(null);
  const may = me?.can_monitor === true;
  const desk = Boolean(me?.device);
  const id = me?.id;
  const wanted = may && device === BROWSER;
  const here = mine?.device === BROWSER ? mine : undefined;
  const { state, taken } = picture ?? phone.picture;

  useEffect(() => {
    if (may) setDevice(chosenDevice(desk));
  }, [id, may, desk]);
  useEffect(() => {
    if (wanted && id) void phone.start(id);
    return () => phone.stop();
  }, [phone, wanted, id]);
  const inCall = state === "ringing" || state === "connected";
  if (here && inCall) leg.current = here.id;
  const holdsLeg = here !== undefined && (here.state !== "live" || leg.current === here.id);
  const resumed = useFate(phone, here, live, state, inCall);
  const follow = me && myFollow(me, live);
  const stray = inCall && !here && !taken && follow?.device !== BROWSER && live?.connected === true;
  useEffect(() => {
    if (!stray) return;
    const timer = setTimeout(() => phone.hangUp(), UNKNOWN_MS);
    return () => clearTimeout(timer);
  }, [phone, stray]);

  return { softphone: phone, picture: picture ?? phone.picture, taken, device, choose: setDevice, holdsLeg, resumed };
}
