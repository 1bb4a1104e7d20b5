// Which call is open in the panel.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Monitor } from "../schema";
import { NARROW } from "./narrow";

export interface Choice {
  chosen: string | null;
  choose: (callId: string | null) => void;
}

/** A monitor of mine that is found when the page opens, or begins, opens its call where none is open. But where the panel
 *  would come over a list that may be under the hand, one that begins elsewhere (a star code, a program) is left to the bar.
 *  `seen`: whether it is known what there is. */
export function useChoice(mine: Monitor | undefined, seen: boolean): Choice {
  const [chosen, choose] = useState<string | null>(null);
  const known = useRef<string | null>(null);
  const opened = useRef(false);
  useEffect(() => {
    if (!seen) return;
    const found = !opened.current;
    opened.current = true;
    if (!mine || known.current === mine.id) return;
    known.current = mine.id;
    if (found || !NARROW.matches) choose((now) => now ?? mine.call_id);
  }, [mine, seen]);
  return { chosen, choose };
}
