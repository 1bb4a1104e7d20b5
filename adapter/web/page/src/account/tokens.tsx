// Account → API tokens: which programs may ask, for whom, and what.

import { useCallback, useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { Field, FormEnd, Once, Sure, Table, when } from "../ui/pieces";
import { attempt } from "../api/problems";
import { scopeValues as SCOPES, type NewToken, type Scope, type Token, type User } from "../schema";
import { say, words } from "../words";

export function Tokens({ tell }: { tell: (text: string) => void }) {
  const [tokens, setTokens] = useState<Token[]>([]);
  const [users, setUsers] = useState<User[]>([]);
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState("");
  const load = useCallback(() => attempt(async () => setTokens((await ask("GET", "/tokens")).tokens), tell), [tell]);
  useEffect(() => {
    void load();
    void attempt(async () => setUsers((await ask("GET", "/users")).users), tell);
  }, [load, tell]);

  const made = async (token: NewToken) => {
    setSecret(token.token);
    setMaking(false);
    tell(say(words.saved, { name: token.name }));
    await load();
  };
  const revoke = async (token: Token) => {
    const gone = await attempt(() => ask("DELETE", "/tokens/{id}", { at: { id: token.id } }), tell);
    if (gone) tell(say(words.removed, { name: token.name }));
    await load();
  };
  return (
    <section aria-labelledby="tokens">
      <h2 id="tokens">{words.tokens}</h2>
      <p class="soft">
        {words.tokensAre} <a href="/api/docs">{words.apiDocs}</a>
      </p>
      {secret && <Once label={words.itsToken} secret={secret} done={() => setSecret("")} />}
      {making ? (
        <TokenForm users={users} done={made} cancel={() => setMaking(false)} />
      ) : (
        <>
          <button type="button" onClick={() => setMaking(true)}>
            {words.addToken}
          </button>
          <Table label={words.tokens} head={[words.name, words.for_, words.scopes, words.lastUsed, words.expires, words.actions]}>
            {tokens.map((token) => (
              <tr key={token.id}>
                <th scope="row">{token.name}</th>
                <td>{token.user ?? say(words.serviceFor, { names: (token.may_act_for ?? []).join(", ") || "-" })}</td>
                <td>{token.scopes.join(", ")}</td>
                <td>{when(token.last_used_at) || words.never}</td>
                <td>{when(token.expires_at) || words.never}</td>
                <td>
                  <Sure label={words.revoke} sure={words.reallyRevoke} act={() => void revoke(token)} />
                </td>
              </tr>
            ))}
          </Table>
          {tokens.length === 0 && <p class="empty">{words.noTokens}</p>}
        </>
      )}
    </section>
  );
}

interface FormProps {
  users: User[];
  done: (token: NewToken) => Promise<void>;
  cancel: () => void;
}

function TokenForm({ users, done, cancel }: FormProps) {
  const [problem, setProblem] = useState("");
  const [service, setService] = useState(true);
  const supervisors = users.filter((user) => user.can_monitor && user.active);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const scopes = SCOPES.filter((name) => form.get(name));
    const day = form.get("expires") as string;
    const body = {
      name: (form.get("name") as string).trim(),
      scopes,
      expires_at: day ? new Date(`${day}T00:00:00`).toISOString() : null,
      ...(service ? { may_act_for: form.getAll("may_act_for") as string[] } : { user: form.get("user") as string }),
    };
    await attempt(async () => done(await ask("POST", "/tokens", { body })), setProblem);
  };
  return (
    <form class="user" onSubmit={(event) => void submit(event)} aria-label={words.addToken}>
      <Field name="name" label={words.name} hint="CRM" required />
      <label>
        {words.for_}
        <select value={service ? "service" : "user"} onChange={(event) => setService(event.currentTarget.value === "service")}>
          <option value="service">{words.aService}</option>
          <option value="user">{words.aUser}</option>
        </select>
      </label>
      {service ? (
        <fieldset>
          <legend>{words.mayActFor}</legend>
          {supervisors.map((user) => (
            <label class="check" key={user.id}>
              <input type="checkbox" name="may_act_for" value={user.username} /> {user.name} ({user.username})
            </label>
          ))}
        </fieldset>
      ) : (
        <label>
          {words.username}
          <select name="user">
            {users.map((user) => (
              <option value={user.username} key={user.id}>
                {user.name} ({user.username})
              </option>
            ))}
          </select>
        </label>
      )}
      <fieldset>
        <legend>{words.scopes}</legend>
        <ScopeBox name="monitor" label={words.scopeMonitor} checked />
        {!service && <ScopeBox name="admin" label={words.scopeAdmin} />}
        <ScopeBox name="metrics" label={words.scopeMetrics} />
      </fieldset>
      <Field name="expires" label={words.expires} type="date" />
      <FormEnd problem={problem} save={words.save} cancel={cancel} />
    </form>
  );
}

function ScopeBox({ name, label, checked = false }: { name: Scope; label: string; checked?: boolean }) {
  return (
    <label class="check">
      <input type="checkbox" name={name} defaultChecked={checked} /> <b>{name}</b> {label}
    </label>
  );
}
