// My Account: one's own password; for administrators also accounts, the audit, webhooks and tokens.

import { useState } from "preact/hooks";
import { ask } from "../api/ask";
import { Audit } from "./audit";
import { Field } from "../ui/pieces";
import { attempt } from "../api/problems";
import type { User } from "../schema";
import { Tokens } from "./tokens";
import { Users } from "./users";
import { Webhooks } from "./webhooks";
import { words } from "../words";

const PARTS = { "": words.users, audit: words.audit, webhooks: words.webhooks, tokens: words.tokens };

export function Account({ me, part }: { me: User; part: string }) {
  const [said, setSaid] = useState("");
  const admin = me.role === "administrator";
  return (
    <main class="account">
      <h1>{words.myAccount}</h1>
      {admin && (
        <ul class="parts">
          {Object.entries(PARTS).map(([name, label]) => (
            <li key={name}>
              <a href={name ? `#/account/${name}` : "#/account"} aria-current={part === name ? "true" : undefined}>
                {label}
              </a>
            </li>
          ))}
        </ul>
      )}
      <p role="status">{said}</p>
      {admin && part === "audit" && <Audit />}
      {admin && part === "webhooks" && <Webhooks tell={setSaid} />}
      {admin && part === "tokens" && <Tokens tell={setSaid} />}
      {(!admin || !(part in PARTS) || part === "") && (
        <>
          <OwnPassword tell={setSaid} />
          {admin && <Users tell={setSaid} />}
        </>
      )}
    </main>
  );
}

function OwnPassword({ tell }: { tell: (text: string) => void }) {
  const [problem, setProblem] = useState("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.target as HTMLFormElement;
    const form = new FormData(element);
    const body = { current: form.get("current") as string, new: form.get("new") as string };
    if (!(await attempt(() => ask("POST", "/session/password", { body }), setProblem))) return;
    element.reset();
    setProblem("");
    tell(words.passwordChanged);
  };
  return (
    <details class="own">
      <summary>{words.changePassword}</summary>
      <form onSubmit={(event) => void submit(event)} aria-label={words.changePassword}>
        <Field name="current" label={words.currentPassword} type="password" required />
        <Field name="new" label={words.newPassword} type="password" required />
        <p role="alert" class="problem">
          {problem}
        </p>
        <button type="submit">{words.changePassword}</button>
      </form>
    </details>
  );
}
