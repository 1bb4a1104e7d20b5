// Following an agent: one phone that hears each of their calls, and waits in between. Never optimistic.

import { useRef, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import type { Picture } from "../core/picture";
import type { MyMonitoring } from "../inbox/monitoring";
import { BROWSER } from "../phone/devices";
import type { FollowAnswer, User } from "../schema";
import { useClocks } from "../ui/clocks";
import { Icon } from "../ui/icons";
import { say, words } from "../words";

export function myFollow(me: User, picture: Pick<Picture, "follows"> | null): FollowAnswer | undefined {
  return [...(picture?.follows.values() ?? [])].find(({ supervisor }) => supervisor.user_id === me.id);
}

interface FollowProps {
  agent: string;
  monitoring: MyMonitoring;
  /** Whether what is shown is known to be true now. */
  known: boolean;
}

/** In the panel of a call: follow its agent. */
export function FollowAgent({ agent, monitoring, known }: FollowProps) {
  const [next, setNext] = useState(false);
  const [problem, setProblem] = useState("");
  const busy = useRef(false);
  const free = known && monitoring.mine === undefined && monitoring.follow === undefined && monitoring.phone.taken === null;
  if (monitoring.follow?.agent.user_id === agent) return <StopFollowing follow={monitoring.follow} />;
  const start = async () => {
    if (!free || busy.current) return;
    busy.current = true;
    setProblem("");
    const device = monitoring.phone.device === BROWSER ? { device: BROWSER } : {};
    const calls = next ? { calls: 1 } : {};
    await attempt(() => ask("POST", "/follows", { body: { agent_user_id: agent, ...device, ...calls } }), setProblem);
    busy.current = false;
  };
  return (
    <div class="row follow">
      <button
        type="button" aria-disabled={!free} title={free ? undefined : words.followStopFirst}
        onClick={(event) => event.detail <= 1 && void start()}
      >
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
      <button type="button" aria-disabled={busy} onClick={() => void stop()}>
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
export function FollowBar({ follow }: { follow: FollowAnswer }) {
  const element = useRef<HTMLElement>(null);
  useClocks(element, follow.started_at);
  const said = { connecting: words.followRings, waiting: words.followWaits, listening: words.followHears, ended: words.followWaits };
  return (
    <section ref={element} class="bar toned silent" aria-label={words.myMonitoring}>
      <Icon of="silent" />
      <span class="what">
        <b>{say(said[follow.state], { agent: follow.agent.name })}</b>
        <time data-since={follow.started_at} />
      </span>
      <span class="acts">
        <StopFollowing follow={follow} />
      </span>
    </section>
  );
}
