// Whether a person may come in at all: deactivate, activate, delete. Each asks before it acts.

import { useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import type { User } from "../schema";
import { Confirm } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { say, words } from "../words";

interface Props {
  user: User;
  /** Whether it is the account of who looks at it. */
  own: boolean;
  tell: (text: string) => void;
  fail: (text: string) => void;
  changed: (user: User) => void;
  removed: () => void;
}

export function Access({ user, own, tell, fail, changed, removed }: Props) {
  const [asked, setAsked] = useState<"deactivate" | "delete" | null>(null);
  const [problem, setProblem] = useState("");
  const { id } = user;
  const name = { name: user.name };
  const set = async (active: boolean) => {
    fail("");
    setProblem("");
    await attempt(async () => {
      changed(await ask("PATCH", "/users/{id}", { at: { id }, body: { active } }));
      tell(say(active ? words.activated : words.deactivated, name));
    }, setProblem);
  };
  const remove = async () => {
    setProblem("");
    if (await attempt(() => ask("DELETE", "/users/{id}", { at: { id } }), setProblem)) removed();
  };
  const warning = own ? ` ${words.ownAccount}` : "";
  return (
    <section class="card access" aria-labelledby="access">
      <h3 id="access">{words.accessTitle}</h3>
      <p>{say(user.active ? words.accessActive : words.accessInactive, name)}</p>
      <p role="alert" class="problem">
        {problem}
      </p>
      <div class="row">
        <button type="button" onClick={() => (user.active ? setAsked("deactivate") : void set(true))}>
          <Icon of={user.active ? "deactivate" : "activate"} /> {user.active ? words.deactivate : words.activate}
        </button>
        <button type="button" class="danger" onClick={() => setAsked("delete")}>
          <Icon of="remove" /> {words.deleteUser}
        </button>
      </div>
      {asked === "deactivate" && (
        <Confirm
          title={say(words.askDeactivate, name)} text={say(words.deactivateMeans, name) + warning}
          yes={words.yesDeactivate} no={words.cancel} act={() => void set(false)} close={() => setAsked(null)}
        />
      )}
      {asked === "delete" && (
        <Confirm
          title={say(words.askDelete, name)} text={say(words.deleteMeans, name) + warning}
          yes={words.yesDelete} no={words.cancel} act={() => void remove()} close={() => setAsked(null)}
        />
      )}
    </section>
  );
}
