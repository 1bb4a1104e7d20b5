// What the phone says of itself, one sentence for one state, and the one thing to do about it.

import { useState } from "preact/hooks";
import { Confirm } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { words } from "../words";
import type { Doing, Picture, Softphone } from "./softphone";

interface Props {
  phone: Softphone;
  picture: Picture;
}

/** How the line is; nothing where the browser blocks sound, which is said beside the button that helps. */
export function lineSays({ state, flowing, blocked, reconnecting }: Picture): string {
  if (blocked) return "";
  if (reconnecting) return words.phoneReconnecting;
  return words[`phone_${state === "connected" && flowing ? "flowing" : state}`];
}

/** What is wrong with my microphone; empty while nothing is. */
export function microphoneSays({ microphone, open, heardByMeter }: Picture): string {
  if (microphone === "granted" || microphone === "unasked") return open && !heardByMeter ? words.microphoneSilent : "";
  return words[`microphone_${microphone}`];
}

export function PhoneSays({ picture }: { picture: Picture }) {
  return (
    <p role="status" class={picture.reconnecting || picture.state === "failed" ? "problem" : ""}>
      {lineSays(picture)}
    </p>
  );
}

/** The microphone's trouble, with what helps. Nothing while there is none. */
export function MicrophoneSays({ phone, picture }: Props) {
  const text = microphoneSays(picture);
  const again = ["refused", "missing", "lost"].includes(picture.microphone);
  return (
    <div role="alert" class="microphone-says">
      {text && <p class="problem">{text}</p>}
      {again && (
        <button type="button" onClick={() => void phone.askMicrophone()}>
          {words.tryAgain}
        </button>
      )}
    </div>
  );
}

export function ClickToHear({ phone, picture }: Props) {
  if (!picture.blocked) return null;
  return (
    <button type="button" class="main" onClick={() => phone.resumeSound()}>
      <Icon of="hear" />
      {words.clickToHear}
    </button>
  );
}

/** For a tab that is not the phone: move it here. Where the other tab is in use, that is asked about first. */
export function UseThisTab({ phone, picture }: Props) {
  const [doing, setDoing] = useState<Doing | null>(null);
  const [busy, setBusy] = useState(false);
  if (picture.state !== "elsewhere") return null;
  const take = async (sure: boolean) => {
    setBusy(true);
    setDoing(await phone.useThisTab(sure));
    setBusy(false);
  };
  return (
    <>
      <button type="button" disabled={busy} onClick={() => void take(false)}>
        <Icon of="browser" />
        {words.useThisTab}
      </button>
      {doing && doing !== "nothing" && (
        <Confirm
          title={words.moveTitle}
          text={words[`move_${doing}`]}
          yes={words.moveYes}
          no={words.cancel}
          act={() => void take(true)}
          close={() => setDoing(null)}
        />
      )}
    </>
  );
}
