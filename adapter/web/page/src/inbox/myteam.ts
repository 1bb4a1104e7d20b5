// My team, as the server has it: asked when the page opens, and again after everything was shown afresh.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { NO_TEAM, teamOf, type MyTeam } from "../core/teams";
import type { User } from "../schema";

/** `me` is another object after each snapshot, which a change of my teams causes. */
export function useMyTeam(me: User): MyTeam {
  const [team, setTeam] = useState<MyTeam>(NO_TEAM);
  useEffect(() => {
    if (!me.can_monitor) return setTeam(NO_TEAM);
    let isLast = true;
    ask("GET", "/teams")
      .then(({ teams }) => isLast && setTeam(teamOf(teams, me)))
      .catch(() => undefined); // it stays as it was known; the page says itself that the server is away
    return () => {
      isLast = false;
    };
  }, [me]);
  return team;
}
