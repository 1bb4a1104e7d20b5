// What the list knows about the open call: the other end of an internal call.

import type { Row } from "../core/rows";
import { Icon } from "../ui/icons";
import { say, words } from "../words";

/** A button to the entry of the other agent, where both ends are one row. */
export function OtherEnd({ row, callId, choose }: { row: Row | undefined; callId: string; choose: (callId: string) => void }) {
  const other = row?.calls.find(({ id }) => id !== callId);
  if (!other) return null;
  return (
    <button type="button" class="other-end" onClick={() => choose(other.id)}>
      <Icon of="internal" /> {say(words.coachThisEnd, { name: other.agent.name })}
    </button>
  );
}
