// The call that I took over, when it ends with my right or my session: it is said, unless I hung up myself.

import { useEffect, useRef, useState } from "preact/hooks";
import { words } from "../words";
import type { Phone } from "./usephone";

/** The call and the news of the right come on two ways; so far apart they are still one thing. */
const TOGETHER_MS = 5000;

export interface TakenLately {
  /** The number of the call that I have, or had a moment ago; empty where there is none. */
  readonly number: () => string;
}

export function useTakenLately({ taken, softphone }: Phone): TakenLately {
  const last = useRef({ number: "", until: 0 });
  if (taken) last.current = { number: taken.number || words.anonymous, until: Infinity };
  else if (last.current.until === Infinity) last.current.until = softphone.hungUp ? 0 : performance.now() + TOGETHER_MS;
  const [lately] = useState<TakenLately>(() => ({
    number: () => (performance.now() < last.current.until ? last.current.number : ""),
  }));
  return lately;
}

/** The number of the call that has ended because my right to monitor was taken away; until it is dismissed. */
export function useRightLost(may: boolean, lately: TakenLately): [number: string, dismiss: () => void] {
  const [number, setNumber] = useState("");
  const could = useRef(may);
  useEffect(() => {
    if (could.current && !may) setNumber(lately.number());
    could.current = may;
  }, [may, lately]);
  return [number, () => setNumber("")];
}
