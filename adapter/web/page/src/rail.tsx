// The rail at the left: where one can go, and what concerns all of it.

import type { User } from "./schema";
import { StopAll } from "./stopall";
import { Icon } from "./ui/icons";
import { LANGUAGES, language, words } from "./words";

interface Props {
  me: User;
  shown: "account" | "inbox" | "floor" | "coaching";
  leave: () => void;
}

export function Rail({ me, shown, leave }: Props) {
  const here = (name: Props["shown"]) => (shown === name ? "page" : undefined);
  return (
    <nav class="rail" aria-label={words.navigation}>
      <a href="#/account" aria-current={here("account")}>
        <Icon of="account" />
        {words.account}
      </a>
      <a href="#/inbox" aria-current={here("inbox")}>
        <Icon of="inbox" />
        {words.inbox}
      </a>
      {me.can_monitor && (
        <a href="#/floor" aria-current={here("floor")}>
          <Icon of="floor" />
          {words.floor}
        </a>
      )}
      <a href="#/coaching" aria-current={here("coaching")}>
        <Icon of="coaching" />
        {words.coaching}
      </a>
      <span class="grow" />
      {me.role === "administrator" && <StopAll />}
      <Languages />
      <span class="me" title={me.username}>
        {me.name}
      </span>
      <button type="button" onClick={leave}>
        <Icon of="signOut" />
        {words.signOut}
      </button>
    </nav>
  );
}

function Languages() {
  const choose = (event: Event) => {
    localStorage.setItem("language", (event.target as HTMLSelectElement).value);
    location.reload();
  };
  return (
    <span class="language">
      <Icon of="language" />
      <select aria-label={words.language} value={language()} onChange={choose}>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option value={code} key={code}>
            {name}
          </option>
        ))}
      </select>
    </span>
  );
}
