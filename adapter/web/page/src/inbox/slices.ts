// Many rows come into the page in slices while it is idle, the first screenful at once: no task is ever long.

import { useEffect, useReducer, useRef } from "preact/hooks";

const FIRST = 40;
const SLICE = 40;
/** So many new rows at once are brought in slices. */
const MANY = 100;

/** How many of `count` rows are to be in the page now. Another `reset` begins anew. */
export function useSlices(count: number, reset: string): number {
  const kept = useRef({ count: 0, reset: "", limit: FIRST });
  const [, again] = useReducer((times: number) => times + 1, 0);
  const state = kept.current;
  if (state.reset !== reset || count - state.count > MANY) state.limit = FIRST;
  else if (state.limit >= count) state.limit = Infinity; // all are there: what comes singly comes at once
  Object.assign(state, { count, reset });
  const { limit } = state;
  const missing = limit < count;
  useEffect(() => {
    if (!missing) return;
    const more = () => {
      kept.current.limit = limit + SLICE;
      again(undefined);
    };
    if (!("requestIdleCallback" in window)) {
      const timer = setTimeout(more, 16);
      return () => clearTimeout(timer);
    }
    const idle = requestIdleCallback(more, { timeout: 100 });
    return () => cancelIdleCallback(idle);
  }, [limit, missing]);
  return Math.min(limit, count);
}
