// Following an agent: one phone that hears each of their calls, and waits in between. Never optimistic.

import { useRef, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import type { MyMonitoring } from "../inbox/monitoring";
import { BROWSER } from "../phone/devices";
import type { FollowAnswer } from "../schema";
import { useClocks } from "../ui/clocks";
import { Icon } from "../ui/icons";
import { say, words } from "../words";

interface FollowProps {
  /** Id of the agent's account, and the PBX where their phone is. */
  agent: string;
  pbx: string;
  monitoring: MyMonitoring;
  /** Whether what is shown is known to be true now. */
  known: boolean;
}

/** Follow this agent: in the panel of one of their calls, and on the floor. */
export function FollowAgent({ agent, pbx, monitoring, known }: FollowProps) {
  const [next, setNext] = useState(false);
  const [problem, setProblem] = useState("");
  const { mine, follow, busy, phone, followAgent } = monitoring;
  const isFree = mine === undefined && follow === undefined && phone.taken === null;
  if (follow?.agent.user_id === agent) return <StopFollowing follow={follow} />;
  const start = () => {
    if (!isFree || !known || busy) return;
    setProblem("");
    void followAgent(agent, pbx, next, setProblem);
  };
  return (
    <div class="row follow">
      <button type="button" aria-disabled={!isFree || !known || busy} title={isFree ? undefined : words.followStopFirst} onClick={(event) => event.detail <= 1 && start()}>
        {words.followAgent}
      </button>
      <label class="row">
        <input type="checkbox" checked={next} onChange={(event) => setNext(event.currentTarget.checked)} /> {words.followNext}
      </label>
      {problem && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
    </div>
  );
}

export function StopFollowing({ follow }: { follow: FollowAnswer }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const stop = async () => {
    if (busy) return;
    setBusy(true);
    setProblem("");
    await attempt(() => ask("DELETE", "/follows/{id}", { at: { id: follow.id } }), setProblem);
    setBusy(false);
  };
  return (
    <>
      <button type="button" aria-disabled={busy} onClick={(event) => event.detail <= 1 && void stop()}>
        {words.stopFollowing}
      </button>
      {problem && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
    </>
  );
}

/** My monitoring while I follow and no call is heard. */
export function FollowBar({ follow, known }: { follow: FollowAnswer; known: boolean }) {
  const element = useRef<HTMLElement>(null);
  useClocks(element, follow.started_at);
  const rings = follow.device === BROWSER ? words.phone_connecting : words.followRings;
  const said = { connecting: rings, waiting: words.followWaits, listening: words.followHears, ended: words.followWaits };
  return (
    <section ref={element} class={`bar toned ${known ? "silent" : "unknown"}`} aria-label={words.myMonitoring}>
      <Icon of={known ? "silent" : "unknown"} />
      <span class="what">
        {known && <b>{say(said[follow.state], { agent: follow.agent.name })}</b>}
        <time data-since={follow.started_at} />
        {!known && <span class="whom">{words.barUnknown}</span>}
      </span>
      <span class="acts">
        <StopFollowing follow={follow} />
      </span>
    </section>
  );
}
