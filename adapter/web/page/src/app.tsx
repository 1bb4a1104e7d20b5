// The frame: signed in or not, which view, the live picture, my monitoring, and what everybody must be told at once.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Account } from "./account/account";
import { ask, onSignedOut } from "./api/ask";
import { Live } from "./api/live";
import { NO_PBXS, NOTHING, type Picture } from "./core/picture";
import { NO_TEAM, teamOf } from "./core/teams";
import { Coaching } from "./coaching/coaching";
import { HelpRequests } from "./coaching/help";
import { MessagesToMe } from "./coaching/messages";
import { useHelpSignal } from "./coaching/signal";
import { UnsavedNotes } from "./coaching/unsaved";
import { useChoice } from "./inbox/choice";
import { Floor } from "./floor/floor";
import { Inbox } from "./inbox/inbox";
import { Monitoring, useMonitoring } from "./inbox/monitoring";
import { usePopped } from "./inbox/popped";
import { Notices } from "./notices";
import { useAlerts, wishesOf } from "./needs/alerts";
import { NeedsSettings } from "./needs/settings";
import { useNeeds } from "./needs/useneeds";
import { useRightLost, useTakenLately } from "./phone/lost";
import { Rail } from "./rail";
import type { User } from "./schema";
import { SignIn } from "./signin";
import { useSignOut } from "./signout";
import { useFocusKept } from "./ui/focus";
import { useKept } from "./ui/kept";
import { Wall } from "./wall/wall";
import { say, words } from "./words";

/** What the address asks for: `inbox`, `floor`, `coaching`, `wall`, or `account` and which part of it. */
const view = (): string => (/^#\/(account|floor|coaching|wall)/.test(location.hash) ? location.hash.slice(2) : "inbox");

/** A wall display has a token of its own, and nobody signs in there. */
export function App() {
  return useView().startsWith("wall") ? <Wall /> : <Page />;
}

function Page() {
  const [user, setUser] = useState<User | null | undefined>(undefined);
  const [ended, setEnded] = useState("");
  const talking = useRef(() => "");
  const [lose] = useState(() => () => {
    const number = talking.current();
    setUser(null);
    setEnded(number ? `${words.signedOutAgain} ${say(words.sessionLost, { number })}` : words.signedOutAgain);
  });
  useEffect(() => {
    onSignedOut(lose);
    ask("GET", "/session")
      .then((answer) => setUser(answer.user))
      .catch(() => setUser(null))
      .finally(() => setEnded(""));
  }, [lose]);
  if (user === undefined) return null;
  const signedIn = (who: User) => {
    setEnded("");
    setUser(who);
  };
  if (user === null) return <SignIn done={signedIn} notice={ended} />;
  return <SignedIn key={user.id} user={user} signOut={() => setUser(null)} lose={lose} talking={talking} />;
}

interface Props {
  user: User;
  signOut: () => void;
  /** The server does not know my session any more. */
  lose: () => void;
  /** Where it is left with whom I talk. */
  talking: { current: () => string };
}

function SignedIn({ user, signOut, lose, talking }: Props) {
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
  const lately = useTakenLately(monitoring.phone);
  const [rightLost, dismiss] = useRightLost(me.can_monitor, lately);
  useEffect(() => {
    talking.current = lately.number;
    return () => (talking.current = () => "");
  }, [talking, lately]);
  const choice = useChoice(monitoring.mine, picture !== null);
  const needs = useNeeds(me, picture);
  const [wishes, setWishes] = useKept("alerts-" + me.id, wishesOf);
  const account = shown.startsWith("account");
  const floor = shown.startsWith("floor") && me.can_monitor;
  const coaching = shown.startsWith("coaching");
  const open = (call: string | null) => {
    choice.choose(call);
    location.hash = "#/inbox";
  };
  const [popped, dismissPopped] = usePopped(open);
  const go = () => open(monitoring.mine?.call_id ?? choice.chosen);
  const heard = (monitoring.mine !== undefined && monitoring.mine.mode !== "silent") || monitoring.phone.taken !== null;
  const team = useMemo(() => needs.teams && teamOf(needs.teams, me), [needs.teams, me]);
  useHelpSignal({ me, picture, team, wishes, heard, book: needs.book, open });
  const requests = picture && <HelpRequests {...{ me, picture, monitoring, wishes, setWishes }} choose={open} />;
  useAlerts({ known: picture !== null, needs: needs.needs, calls: picture?.calls ?? NOTHING.calls, wishes, heard, open });
  const leave = async () => {
    await ask("DELETE", "/session").catch(() => undefined); // what can't be reached has nothing to leave
    signOut();
  };
  const signingOut = useSignOut(monitoring, () => void leave());
  const frame = useRef<HTMLDivElement>(null);
  useFocusKept(frame, mainPart);
  return (
    <div class="frame" ref={frame} data-stale={picture !== null && !picture.connected ? true : undefined}>
      <Monitoring monitoring={monitoring} go={go} picture={picture} />
      <Rail me={me} shown={account ? "account" : floor ? "floor" : coaching ? "coaching" : "inbox"} leave={signingOut.ask} />
      <div class="content">
        <Notices picture={picture} lost={rightLost && say(words.rightLost, { number: rightLost })} dismiss={dismiss} />
        {picture && <MessagesToMe me={me} picture={picture} />}
        <UnsavedNotes picture={picture} />
        {account ? (
          <Account me={me} pbxs={picture?.pbxs ?? NO_PBXS} keepDays={picture?.keepDays ?? 0} part={shown.slice("account/".length)} />
        ) : floor ? (
          <Floor picture={picture} me={me} monitoring={monitoring} needs={needs} requests={requests} open={open} />
        ) : coaching ? (
          <Coaching me={me} part={shown.slice("coaching/".length)} />
        ) : (
          <Inbox me={me} picture={picture} monitoring={monitoring} choice={choice} needs={needs} team={team ?? NO_TEAM} requests={requests} popped={popped} dismissPopped={dismissPopped} />
        )}
      </div>
      {signingOut.question}
      {needs.asked && (
        <NeedsSettings own={needs.book.own} setOwn={needs.setOwn} wishes={wishes} setWishes={setWishes} close={needs.close} />
      )}
    </div>
  );
}

/** The list, the floor or the panel, whichever is seen; else what the page begins with. */
function mainPart(root: HTMLElement): HTMLElement | undefined {
  const parts = [...root.querySelectorAll<HTMLElement>("ul[role=listbox], .agents, .panel, h2[tabindex], .coaching h1")];
  return parts.find((one) => one.checkVisibility({ visibilityProperty: true }));
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
