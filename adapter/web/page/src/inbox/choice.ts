// Which call is open in the panel.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Monitor } from "../schema";

export interface Choice {
  chosen: string | null;
  choose: (callId: string | null) => void;
}

/** A monitor of mine that begins, or is found after a reload, opens its call where none is open. */
export function useChoice(mine: Monitor | undefined): Choice {
  const [chosen, choose] = useState<string | null>(null);
  const known = useRef<string | null>(null);
  useEffect(() => {
    if (!mine || known.current === mine.id) return;
    known.current = mine.id;
    choose((now) => now ?? mine.call_id);
  }, [mine]);
  return { chosen, choose };
}
