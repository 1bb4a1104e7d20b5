// A new token at its address: for a service that names whom it acts for, or for one user.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { scopeValues as SCOPES, type NewToken, type Scope, type TokenBody, type User } from "../schema";
import { Field, TextField, Wrong } from "../ui/field";
import { useSending, type Sending } from "../ui/form";
import { useLeaving } from "../ui/unsaved";
import { words } from "../words";
import { FormEnd, go, onEscape, PageHead } from "./parts";

const LIST = "tokens";
const NAMES = ["name", "user", "may_act_for", "scopes", "expires_at"];
const MEANING: Record<Scope, string> = { monitor: words.scopeMonitor, admin: words.scopeAdmin, metrics: words.scopeMetrics, wall: words.scopeWall, shield: words.scopeShield };

interface Draft {
  name: string;
  service: boolean;
  user: string;
  may_act_for: readonly string[];
  scopes: readonly Scope[];
  expires: string;
}

const EMPTY: Draft = { name: "", service: true, user: "", may_act_for: [], scopes: ["monitor"], expires: "" };

function bodyOf({ name, service, user, may_act_for, scopes, expires }: Draft): TokenBody {
  return {
    name: name.trim(),
    scopes: scopes.filter((scope) => !service || scope !== "admin"),
    expires_at: expires ? new Date(`${expires}T00:00:00`).toISOString() : null,
    ...(service ? { may_act_for: [...may_act_for] } : { user }),
  };
}

export function TokenForm({ done, fail }: { done: (token: NewToken) => void; fail: (text: string) => void }) {
  const [users, setUsers] = useState<User[]>([]);
  const [draft, setDraft] = useState(EMPTY);
  const set = (more: Partial<Draft>) => setDraft({ ...draft, ...more });
  useEffect(() => void attempt(async () => setUsers((await ask("GET", "/users")).users), fail), [fail]);
  const sending = useSending(NAMES);
  const leaving = useLeaving(JSON.stringify(draft) !== JSON.stringify(EMPTY), words.unsaved, words.unsavedMeans);
  const cancel = () => go(LIST);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const body = bodyOf(draft);
    const scopes = body.scopes ?? [];
    const forNobody = draft.service && scopes.includes("monitor") && draft.may_act_for.length === 0;
    const make = async () => {
      const made = await ask("POST", "/tokens", { body });
      leaving.release();
      done(made);
    };
    await sending.send(make, {
      name: !body.name,
      user: !draft.service && !draft.user,
      may_act_for: forNobody && words.chooseOne,
      scopes: scopes.length === 0 && words.chooseOne,
    });
  };
  return (
    <section class="narrow">
      <PageHead title={words.addToken} back={LIST} />
      <form noValidate ref={sending.form} aria-label={words.addToken} onSubmit={(event) => void submit(event)} onKeyDown={onEscape(cancel)}>
        <div class="card">
          <TextField name="name" label={words.name} placeholder="CRM" required first value={draft.name} change={(name) => set({ name })} error={sending.errors["name"]} />
          <Whom draft={draft} users={users} set={set} errors={sending.errors} />
          <Scopes draft={draft} set={set} error={sending.errors["scopes"]} />
          <TextField
            name="expires_at" label={words.expires} type="date" hint={words.expiresHint} value={draft.expires}
            change={(expires) => set({ expires })} error={sending.errors["expires_at"]}
          />
        </div>
        <FormEnd sending={sending} save={words.save} cancel={cancel} />
      </form>
      {leaving.question}
    </section>
  );
}

interface PartProps {
  draft: Draft;
  set: (more: Partial<Draft>) => void;
}

function Whom({ draft, users, set, errors }: PartProps & { users: User[]; errors: Sending["errors"] }) {
  return (
    <>
      <Field label={words.for_}>
        {(tied) => (
          <select value={draft.service ? "service" : "user"} onChange={(event) => set({ service: event.currentTarget.value === "service" })} {...tied}>
            <option value="service">{words.aService}</option>
            <option value="user">{words.aUser}</option>
          </select>
        )}
      </Field>
      {draft.service ? (
        <Choices
          label={words.mayActFor} error={errors["may_act_for"]} name="may_act_for" chosen={draft.may_act_for}
          all={users.filter((user) => user.can_monitor && user.active).map((user) => [user.username, `${user.name} (${user.username})`])}
          change={(may_act_for) => set({ may_act_for })}
        />
      ) : (
        <Field label={words.username} error={errors["user"]}>
          {(tied) => (
            <select name="user" value={draft.user} onChange={(event) => set({ user: event.currentTarget.value })} {...tied}>
              <option value="" />
              {users.map((user) => (
                <option value={user.username} key={user.id}>
                  {user.name} ({user.username})
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
    </>
  );
}

function Scopes({ draft, set, error }: PartProps & { error: string | undefined }) {
  const offered = SCOPES.filter((scope) => !draft.service || scope !== "admin"); // a service can't administer
  return (
    <Choices
      label={words.scopes} error={error} name="scopes" chosen={draft.scopes} all={offered.map((scope) => [scope, `${scope}: ${MEANING[scope]}`])}
      change={(chosen) => set({ scopes: SCOPES.filter((scope) => chosen.includes(scope)) })}
    />
  );
}

interface ChoicesProps {
  label: string;
  name: string;
  all: [value: string, label: string][];
  chosen: readonly string[];
  error: string | undefined;
  change: (chosen: string[]) => void;
}

/** Several of a few. The first one carries what is wrong with all of them. */
function Choices({ label, name, all, chosen, error, change }: ChoicesProps) {
  const id = `${name}-error`;
  const toggle = (value: string, on: boolean) => change(all.map(([each]) => each).filter((each) => (each === value ? on : chosen.includes(each))));
  return (
    <fieldset class="plain">
      <legend>{label}</legend>
      {all.map(([value, text], place) => (
        <label class="check" key={value}>
          <input
            type="checkbox" checked={chosen.includes(value)} aria-invalid={error && place === 0 ? "true" : undefined}
            aria-describedby={error ? id : undefined} onChange={(event) => toggle(value, event.currentTarget.checked)}
          />{" "}
          {text}
        </label>
      ))}
      <Wrong id={id} text={error} />
    </fieldset>
  );
}
