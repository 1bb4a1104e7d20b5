// The shield: whoever is in a call has its monitoring paused, as while a card number is read out, and resumes it.

import { useRef, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { myCall } from "../core/help";
import { isUp, type Picture } from "../core/picture";
import { pausedUntil } from "../core/shield";
import type { User } from "../schema";
import { useMeant } from "../ui/anchored";
import { useClocks } from "../ui/clocks";
import { Icon } from "../ui/icons";
import { timeOf } from "../ui/when";
import { say, words } from "../words";

interface Props {
  me: User;
  picture: Picture;
}

/** For whoever is in a call of their own. What it says is what was confirmed: until then the button is busy. */
export function PauseMonitoring({ me, picture }: Props) {
  const [problem, setProblem] = useState("");
  const [sending, setSending] = useState(false);
  const box = useRef<HTMLElement>(null);
  const call = myCall(me, picture);
  const until = pausedUntil(call);
  useClocks(box, until);
  const meant = useMeant(until === null ? "pause" : "resume");
  if (!call) return null;
  const send = async (work: () => Promise<unknown>) => {
    if (sending) return;
    setSending(true);
    setProblem("");
    await attempt(work, setProblem);
    setSending(false);
  };
  const at = { id: call.id };
  const known = picture.connected && isUp(picture, call.pbx);
  const press = () =>
    void send(() => (until === null ? ask("POST", "/calls/{id}/shield", { at, body: {} }) : ask("DELETE", "/calls/{id}/shield", { at })));
  return (
    <section class="help mine" aria-label={words.shield} ref={box}>
      <div class="row">
        {until !== null && <Icon of="exempt" />}
        <p class="grow" role="status">
          {!known ? words.shieldUnknown : until === null ? words.shieldWhy : say(words.shieldOn, { time: timeOf(until) })}{" "}
          {known && until !== null && <time data-until={until} />}
        </p>
        <button type="button" aria-busy={sending} aria-disabled={sending || !known}
          onClick={(event) => event.detail <= 1 && meant(event) && known && press()}
        >
          {until === null ? words.pauseMonitoring : words.resumeMonitoring}
        </button>
      </div>
      {problem && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
    </section>
  );
}
