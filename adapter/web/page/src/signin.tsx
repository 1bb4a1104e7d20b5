// Signing in.

import { useState } from "preact/hooks";
import { ask } from "./api/ask";
import { attempt } from "./api/problems";
import type { User } from "./schema";
import { words } from "./words";

/** `notice`: why one is here, where one did not ask for it. */
export function SignIn({ done, notice }: { done: (user: User) => void; notice: string }) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const body = { username: form.get("username") as string, password: form.get("password") as string };
    setBusy(true);
    const signIn = async () => done((await ask("POST", "/session", { body })).user);
    if (!(await attempt(signIn, setProblem))) setBusy(false);
  };
  return (
    <main class="signin">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <h1>{words.title}</h1>
        <p role="status">{notice}</p>
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
