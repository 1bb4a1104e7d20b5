// What the list knows about the open call: whether its agent is in my team, and the other end of an internal call.

import { useState } from "preact/hooks";
import type { Row } from "../core/rows";
import type { Call, User } from "../schema";
import { Icon } from "../ui/icons";
import { say, words } from "../words";

/** The extensions of the agents whom this person marked as their team; remembered by the browser, for each person apart. */
export function useTeam(me: User): [ReadonlySet<string>, (extension: string) => void] {
  const key = "team-" + me.id;
  const [team, setTeam] = useState(() => new Set(remembered(key)));
  const toggle = (extension: string) => {
    const changed = new Set(team);
    if (!changed.delete(extension)) changed.add(extension);
    localStorage.setItem(key, JSON.stringify([...changed]));
    setTeam(changed);
  };
  return [team, toggle];
}

function remembered(key: string): string[] {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(known) ? known.filter((one) => typeof one === "string") : [];
  } catch {
    return []; // somebody else wrote it
  }
}

export function InMyTeam({ call, team, toggle }: { call: Call; team: ReadonlySet<string>; toggle: (extension: string) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={team.has(call.agent.extension)} onChange={() => toggle(call.agent.extension)} />
      {say(words.inMyTeam, { name: call.agent.name })}
    </label>
  );
}

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
