// Where a wall display is given its token, once.

import { useState } from "preact/hooks";
import { TextField } from "../ui/field";
import { Icon } from "../ui/icons";
import { words } from "../words";

export function WallSignIn({ refused, accept }: { refused: boolean; accept: (token: string) => void }) {
  const [token, setToken] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (token.trim()) accept(token.trim());
  };
  return (
    <main class="signin">
      <form class="card" noValidate onSubmit={submit} aria-label={words.wallTitle}>
        <h1>
          <Icon of="wall" /> {words.wallTitle}
        </h1>
        <p>{words.wallAsks}</p>
        <TextField
          name="token" type="password" label={words.wallToken} value={token} change={setToken} autofocus
          error={refused ? words.wallRefused : undefined}
        />
        <button type="submit" class="main">
          {words.wallUse}
        </button>
      </form>
    </main>
  );
}
