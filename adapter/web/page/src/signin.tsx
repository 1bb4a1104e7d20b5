// Signing in.

import { useEffect, useState } from "preact/hooks";
import { ask, Refused } from "./api/ask";
import { told } from "./api/problems";
import type { User } from "./schema";
import { TextField } from "./ui/field";
import { useSending } from "./ui/form";
import { Icon } from "./ui/icons";
import { say, words } from "./words";

/** `notice`: why one is here, where one did not ask for it. */
export function SignIn({ done, notice }: { done: (user: User) => void; notice: string }) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState("");
  const [wait, setWait] = useState(0);
  const sending = useSending([]);
  useEffect(() => {
    if (wait === 0) return;
    const timer = setTimeout(() => {
      setWait(0);
      setProblem(words.tryAgainNow);
    }, wait * 1000);
    return () => clearTimeout(timer);
  }, [wait]);

  const signIn = async () => {
    setProblem("");
    setWait(0);
    try {
      done((await ask("POST", "/session", { body: { username, password } })).user);
    } catch (refused) {
      setProblem(reason(refused));
      if (refused instanceof Refused && refused.status === 429) setWait(refused.retryAfter ?? 0);
    }
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void sending.send(signIn, { username: !username, password: !password });
  };
  return (
    <main class="signin">
      <form class="card" noValidate ref={sending.form} onSubmit={submit} aria-label={words.signIn}>
        <h1>
          <Icon of="silent" /> {words.title}
        </h1>
        <p role="status">{notice}</p>
        <TextField
          name="username" label={words.username} autocomplete="username" required value={username} change={setUsername}
          error={sending.errors["username"]} autofocus
        />
        <TextField
          name="password" label={words.password} type="password" autocomplete="current-password" required value={password}
          change={setPassword} error={sending.errors["password"]}
        />
        <p role="alert" class="problem">
          {problem}
        </p>
        <button type="submit" class="main" aria-disabled={sending.busy ? "true" : undefined}>
          {words.signIn}
        </button>
      </form>
    </main>
  );
}

/** Why not, and when to try again. */
function reason(refused: unknown): string {
  if (!(refused instanceof Refused)) return told(refused);
  if (refused.status === 429) return refused.retryAfter ? say(words.tryAgainIn, { seconds: String(refused.retryAfter) }) : told(refused);
  return refused.code === "not_authenticated" ? words.wrongSignIn : told(refused);
}
