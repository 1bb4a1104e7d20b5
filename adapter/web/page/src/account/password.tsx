// Account → My password.

import { useState } from "preact/hooks";
import { ask } from "../api/ask";
import { TextField } from "../ui/field";
import { useSending } from "../ui/form";
import { useLeaving } from "../ui/unsaved";
import { words } from "../words";
import { FormEnd, PageHead, type PageProps } from "./parts";

const NAMES = ["current", "new"];

export function Password({ me, tell }: PageProps) {
  const sending = useSending(NAMES);
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const leaving = useLeaving(current !== "" || fresh !== "", words.unsaved, words.unsavedMeans);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    tell("");
    const body = { current, new: fresh };
    if (!(await sending.send(() => ask("POST", "/session/password", { body }), { current: !current, new: !fresh }))) return;
    setCurrent("");
    setFresh("");
    tell(words.passwordChanged);
  };
  return (
    <section>
      <PageHead title={words.myPassword} about={me.username === me.name ? me.name : `${me.name} · ${me.username}`} />
      <form class="card narrow" noValidate ref={sending.form} onSubmit={(event) => void submit(event)} aria-label={words.changePassword}>
        {/* Whose password it is, for the browser's keeper of passwords. */}
        <input class="hidden" name="username" autocomplete="username" value={me.username} readOnly tabIndex={-1} aria-hidden="true" />
        <TextField
          name="current" label={words.currentPassword} type="password" autocomplete="current-password" first required
          value={current} change={setCurrent} error={sending.errors["current"]}
        />
        <TextField
          name="new" label={words.newPassword} type="password" autocomplete="new-password" required hint={words.passwordHint}
          value={fresh} change={setFresh} error={sending.errors["new"]}
        />
        <FormEnd sending={sending} save={words.changePassword} />
      </form>
      {leaving.question}
    </section>
  );
}
