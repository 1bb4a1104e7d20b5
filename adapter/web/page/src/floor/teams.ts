// What teams are called: agents tell only their ids.

import { useEffect, useState } from "preact/hooks";

/** Teams with their names, in their order; by its id where the server tells no name. Asked for when a team is seen first. */
export function useTeamNames(ids: readonly string[]): readonly (readonly [id: string, name: string])[] {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  const wanted = ids.join(" ");
  useEffect(() => {
    if (!wanted) return;
    const given = new AbortController();
    fetch("/api/v1/teams", { signal: given.signal })
      .then(async (answer) => {
        const { teams } = (await answer.json()) as { teams?: { id: string; name: string }[] };
        if (teams) setNames(new Map(teams.map(({ id, name }) => [id, name])));
      })
      .catch(() => undefined); // their ids do
    return () => given.abort();
  }, [wanted]);
  return ids.map((id) => [id, names.get(id) ?? id] as const);
}
