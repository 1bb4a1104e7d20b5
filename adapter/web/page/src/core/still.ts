// An order that keeps still while the hand is at it. Pure.
//
// While it is held, everything keeps its place: what is gone leaves its place empty, what is new comes at the end. Once it
// is let go, all are where they belong.

export interface Place<T> {
  key: string;
  thing: T;
  /** It is gone: only its place is kept. */
  over: boolean;
}

export interface Still<T> {
  places: readonly Place<T>[];
  /** How many are not where they belong. */
  moved: number;
}

export const EMPTY: Still<never> = { places: [], moved: 0 };

/** `wanted`: those asked for, in their order; `find`: a thing as it is now, also one that is not asked for any more. */
export function arranged<T>(
  before: Still<T>, wanted: readonly T[], keyOf: (thing: T) => string, find: (key: string) => T | undefined, held: boolean,
): Still<T> {
  const ideal = wanted.map((thing): Place<T> => ({ key: keyOf(thing), thing, over: false }));
  if (!held) return { places: ideal, moved: 0 };
  const known = new Set(before.places.map(({ key }) => key));
  const kept = before.places.map(({ key, thing }): Place<T> => {
    const now = find(key);
    return now === undefined ? { key, thing, over: true } : { key, thing: now, over: false };
  });
  const places = [...kept, ...ideal.filter(({ key }) => !known.has(key))];
  const away = places.filter(({ key, over }, place) => over || ideal[place]?.key !== key).length;
  return { places, moved: away };
}
