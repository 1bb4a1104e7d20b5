// Accounts and rights, for administrators.

import { useCallback, useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { Field, FormEnd } from "../ui/pieces";
import { attempt } from "../api/problems";
import { modeValues as MODES, type Mode, type Role, type User } from "../schema";
import { say, words } from "../words";

export function Users({ tell }: { tell: (text: string) => void }) {
  const [users, setUsers] = useState<User[]>([]);
  const [edited, setEdited] = useState<User | "new" | null>(null);
  const load = useCallback(() => attempt(async () => setUsers((await ask("GET", "/users")).users), tell), [tell]);
  useEffect(() => void load(), [load]);

  const saved = async (user: User) => {
    tell(say(words.saved, { name: user.name }));
    setEdited(null);
    await load();
  };
  return (
    <section aria-labelledby="users">
      <h2 id="users">{words.users}</h2>
      {edited ? (
        <UserForm
          key={edited === "new" ? "new" : edited.id}
          user={edited === "new" ? null : edited}
          done={saved}
          cancel={() => setEdited(null)}
        />
      ) : (
        <>
          <button type="button" onClick={() => setEdited("new")}>
            {words.addUser}
          </button>
          <People users={users} edit={setEdited} />
        </>
      )}
    </section>
  );
}

function People({ users, edit }: { users: User[]; edit: (user: User) => void }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">{words.name}</th>
            <th scope="col">{words.username}</th>
            <th scope="col">{words.role}</th>
            <th scope="col">{words.extension}</th>
            <th scope="col">{words.mayMonitor}</th>
            <th scope="col">
              <span class="hidden">{words.editUser}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <tr key={user.id} class={user.active ? "" : "off"}>
              <th scope="row">{user.name}</th>
              <td>
                {user.username} {user.active ? "" : `(${words.inactive})`}
              </td>
              <td>{words[user.role]}</td>
              <td>{user.extension}</td>
              <td>{user.can_monitor ? words.yes : words.no}</td>
              <td>
                <button type="button" class="plain" aria-label={words.editUser} title={words.editUser} onClick={() => edit(user)}>
                  <svg viewBox="0 0 24 24" aria-hidden="true">
                    <path d="M4 20l1-5L16 4l4 4L9 19z" />
                  </svg>
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface FormProps {
  user: User | null;
  done: (user: User) => Promise<void>;
  cancel: () => void;
}

function UserForm({ user, done, cancel }: FormProps) {
  const [problem, setProblem] = useState("");
  const [can, setCan] = useState(user?.can_monitor ?? false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const text = (name: string) => (form.get(name) as string).trim();
    const shared = {
      username: text("username"),
      name: text("name"),
      role: text("role") as Role,
      extension: text("extension") || null,
      device: text("device") || null,
      can_monitor: can,
      modes: MODES.filter((mode) => mode === "silent" || form.get("mode-" + mode) !== null),
      phone_message: form.get("phone_message") !== null,
    };
    const password = text("password") && (form.get("password") as string);
    const change = { ...shared, active: form.get("active") !== null, ...(password && { password }) };
    const save = () =>
      user
        ? ask("PATCH", "/users/{id}", { at: { id: user.id }, body: change })
        : ask("POST", "/users", { body: { ...shared, password } });
    await attempt(async () => done(await save()), setProblem);
  };
  return (
    <form class="user" onSubmit={(event) => void submit(event)} aria-label={user ? words.editUser : words.addUser}>
      <Field name="name" label={words.name} value={user?.name} required />
      <Field name="username" label={words.username} value={user?.username} required />
      <label>
        {words.role}
        <select name="role" value={user?.role ?? "agent"}>
          <option value="agent">{words.agent}</option>
          <option value="administrator">{words.administrator}</option>
        </select>
      </label>
      <Field name="extension" label={words.extension} value={user?.extension} />
      <Field name="device" label={words.device} value={user?.device} hint={words.deviceHint} />
      <Field name="password" label={words.newPassword} type="password" required={!user} hint={user ? words.leaveEmpty : ""} />
      <label class="check">
        <input type="checkbox" name="phone_message" defaultChecked={user?.phone_message ?? true} /> {words.phoneMessage}
      </label>
      {user && (
        <label class="check">
          <input type="checkbox" name="active" defaultChecked={user.active} /> {words.isActive}
        </label>
      )}
      <fieldset>
        <legend>{words.agentPermissions}</legend>
        <label class="check">
          <input type="checkbox" name="can_monitor" checked={can} onChange={() => setCan(!can)} /> {words.giveAbility}
        </label>
        <details>
          <summary>{words.whichModes}</summary>
          {MODES.map((mode) => (
            <ModeBox key={mode} mode={mode} checked={user?.modes.includes(mode) ?? true} />
          ))}
        </details>
      </fieldset>
      <FormEnd problem={problem} save={words.saveUser} cancel={cancel} />
    </form>
  );
}

function ModeBox({ mode, checked }: { mode: Mode; checked: boolean }) {
  return (
    <label class="check">
      <input type="checkbox" name={"mode-" + mode} defaultChecked={checked} disabled={mode === "silent"} /> {words[mode]}
    </label>
  );
}
