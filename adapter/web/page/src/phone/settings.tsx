// The settings of sound in this browser: how loud, which microphone and speaker, and the tones.

import { useEffect, useState } from "preact/hooks";
import { words } from "../words";
import type { Softphone } from "./softphone";

export function SoundSettings({ phone }: { phone: Softphone }) {
  const devices = useDevices();
  const [problem, setProblem] = useState("");
  const [tones, setTones] = useState(phone.sound.tones);
  const of = (kind: MediaDeviceKind) => devices.filter((device) => device.kind === kind && device.deviceId);
  const use = async (work: Promise<boolean>, failed: string) => setProblem((await work) ? "" : failed);
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
        use={(id) => void use(phone.useMicrophone(id), words.microphoneNotUsed)}
      />
      <Devices
        label={words.speaker}
        name="speaker"
        found={of("audiooutput")}
        use={(id) => void use(phone.useSpeaker(id), words.speakerNotUsed)}
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
  use: (id: string) => void;
}

/** Names are known once the microphone was granted; before that browsers hide them. */
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
