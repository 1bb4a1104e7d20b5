// The teams that I supervise (an administrator: all), as the server has them: asked when the page opens, and again after
// everything was shown afresh.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import type { Team, User } from "../schema";

const NO_TEAMS: readonly Team[] = [];

/** Null until the first answer. `me` is another object after each snapshot, which a change of my teams, or of their limits, causes. */
export function useTeams(me: User): readonly Team[] | null {
  const [teams, setTeams] = useState<readonly Team[] | null>(null);
  useEffect(() => {
    if (!me.can_monitor) return setTeams(NO_TEAMS);
    let isLast = true;
    ask("GET", "/teams")
      .then(({ teams }) => isLast && setTeams(teams))
      .catch(() => setTeams((known) => known ?? NO_TEAMS)); // they stay as they were known; the page says itself that the server is away
    return () => {
      isLast = false;
    };
  }, [me]);
  return teams;
}
