// Who talks in the open call, as Asterisk hears it: the agent's share and the customer's, silence, both at once.

import { useRef } from "preact/hooks";
import type { Call } from "../schema";
import { useClocks } from "../ui/clocks";
import { Icon } from "../ui/icons";
import { say, words } from "../words";

export function Shares({ call, talk }: { call: Call; talk: NonNullable<Call["talk"]> }) {
  const element = useRef<HTMLDivElement>(null);
  useClocks(element, talk);
  const { agent_share: share, recent_share: recent, silent_since, together_since } = talk;
  return (
    <div class="shares" ref={element}>
      {share === null ? (
        <p class="soft">{words.shareTooSoon}</p>
      ) : (
        <>
          <p>
            <span>{say(words.shareOf, { name: call.agent.name, percent: String(share) })}</span>
            <span>{say(words.shareOther, { percent: String(100 - share) })}</span>
          </p>
          <svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
            <rect class="other" width="100" height="4" />
            <rect class="agent" width={share} height="4" />
          </svg>
        </>
      )}
      {recent !== null && <p class="soft">{say(words.shareRecent, { percent: String(recent) })}</p>}
      {silent_since && <Since icon="warning" text={words.silentSince} since={silent_since} />}
      {together_since && <Since icon="warning" text={words.togetherSince} since={together_since} />}
    </div>
  );
}

function Since({ icon, text, since }: { icon: "warning"; text: string; since: string }) {
  return (
    <p>
      <Icon of={icon} /> {text} <time data-since={since} />
    </p>
  );
}
