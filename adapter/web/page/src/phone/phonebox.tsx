// The phone in the panel: which device, how it is, what is heard and said, and its settings.

import type { User } from "../schema";
import { words, say } from "../words";
import { BROWSER, rememberDevice } from "./devices";
import { ClickToHear, MicrophoneSays, PhoneSays, UseThisTab } from "./says";
import { Levels } from "./levels";
import { SoundSettings } from "./settings";
import type { Picture, Softphone } from "./softphone";

export { BROWSER } from "./devices";

interface Props {
  me: User;
  phone: Softphone;
  picture: Picture;
  device: string;
  choose: (device: string) => void;
  busy: boolean;
}

export function PhoneBox({ me, phone, picture, device, choose, busy }: Props) {
  return (
    <section class="phonebox" aria-label={words.myPhone}>
      <ChooseDevice me={me} device={device} choose={choose} busy={busy || picture.taken !== null} />
      {device === BROWSER && (
        <>
          <PhoneSays picture={picture} />
          <ClickToHear phone={phone} picture={picture} />
          <UseThisTab phone={phone} picture={picture} />
          {picture.state === "connected" && <MicrophoneSays phone={phone} picture={picture} />}
          {picture.state === "connected" && <Levels phone={phone} picture={picture} />}
          <details>
            <summary>{words.soundSettings}</summary>
            <SoundSettings phone={phone} />
          </details>
        </>
      )}
    </section>
  );
}

/** The choice between the desk phone and this browser. `busy`: a monitor or a call that was taken over would end. */
export function ChooseDevice({ me, device, choose, busy }: Pick<Props, "me" | "device" | "choose" | "busy">) {
  const pick = (value: string) => {
    rememberDevice(value);
    choose(value);
  };
  return (
    <label class="phone-choice">
      {words.listenWith}
      <select value={device} disabled={busy} onChange={(event) => pick(event.currentTarget.value)}>
        {me.device && <option value="desk">{say(words.deskPhone, { device: me.device.split("/").pop() ?? "" })}</option>}
        <option value={BROWSER}>{words.thisBrowser}</option>
      </select>
    </label>
  );
}
