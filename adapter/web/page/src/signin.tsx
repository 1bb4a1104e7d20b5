// Signing in.

import { useState } from "preact/hooks";
import { ask, type Refused, type User } from "./api";
import { words } from "./words";

export function SignIn({ done }: { done: (user: User) => void }) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    setBusy(true);
    try {
      const answer = await ask<{ user: User }>("POST", "/session", {
        username: form.get("username") as string,
        password: form.get("password") as string,
      });
      done(answer.user);
    } catch (refused) {
      setProblem((refused as Refused).message || words.unreachable);
      setBusy(false);
    }
  };
  return (
    <main class="signin">
      <form onSubmit={submit}>
        <h1>{words.title}</h1>
        <label>
          {words.username}
          <input name="username" autocomplete="username" required autofocus />
        </label>
        <label>
          {words.password}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p role="alert" class="problem">
          {problem}
        </p>
        <button type="submit" class="main" disabled={busy}>
          {words.signIn}
        </button>
      </form>
    </main>
  );
}
