// What teams are called: agents tell only their ids.

import { useEffect, useMemo, useState } from "preact/hooks";
import { ask } from "../api/ask";

/** Teams with their names, in their order; by its id where the server tells no name. Asked for when a team is seen first. */
export function useTeamNames(ids: readonly string[]): readonly (readonly [id: string, name: string])[] {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  const wanted = ids.join(" ");
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    ask("GET", "/teams").then(
      ({ teams }) => gone || setNames(new Map(teams.map(({ id, name }) => [id, name]))),
      () => undefined, // their ids do
    );
    return () => void (gone = true);
  }, [wanted]);
  return useMemo(() => ids.map((id) => [id, names.get(id) ?? id] as const), [ids, names]);
}
