// Which entries of the audit are shown: by day, by people, by what happened.

import type { ComponentChildren } from "preact";
import { wordOf } from "../core/audit";
import { pathsApiV1AuditGetParametersQueryActionValues as ACTIONS, type User } from "../schema";
import { Field } from "../ui/field";
import { words } from "../words";

const GROUPS: [label: string, holds: (action: string) => boolean][] = [
  [words.auditMonitoring, (action) => action.startsWith("monitor.")],
  [words.auditSessions, (action) => action.startsWith("session.")],
  [words.auditSettings, (action) => !/^(monitor|session)\./.test(action)],
];

/** The form as the API's query: days are whole days here, where the person is. */
function queryOf(form: FormData): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of ["supervisor", "agent", "action"]) {
    const value = (form.get(name) as string).trim();
    if (value) query.set(name, value);
  }
  const day = (name: string, after: number) => {
    const value = form.get(name) as string;
    if (!value) return;
    const time = new Date(`${value}T00:00:00`);
    time.setDate(time.getDate() + after);
    query.set(name, time.toISOString());
  };
  day("since", 0);
  day("until", 1);
  return query;
}

interface Props {
  users: User[];
  change: (query: URLSearchParams) => void;
}

export function Filters({ users, change }: Props) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    change(queryOf(new FormData(event.target as HTMLFormElement)));
  };
  return (
    <form class="audit-filters card" onSubmit={submit} aria-label={words.filter}>
      <Field label={words.from}>{(tied) => <input type="date" name="since" {...tied} />}</Field>
      <Field label={words.to}>{(tied) => <input type="date" name="until" {...tied} />}</Field>
      <Field label={words.supervisor}>
        {(tied) => <input name="supervisor" autocomplete="off" list="audit-users" placeholder={words.auditFilterHint} {...tied} />}
      </Field>
      <Field label={words.agent}>
        {(tied) => <input name="agent" autocomplete="off" list="audit-users" placeholder={words.auditAgentHint} {...tied} />}
      </Field>
      <datalist id="audit-users">
        {users.map((user) => (
          <option value={user.username} key={user.id}>
            {user.name}
          </option>
        ))}
      </datalist>
      <Field label={words.action}>{(tied) => <Actions {...tied} />}</Field>
      <button type="submit" class="main">
        {words.filter}
      </button>
    </form>
  );
}

/** Shown in words; what is sent, and what people grep for, is the action. */
function Actions(tied: object): ComponentChildren {
  return (
    <select name="action" {...tied}>
      <option value="">{words.allActions}</option>
      {GROUPS.map(([label, holds]) => (
        <optgroup label={label} key={label}>
          {ACTIONS.filter(holds).map((action) => (
            <option value={action} key={action}>
              {wordOf(words, `action_${action.replaceAll(".", "_")}`) ?? action}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}
