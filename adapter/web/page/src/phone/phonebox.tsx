// The phone in the panel: which device, how it is, what is heard and said, and its settings.

import { useEffect, useState } from "preact/hooks";
import type { User } from "../schema";
import type { Picture, Softphone } from "./softphone";
import { say, words } from "../words";

export const BROWSER = "browser";
const CHOSEN = "device";
const METER_MS = 100;

/** The device that was chosen last on this machine: this browser, or the desk phone. */
export function chosenDevice(desk: boolean): string {
  return localStorage.getItem(CHOSEN) ?? (desk ? "desk" : BROWSER);
}

interface Props {
  me: User;
  phone: Softphone;
  picture: Picture;
  device: string;
  choose: (device: string) => void;
  busy: boolean;
}

export function PhoneBox({ me, phone, picture, device, choose, busy }: Props) {
  const pick = (value: string) => {
    localStorage.setItem(CHOSEN, value);
    choose(value);
  };
  return (
    <section class="phonebox" aria-label={words.myPhone}>
      <label>
        {words.listenWith}
        <select value={device} disabled={busy} onChange={(event) => pick(event.currentTarget.value)}>
          {me.device && <option value="desk">{say(words.deskPhone, { device: me.device.split("/").pop() ?? "" })}</option>}
          <option value={BROWSER}>{words.thisBrowser}</option>
        </select>
      </label>
      {device === BROWSER && (
        <>
          <p role="status">{words[`phone_${picture.state === "connected" && picture.flowing ? "flowing" : picture.state}`]}</p>
          {picture.state === "connected" && <Meters phone={phone} open={picture.open} />}
          {picture.microphone === "refused" && <p class="problem">{words.noMicrophone}</p>}
          <Settings phone={phone} />
        </>
      )}
    </section>
  );
}

/** What I hear and say, ten times a second. They render alone. */
function Meters({ phone, open }: { phone: Softphone; open: boolean }) {
  const [levels, setLevels] = useState({ hearing: 0, speaking: 0 });
  useEffect(() => {
    const timer = setInterval(() => setLevels(phone.levels()), METER_MS);
    return () => clearInterval(timer);
  }, [phone]);
  return (
    <p class="meters">
      <Level label={words.iHear} value={levels.hearing} />
      <Level label={open ? words.mySound : words.mySoundOff} value={open ? levels.speaking : 0} />
    </p>
  );
}

function Level({ label, value }: { label: string; value: number }) {
  return (
    <label>
      {label}
      <meter min={0} max={1} value={value} />
    </label>
  );
}

function Settings({ phone }: { phone: Softphone }) {
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([]);
  const [volume, setVolume] = useState(Number(localStorage.getItem("volume") ?? "1"));
  const look = () => void navigator.mediaDevices?.enumerateDevices().then(setDevices);
  useEffect(look, []);
  const of = (kind: MediaDeviceKind) => devices.filter((device) => device.kind === kind && device.deviceId);
  return (
    <details onToggle={look}>
      <summary>{words.soundSettings}</summary>
      <label>
        {words.volume}
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={volume}
          onInput={(event) => {
            setVolume(Number(event.currentTarget.value));
            phone.volume(Number(event.currentTarget.value));
          }}
        />
      </label>
      <Devices label={words.microphone} name="microphone" found={of("audioinput")} use={(id) => void phone.useMicrophone(id)} />
      <Devices label={words.speaker} name="speaker" found={of("audiooutput")} use={(id) => void phone.useSpeaker(id)} />
      <button type="button" onClick={() => phone.testTone()}>
        {words.testTone}
      </button>
    </details>
  );
}

interface DevicesProps {
  label: string;
  name: string;
  found: MediaDeviceInfo[];
  use: (id: string) => void;
}

function Devices({ label, name, found, use }: DevicesProps) {
  return (
    <label>
      {label}
      <select value={localStorage.getItem(name) ?? "default"} onChange={(event) => use(event.currentTarget.value)}>
        <option value="default">{words.systemsChoice}</option>
        {found
          .filter((device) => device.deviceId !== "default")
          .map((device) => (
            <option value={device.deviceId} key={device.deviceId}>
              {device.label || device.deviceId.slice(0, 8)}
            </option>
          ))}
      </select>
    </label>
  );
}
