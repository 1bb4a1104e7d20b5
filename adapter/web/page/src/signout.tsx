// Signing out: at once, but where somebody hears me it is asked about first.

import { useState } from "preact/hooks";
import type { MyMonitoring } from "./inbox/monitoring";
import { Confirm } from "./ui/dialog";
import { say, words } from "./words";

interface SignOut {
  /** Sign out, or ask. */
  ask: () => void;
  /** The question, while it is asked: to be rendered. */
  question: preact.ComponentChildren;
}

export function useSignOut(monitoring: MyMonitoring, leave: () => void): SignOut {
  const [asks, setAsks] = useState(false);
  const text = whoIsLeft(monitoring);
  const question = asks && (
    <Confirm
      title={text === "" ? words.signOutPlain : monitoring.phone.taken ? words.signOutTitle : words.signOutHeardTitle}
      text={text || words.signOutFree} yes={words.yesSignOut} no={words.cancel} act={leave}
      close={() => setAsks(false)}
    />
  );
  return { ask: () => (text ? setAsks(true) : leave()), question };
}

/** Who would be left without me; empty where nobody would. */
function whoIsLeft({ phone, mine, names }: MyMonitoring): string {
  if (phone.taken) return say(words.signOutTaken, { number: phone.taken.number || words.anonymous });
  return mine?.state === "live" && mine.mode !== "silent" && phone.holdsLeg ? say(words.signOutHeard, names) : "";
}
