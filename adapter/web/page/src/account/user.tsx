// One person's account at its address: what is changed is saved, and nothing else; leaving with changes is asked about.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { bodyOf, changesOf, draftOf, isChanged, rebased, type Draft } from "../core/account";
import { modeValues as MODES, monitorScopeValues as SCOPES, type Mode, type Role, type User } from "../schema";
import { Field, TextField } from "../ui/field";
import { useSending } from "../ui/form";
import { useLeaving } from "../ui/unsaved";
import { say, words } from "../words";
import { Access } from "./access";
import { FormEnd, go, onEscape, PageHead, type PageProps } from "./parts";
import { PbxField } from "./pbx";

const LIST = "users";
const NAMES = ["name", "username", "role", "password", "extension", "devices", "pbx", "can_monitor", "modes", "scope", "phone_message"];

export function UserEditor({ id, me, pbxs, tell, fail }: PageProps & { id: string | null }) {
  const [user, setUser] = useState<User | null>(null);
  const [draft, setDraft] = useState<Draft>(draftOf(null));
  const [missing, setMissing] = useState("");
  const take = (fresh: User) => {
    setUser(fresh);
    setDraft((before) => (user ? rebased(user, before, fresh) : draftOf(fresh)));
  };
  useEffect(() => {
    if (id === null) return;
    void attempt(async () => {
      const fresh = await ask("GET", "/users/{id}", { at: { id } });
      setUser(fresh);
      setDraft(draftOf(fresh));
    }, setMissing);
  }, [id]);

  const ready = id === null || user !== null;
  const sending = useSending(NAMES);
  const leaving = useLeaving(ready && isChanged(user, draft), words.unsaved, words.unsavedMeans);
  const done = (text: string) => {
    leaving.release();
    tell(text, LIST);
    go(LIST, { replace: true });
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (user && !isChanged(user, draft)) return done(words.nothingChanged);
    const lacks = { name: !draft.name.trim(), username: !draft.username.trim(), password: !user && !draft.password };
    await sending.send(async () => {
      const saved = user
        ? await ask("PATCH", "/users/{id}", { at: { id: user.id }, body: changesOf(user, draft) })
        : await ask("POST", "/users", { body: bodyOf(draft) });
      done(say(user ? words.saved : words.created, { name: saved.name }));
    }, lacks);
  };
  const cancel = () => go(LIST);
  const title = id === null ? words.addUser : words.editUser;
  return (
    <section class="narrow">
      <PageHead title={title} back={LIST} about={user && (user.name === user.username ? user.name : `${user.name} · ${user.username}`)} />
      {!ready && <p class="empty">{missing ? words.noSuchUser : words.loading}</p>}
      {ready && (
        <form noValidate ref={sending.form} aria-label={title} onSubmit={(event) => void submit(event)} onKeyDown={onEscape(cancel)}>
          <Person draft={draft} pbxs={pbxs} isNew={!user} errors={sending.errors} set={(more) => setDraft({ ...draft, ...more })} />
          <FormEnd sending={sending} save={words.saveUser} cancel={cancel} />
        </form>
      )}
      {user && (
        <Access
          user={user} own={user.id === me.id} tell={tell} fail={fail} changed={take}
          removed={() => done(say(words.deleted, { name: user.name }))}
        />
      )}
      {leaving.question}
    </section>
  );
}

interface FieldsProps {
  draft: Draft;
  pbxs: PageProps["pbxs"];
  isNew: boolean;
  errors: Record<string, string>;
  set: (more: Partial<Draft>) => void;
}

function Person({ draft, pbxs, isNew, errors, set }: FieldsProps) {
  return (
    <>
      <fieldset class="card">
        <legend>{words.person}</legend>
        <div class="pair">
          <TextField name="name" label={words.name} required first={isNew} value={draft.name} change={(name) => set({ name })} error={errors["name"]} />
          <TextField
            name="username" label={words.username} required value={draft.username}
            change={(username) => set({ username })} error={errors["username"]}
          />
          <Field label={words.role} error={errors["role"]}>
            {(tied) => (
              <select name="role" value={draft.role} onChange={(event) => set({ role: event.currentTarget.value as Role })} {...tied}>
                <option value="agent">{words.agent}</option>
                <option value="administrator">{words.administrator}</option>
              </select>
            )}
          </Field>
          <TextField
            name="password" label={words.newPassword} type="password" autocomplete="new-password" required={isNew}
            hint={isNew ? words.passwordHint : words.passwordKeep}
            value={draft.password} change={(password) => set({ password })} error={errors["password"]}
          />
        </div>
      </fieldset>
      <fieldset class="card">
        <legend>{words.phone}</legend>
        <div class="pair">
          <TextField
            name="extension" label={words.extension} hint={words.extensionHint} value={draft.extension}
            change={(extension) => set({ extension })} error={errors["extension"]}
          />
          <TextField
            name="devices" label={words.devices} hint={words.devicesHint} rows={3} value={draft.devices}
            change={(devices) => set({ devices })} error={errors["devices"]}
          />
          <PbxField value={draft.pbx} pbxs={pbxs} error={errors["pbx"]} change={(pbx) => set({ pbx })} />
        </div>
        <Check label={words.phoneMessage} checked={draft.phone_message} change={(phone_message) => set({ phone_message })} />
      </fieldset>
      <Permissions draft={draft} set={set} />
    </>
  );
}

function Permissions({ draft, set }: Pick<FieldsProps, "draft" | "set">) {
  const all = draft.role === "administrator";
  const toggle = (mode: Mode, on: boolean) => set({ modes: MODES.filter((each) => (each === mode ? on : draft.modes.includes(each))) });
  return (
    <fieldset class="card">
      <legend>{words.agentPermissions}</legend>
      <Check label={words.giveAbility} checked={all || draft.can_monitor} disabled={all} change={(can_monitor) => set({ can_monitor })} />
      <fieldset class="plain below">
        <legend>{words.whichModes}</legend>
        <div class="row">
          {MODES.map((mode) => (
            <Check
              key={mode} label={words[mode]} checked={all || mode === "silent" || draft.modes.includes(mode)}
              disabled={all || !draft.can_monitor || mode === "silent"} change={(on) => toggle(mode, on)}
            />
          ))}
        </div>
        <small>{all ? words.allCalls : words.modesHint}</small>
      </fieldset>
      <fieldset class="plain below">
        <legend>{words.whichCalls}</legend>
        {SCOPES.map((scope) => (
          <label class="check" key={scope}>
            <input
              type="radio" name="scope" checked={all ? scope === "all" : draft.scope === scope} disabled={all || !draft.can_monitor}
              onChange={() => set({ scope })}
            />{" "}
            {words[`scope_${scope}`]}
          </label>
        ))}
        <small>{words.scopeHint}</small>
      </fieldset>
    </fieldset>
  );
}

function Check(props: { label: string; checked: boolean; disabled?: boolean; change: (checked: boolean) => void }) {
  const { label, checked, disabled = false, change } = props;
  return (
    <label class="check">
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(event) => change(event.currentTarget.checked)} /> {label}
    </label>
  );
}
