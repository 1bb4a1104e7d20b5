// Which calls need me, kept up as calls change and time passes, by this person's own limits.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { LIMITS, limitsOf, type Limits } from "../core/limits";
import { needsOf, NOTHING_SEEN, seen, type Need } from "../core/needs";
import { NOTHING, type Picture } from "../core/picture";
import type { User } from "../schema";
import { useNow } from "../ui/clocks";
import { useKept } from "../ui/kept";

export type Needs = ReadonlyMap<string, Need>;

export interface NeedsMe {
  needs: Needs;
  limits: Limits;
  setLimits: (limits: Limits) => void;
  /** Whether the settings are open, opening and closing them. */
  asked: boolean;
  ask: () => void;
  close: () => void;
}

const NOBODY: Needs = new Map();
const LOOK = 2;

export function useNeeds(me: User, picture: Picture | null): NeedsMe {
  const [limits, setLimits] = useKept("limits-" + me.id, limitsOf);
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
    const found = needsOf(calls, known.current, limits, now, me.id);
    if (!isSame(last.current, found)) last.current = found;
    return last.current;
  }, [on, calls, agents, limits, now, me.id]);
  useEffect(() => {
    if (!connected) known.current = NOTHING_SEEN; // what happened meanwhile is not known
  }, [connected]);
  return { needs, limits: on ? limits : LIMITS, setLimits, asked, ask: () => setAsked(true), close: () => setAsked(false) };
}

/** Whether the same calls need me for the same reasons, in the same order: then nothing has to be drawn. */
function isSame(one: Needs, other: Needs): boolean {
  if (one.size !== other.size) return false;
  const order = (needs: Needs) => [...needs].sort(([, a], [, b]) => b.weight - a.weight).map(([id, { reason }]) => id + reason).join();
  return order(one) === order(other);
}
