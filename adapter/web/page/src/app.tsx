// The frame: signed in or not, which view, the live picture, my monitoring, and what everybody must be told at once.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Account } from "./account/account";
import { ask, onSignedOut } from "./api/ask";
import { Live } from "./api/live";
import type { Picture } from "./core/picture";
import { Coaching } from "./coaching/coaching";
import { useHelpSignal } from "./coaching/signal";
import { useChoice } from "./inbox/choice";
import { Inbox } from "./inbox/inbox";
import { Monitoring, useMonitoring } from "./inbox/monitoring";
import { Notices } from "./notices";
import { Rail } from "./rail";
import type { User } from "./schema";
import { SignIn } from "./signin";
import { words } from "./words";

/** What the address asks for: `inbox`, `coaching`, or `account` and which part of it. */
const view = (): string => (/^#\/(account|coaching)/.test(location.hash) ? location.hash.slice(2) : "inbox");

export function App() {
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
  useHelpSignal(me, picture);
  const choice = useChoice(monitoring.mine);
  const account = shown.startsWith("account");
  const coaching = shown.startsWith("coaching");
  const go = () => {
    choice.choose(monitoring.mine?.call_id ?? choice.chosen);
    location.hash = "#/inbox";
  };
  const leave = async () => {
    await ask("DELETE", "/session").catch(() => undefined); // what can't be reached has nothing to leave
    signOut();
  };
  return (
    <div class="frame" data-stale={picture !== null && !picture.connected ? true : undefined}>
      <Monitoring monitoring={monitoring} go={go} />
      <Rail me={me} shown={account ? "account" : coaching ? "coaching" : "inbox"} leave={leave} />
      <div class="content">
        <Notices picture={picture} />
        {account ? (
          <Account me={me} part={shown.slice("account/".length)} />
        ) : coaching ? (
          <Coaching me={me} />
        ) : (
          <Inbox me={me} picture={picture} monitoring={monitoring} choice={choice} />
        )}
      </div>
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
