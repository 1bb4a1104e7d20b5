// The frame: signed in or not, which view, the live picture, my monitoring, and what everybody must be told at once.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Account } from "./account/account";
import { ask, onSignedOut } from "./api/ask";
import { Live } from "./api/live";
import { NOTHING, type Picture } from "./core/picture";
import { useChoice } from "./inbox/choice";
import { Floor } from "./floor/floor";
import { Inbox } from "./inbox/inbox";
import { Monitoring, useMonitoring } from "./inbox/monitoring";
import { Notices } from "./notices";
import { useAlerts, wishesOf } from "./needs/alerts";
import { NeedsSettings } from "./needs/settings";
import { useNeeds } from "./needs/useneeds";
import { Rail } from "./rail";
import type { User } from "./schema";
import { SignIn } from "./signin";
import { useKept } from "./ui/kept";
import { Wall } from "./wall/wall";
import { words } from "./words";

/** What the address asks for: `inbox`, `floor`, `wall`, or `account` and which part of it. */
const view = (): string => (/^#\/(account|floor|wall)/.test(location.hash) ? location.hash.slice(2) : "inbox");

/** A wall display has a token of its own, and nobody signs in there. */
export function App() {
  return useView().startsWith("wall") ? <Wall /> : <Page />;
}

function Page() {
  const [user, setUser] = useState<User | null | undefined>(undefined);
  const [ended, setEnded] = useState(false);
  useEffect(() => {
    onSignedOut(() => {
      setUser(null);
      setEnded(true);
    });
    ask("GET", "/session")
      .then((answer) => setUser(answer.user))
      .catch(() => setUser(null))
      .finally(() => setEnded(false));
  }, []);
  if (user === undefined) return null;
  const signedIn = (who: User) => {
    setEnded(false);
    setUser(who);
  };
  if (user === null) return <SignIn done={signedIn} notice={ended ? words.signedOutAgain : ""} />;
  return <SignedIn key={user.id} user={user} signOut={() => setUser(null)} lose={() => (setUser(null), setEnded(true))} />;
}

interface Props {
  user: User;
  signOut: () => void;
  /** The server does not know my session any more. */
  lose: () => void;
}

function SignedIn({ user, signOut, lose }: Props) {
  const [picture, setPicture] = useState<Picture | null>(null);
  const shown = useView();
  // eslint-disable-next-line react-hooks/exhaustive-deps -- one stream for as long as this person is signed in
  const live = useMemo(() => new Live(setPicture, lose), []);
  useEffect(() => {
    live.open();
    return () => live.close();
  }, [live]);

  const me = picture?.user ?? user;
  const monitoring = useMonitoring(me, picture);
  const choice = useChoice(monitoring.mine);
  const needs = useNeeds(me, picture);
  const [wishes, setWishes] = useKept("alerts-" + me.id, wishesOf);
  const account = shown.startsWith("account");
  const floor = shown.startsWith("floor") && me.can_monitor;
  const open = (call: string | null) => {
    choice.choose(call);
    location.hash = "#/inbox";
  };
  const go = () => open(monitoring.mine?.call_id ?? choice.chosen);
  const heard = (monitoring.mine !== undefined && monitoring.mine.mode !== "silent") || monitoring.phone.taken !== null;
  useAlerts({ needs: needs.needs, calls: picture?.calls ?? NOTHING.calls, wishes, heard, open });
  const leave = async () => {
    await ask("DELETE", "/session").catch(() => undefined); // what can't be reached has nothing to leave
    signOut();
  };
  return (
    <div class="frame" data-stale={picture !== null && !picture.connected ? true : undefined}>
      <Monitoring monitoring={monitoring} go={go} />
      <Rail me={me} shown={account ? "account" : floor ? "floor" : "inbox"} leave={leave} />
      <div class="content">
        <Notices picture={picture} />
        {account ? (
          <Account me={me} part={shown.slice("account/".length)} />
        ) : floor ? (
          <Floor picture={picture} needs={needs} open={open} />
        ) : (
          <Inbox me={me} picture={picture} monitoring={monitoring} choice={choice} needs={needs} />
        )}
      </div>
      {needs.asked && (
        <NeedsSettings limits={needs.limits} setLimits={needs.setLimits} wishes={wishes} setWishes={setWishes} close={needs.close} />
      )}
    </div>
  );
}

function useView(): string {
  const [shown, setShown] = useState(view());
  useEffect(() => {
    const moved = () => setShown(view());
    addEventListener("hashchange", moved);
    moved(); // it may have changed between the first rendering and this
    return () => removeEventListener("hashchange", moved);
  }, []);
  return shown;
}
