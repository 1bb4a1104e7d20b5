// Elements that are as they were are the same elements: of hundreds only those that changed cost anything.

import type { VNode } from "preact";
import { useRef } from "preact/hooks";

/** Makes elements by their keys, anew only where what they show is not the same. */
export function useSame<P>(make: (key: string, props: P) => VNode, isSame: (before: P, after: P) => boolean): (key: string, props: P) => VNode {
  const made = useRef(new Map<string, { props: P; element: VNode }>());
  return (key, props) => {
    const before = made.current.get(key);
    if (before && isSame(before.props, props)) return before.element;
    const element = make(key, props);
    made.current.set(key, { props, element });
    return element;
  };
}

/** The former of two lists where both say the same. */
export function useSameList<T>(list: readonly T[]): readonly T[] {
  const last = useRef(list);
  if (last.current.length !== list.length || list.some((one, place) => one !== last.current[place])) last.current = list;
  return last.current;
}
