// The frame: signed in or not, which view, the live picture, and what everybody must be told at once.

import { useEffect, useRef, useState } from "preact/hooks";
import { Account } from "./account/account";
import { ask } from "./api/ask";
import { Inbox } from "./inbox/inbox";
import { Live } from "./api/live";
import type { Picture } from "./core/picture";
import type { User } from "./schema";
import { SignIn } from "./signin";
import { useConfirmedTalk, usePhone } from "./phone/usephone";
import { LANGUAGES, language, say, words } from "./words";

/** What the address asks for: `inbox`, or `account` and which part of it. */
const view = (): string => (location.hash.startsWith("#/account") ? location.hash.slice(2) : "inbox");

export function App() {
  const [user, setUser] = useState<User | null | undefined>(undefined);
  const [picture, setPicture] = useState<Picture | null>(null);
  const [shown, setShown] = useState(view());
  const live = useRef<Live | null>(null);

  useEffect(() => {
    const moved = () => setShown(view());
    addEventListener("hashchange", moved);
    ask("GET", "/session")
      .then((answer) => setUser(answer.user))
      .catch(() => setUser(null));
    return () => removeEventListener("hashchange", moved);
  }, []);

  const id = user?.id;
  useEffect(() => {
    if (id === undefined) return;
    const signedOut = () => {
      setUser(null);
      setPicture(null);
    };
    live.current = new Live(setPicture, signedOut);
    live.current.open();
    return () => live.current?.close();
  }, [id]);

  const mine = [...(picture?.monitors.values() ?? [])].find((monitor) => monitor.supervisor.user_id === id);
  const phone = usePhone(picture?.user ?? user ?? null, mine, picture);
  useConfirmedTalk(phone, mine);
  if (user === undefined) return null;
  if (user === null) return <SignIn done={setUser} />;
  const me = picture?.user ?? user;
  const account = shown.startsWith("account");
  const leave = async () => {
    await ask("DELETE", "/session").catch(() => undefined); // what can't be reached has nothing to leave
    setPicture(null);
    setUser(null);
  };
  return (
    <div class="frame">
      <nav aria-label={words.title}>
        <a href="#/account" aria-current={account ? "page" : undefined}>
          {words.account}
        </a>
        <a href="#/inbox" aria-current={shown === "inbox" ? "page" : undefined}>
          {words.inbox}
        </a>
        <span class="grow" />
        <Languages />
        <span class="me">{me.name}</span>
        <button type="button" class="plain" onClick={() => void leave()}>
          {words.signOut}
        </button>
      </nav>
      <div class="content">
        <Told picture={picture} />
        {account ? <Account me={me} part={shown.slice("account/".length)} /> : <Inbox me={me} picture={picture} mine={mine} phone={phone} />}
      </div>
    </div>
  );
}

function Languages() {
  const choose = (event: Event) => {
    localStorage.setItem("language", (event.target as HTMLSelectElement).value);
    location.reload();
  };
  return (
    <select aria-label={words.language} value={language()} onChange={choose}>
      {Object.entries(LANGUAGES).map(([code, name]) => (
        <option value={code} key={code}>{name}</option>
      ))}
    </select>
  );
}

/** The connection's troubles, and who talks to me while I am on a call. Read out as they come. */
function Told({ picture }: { picture: Picture | null }) {
  const coaches = [...(picture?.coaches.values() ?? [])];
  return (
    <>
      <div role="status" class="told">
        {picture && !picture.connected && <p class="trouble">{words.lostStream}</p>}
        {picture?.connected && picture.pbx?.state !== "connected" && <p class="trouble">{words.pbxDown}</p>}
        {picture?.connected && picture.record?.state === "failing" && <p class="trouble">{words.recordFails}</p>}
      </div>
      <div role="alert" aria-live="assertive" class="told">
        {coaches.map((coach) => (
          <p class="coach" key={coach.monitor_id}>
            {say(coach.mode === "barge" ? words.coachBarge : words.coachWhisper, { name: coach.supervisor.name })}
          </p>
        ))}
      </div>
    </>
  );
}
