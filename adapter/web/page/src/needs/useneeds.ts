// Which calls need me, kept up as calls change and time passes, by the limits of their teams and this person's own.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { LimitsBook, ownLimits, type SomeLimits } from "../core/limits";
import { joinedOf, needsOf, NOTHING_SEEN, seen, type Need } from "../core/needs";
import { NOTHING, type Picture } from "../core/picture";
import type { Team, User } from "../schema";
import { useNow } from "../ui/clocks";
import { useKept } from "../ui/kept";
import { useTeams } from "./useteams";

export type Needs = ReadonlyMap<string, Need>;

export interface NeedsMe {
  needs: Needs;
  /** From when on, by whose call or queue it is. */
  book: LimitsBook;
  /** What this person set for themselves. */
  setOwn: (own: SomeLimits) => void;
  /** Those that they supervise; for administrators all. Null until they are known. */
  teams: readonly Team[] | null;
  /** Whether the settings are open, opening and closing them. */
  asked: boolean;
  ask: () => void;
  close: () => void;
}

const NOBODY: Needs = new Map();
const LOOK = 2;

export function useNeeds(me: User, picture: Picture | null): NeedsMe {
  const [own, keepOwn] = useKept<SomeLimits>("limits-" + me.id, ownLimits, (kept) => ({ own: kept }));
  const teams = useTeams(me);
  const book = useMemo(() => new LimitsBook(teams ?? [], own), [teams, own]);
  const [asked, setAsked] = useState(false);
  const { calls, agents, connected } = picture ?? NOTHING;
  const on = me.can_monitor;
  const now = useNow(LOOK, on && connected);
  const known = useRef(NOTHING_SEEN);
  const last = useRef(NOBODY);
  const needs = useMemo(() => {
    if (!on) return NOBODY;
    // A call that has just come or changed is looked at with the time of that, not with the last look's.
    known.current = seen(known.current, calls, agents, Date.now());
    const found = needsOf(calls, known.current, book, now, me.id, joinedOf(agents));
    if (!isSame(last.current, found)) last.current = found;
    return last.current;
  }, [on, calls, agents, book, now, me.id]);
  useEffect(() => {
    if (!connected) known.current = NOTHING_SEEN; // what happened meanwhile is not known
  }, [connected]);
  return { needs, book, setOwn: keepOwn, teams, asked, ask: () => setAsked(true), close: () => setAsked(false) };
}

/** Whether the same calls need me for the same reasons, in the same order: then nothing has to be drawn. */
function isSame(one: Needs, other: Needs): boolean {
  if (one.size !== other.size) return false;
  const order = (needs: Needs) => [...needs].sort(([, a], [, b]) => b.weight - a.weight).map(([id, { reason }]) => id + reason).join();
  return order(one) === order(other);
}
