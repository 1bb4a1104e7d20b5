// The phone in the panel's last row: which device, how its line is, and the way to its settings.

import { useState } from "preact/hooks";
import type { User } from "../schema";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { words, say } from "../words";
import { BROWSER, rememberDevice } from "./devices";
import { PhoneSays, UseThisTab } from "./says";
import { SoundSettings } from "./settings";
import type { Picture, Softphone } from "./softphone";

interface Props {
  me: User;
  phone: Softphone;
  picture: Picture;
  device: string;
  choose: (device: string) => void;
  busy: boolean;
}

export function PhoneBox({ me, phone, picture, device, choose, busy }: Props) {
  const [settings, setSettings] = useState(false);
  return (
    <section class="phonebox" aria-label={words.myPhone}>
      <ChooseDevice me={me} device={device} choose={choose} busy={busy || picture.taken !== null} />
      {device === BROWSER && (
        <>
          <button type="button" class="plain" onClick={() => setSettings(true)}>
            <Icon of="settings" />
            {words.soundSettings}
          </button>
          {!(picture.taken && picture.reconnecting) && <PhoneSays picture={picture} />}
          <UseThisTab phone={phone} picture={picture} />
        </>
      )}
      {settings && (
        <Dialog title={words.soundSettings} close={() => setSettings(false)}>
          <SoundSettings phone={phone} />
          <div class="row">
            <button type="button" onClick={() => setSettings(false)}>
              {words.close}
            </button>
          </div>
        </Dialog>
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
      <span class="hidden">{words.listenWith}</span>
      <select value={device} disabled={busy} onChange={(event) => pick(event.currentTarget.value)}>
        {me.device && <option value="desk">{say(words.deskPhone, { device: me.device.split("/").pop() ?? "" })}</option>}
        <option value={BROWSER}>{words.thisBrowser}</option>
      </select>
    </label>
  );
}
