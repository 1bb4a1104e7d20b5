// A frame in a CRM's page: its link is exchanged for a session, once, which is kept in memory only; then its one call.

import { useEffect, useState } from "preact/hooks";
import { actWith, ask, onSignedOut, Refused } from "../api/ask";
import { Live } from "../api/live";
import { closedBy, type Closed, type Opening } from "../core/embed";
import { NOTHING, type Picture } from "../core/picture";
import type { EmbedSession } from "../schema";
import { Icon } from "../ui/icons";
import { words } from "../words";
import { CallFrame } from "./callframe";
import { tell } from "./parent";

interface Props {
  opening: Opening | null;
  /** Whether there is a page around. */
  framed: boolean;
}

export function Embed({ opening, framed }: Props) {
  const [session, setSession] = useState<EmbedSession | null>(null);
  const [closed, setClosed] = useState<Closed | null>(framed ? (opening ? null : "no_link") : "not_framed");
  useEffect(() => {
    if (!opening || !framed) return;
    onSignedOut(() => setClosed((before) => before ?? "not_authenticated"));
    ask("POST", "/embeds/session", { body: opening })
      .then((opened) => {
        actWith(opened.token);
        setSession(opened);
      })
      .catch((problem: unknown) => setClosed(problem instanceof Refused ? closedBy(problem.code) : "unreachable"));
  }, [opening, framed]);
  useEffect(() => {
    if (closed && opening && framed) tell(opening.origin, { type: "call-monitor.closed", reason: closed });
  }, [closed, opening, framed]);
  if (closed) return <Over why={closed} />;
  return session && <Opened session={session} end={() => setClosed("not_authenticated")} />;
}

function Over({ why }: { why: Closed }) {
  return (
    <main class="embed over">
      <p role="alert">
        <Icon of="unknown" /> {words[`embed_${why}`]}
      </p>
    </main>
  );
}

function Opened({ session, end }: { session: EmbedSession; end: () => void }) {
  const [picture, setPicture] = useState<Picture>(NOTHING);
  useEffect(() => {
    const live = new Live(setPicture, end, session.token);
    live.open();
    return () => live.close();
  }, [session]); // eslint-disable-line react-hooks/exhaustive-deps -- one stream for one session
  return <CallFrame me={picture.user ?? session.user} picture={picture} origin={session.origin} />;
}
