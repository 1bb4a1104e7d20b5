// The call that I took over: an ordinary call, with whom and for how long, and what one does with a call.

import { useRef, useState } from "preact/hooks";
import { useClocks } from "../ui/clocks";
import { Icon } from "../ui/icons";
import { say, words } from "../words";
import { ClickToHear, MicrophoneSays, PhoneSays } from "./says";
import { Levels } from "./levels";
import type { Phone } from "./usephone";

/** Nothing while there is no such call. */
export function TalkingWith({ phone }: { phone: Phone }) {
  const { softphone, picture, taken } = phone;
  const region = useRef<HTMLElement>(null);
  const [busy, setBusy] = useState(false);
  useClocks(region, taken);
  if (!taken) return null;
  const hold = async () => {
    setBusy(true);
    await softphone.hold(!taken.held);
    setBusy(false);
  };
  const number = taken.number || words.anonymous;
  return (
    <section ref={region} class="talking-with taken" aria-label={say(words.talkingWith, { number })}>
      <div class="toned">
        <Icon of="taken" />
        <div>
          <h2>{say(words.talkingWith, { number })}</h2>
          {taken.name && taken.name !== taken.number && <p>{taken.name}</p>}
          <p role="status">{hears(phone)}</p>
        </div>
        <time data-since={taken.since} />
      </div>
      <MicrophoneSays phone={softphone} picture={picture} />
      {picture.reconnecting && <PhoneSays picture={picture} />}
      {picture.blocked && <p class="problem">{words.phoneBlocked}</p>}
      <ClickToHear phone={softphone} picture={picture} />
      <Levels phone={softphone} picture={picture} />
      <div class="row">
        <button type="button" aria-pressed={taken.muted} onClick={() => softphone.mute(!taken.muted)}>
          <Icon of={taken.muted ? "whisper" : "mute"} />
          {taken.muted ? words.unmute : words.mute}
        </button>
        <button type="button" aria-pressed={taken.held} disabled={busy} onClick={() => void hold()}>
          <Icon of={taken.held ? "resume" : "hold"} />
          {taken.held ? words.resume : words.hold}
        </button>
        <button type="button" class="danger" onClick={() => softphone.hangUp()}>
          <Icon of="hangUp" />
          {words.hangUp}
        </button>
      </div>
    </section>
  );
}

function hears({ picture, taken }: Phone): string {
  if (taken?.held) return words.takenHeld;
  if (taken?.muted) return words.takenMuted;
  return picture.open ? words.takenHears : words.takenNot;
}
