// The settings of sound in this browser: how loud, which microphone and speaker, and the tones.

import { useEffect, useState } from "preact/hooks";
import { words } from "../words";
import type { Softphone } from "./softphone";

export function SoundSettings({ phone }: { phone: Softphone }) {
  const devices = useDevices();
  const [problem, setProblem] = useState("");
  const [tones, setTones] = useState(phone.sound.tones);
  const of = (kind: MediaDeviceKind) => devices.filter((device) => device.kind === kind && device.deviceId);
  const told = async (work: Promise<boolean>, failed: string) => {
    const done = await work;
    setProblem(done ? "" : failed);
    return done;
  };
  return (
    <div class="sound-settings">
      <label>
        {words.volume}
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          defaultValue={String(phone.sound.volume)}
          onInput={(event) => (phone.sound.volume = Number(event.currentTarget.value))}
        />
      </label>
      <Devices
        label={words.microphone}
        name="microphone"
        found={of("audioinput")}
        pick={(id) => told(phone.useMicrophone(id), words.microphoneNotUsed)}
      />
      <Devices
        label={words.speaker}
        name="speaker"
        found={of("audiooutput")}
        pick={(id) => told(phone.useSpeaker(id), words.speakerNotUsed)}
      />
      <p role="alert" class="problem">
        {problem}
      </p>
      <label class="check">
        <input
          type="checkbox"
          checked={tones}
          onChange={(event) => {
            phone.sound.tones = event.currentTarget.checked;
            setTones(event.currentTarget.checked);
          }}
        />
        {words.openTone}
      </label>
      <button type="button" onClick={() => phone.sound.testTone()}>
        {words.testTone}
      </button>
    </div>
  );
}

/** What is plugged in now. */
function useDevices(): MediaDeviceInfo[] {
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([]);
  useEffect(() => {
    const look = () => void navigator.mediaDevices?.enumerateDevices().then(setDevices);
    look();
    navigator.mediaDevices?.addEventListener?.("devicechange", look);
    return () => navigator.mediaDevices?.removeEventListener?.("devicechange", look);
  }, []);
  return devices;
}

interface DevicesProps {
  label: string;
  name: string;
  found: MediaDeviceInfo[];
  pick: (id: string) => Promise<boolean>;
}

/** Names are known once the microphone was granted; before that browsers hide them. */
function Devices({ label, name, found, pick }: DevicesProps) {
  const chosen = () => localStorage.getItem(name) ?? "default";
  const choose = async (list: HTMLSelectElement) => {
    if (!(await pick(list.value))) list.value = chosen();
  };
  return (
    <label>
      {label}
      <select value={chosen()} onChange={(event) => void choose(event.currentTarget)}>
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
