// Account → Audit: who listened to whom, when, how, and allowed by whom.

import { useEffect, useState } from "preact/hooks";
import { ask } from "./api";
import { Field, Table, told, when } from "./pieces";
import { words } from "./words";

interface Entry {
  id: string;
  at: string;
  actor: string;
  via: string;
  action: string;
  result: "ok" | "refused" | "failed";
  reason: string | null;
  target: string | null;
  allowed_by: string | null;
  supervisor: string | null;
  agent: string | null;
  agent_extension: string | null;
  customer: string | null;
  mode: "silent" | "whisper" | "barge" | null;
}

interface Page {
  entries: Entry[];
  next_cursor: string | null;
}

const ACTIONS = [
  ...["monitor.requested", "monitor.started", "monitor.mode_changed", "monitor.ended"],
  ...["session.login", "session.logout", "user.created", "user.changed", "user.deleted"],
  ...["token.created", "token.revoked", "webhook.created", "webhook.changed", "webhook.deleted", "audit.cut"],
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

export function Audit() {
  const [query, setQuery] = useState(new URLSearchParams());
  const [entries, setEntries] = useState<Entry[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [problem, setProblem] = useState("");

  const load = async (wanted: URLSearchParams, after: string | null) => {
    const asked = new URLSearchParams(wanted);
    if (after) asked.set("cursor", after);
    try {
      const page = await ask<Page>("GET", `/audit?${asked}`);
      setEntries((before) => (after ? [...before, ...page.entries] : page.entries));
      setCursor(page.next_cursor);
      setProblem("");
    } catch (refused) {
      setProblem(told(refused));
    }
  };
  useEffect(() => void load(query, null), [query]);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setQuery(queryOf(new FormData(event.target as HTMLFormElement)));
  };
  return (
    <section aria-labelledby="audit">
      <h2 id="audit">{words.audit}</h2>
      <form class="filters" onSubmit={submit} aria-label={words.filter}>
        <Field name="since" label={words.from} type="date" />
        <Field name="until" label={words.to} type="date" />
        <Field name="supervisor" label={words.supervisor} />
        <Field name="agent" label={words.agent} />
        <label>
          {words.action}
          <select name="action">
            <option value="">{words.allActions}</option>
            {ACTIONS.map((action) => (
              <option value={action} key={action}>
                {action}
              </option>
            ))}
          </select>
        </label>
        <div class="row">
          <button type="submit" class="main">
            {words.filter}
          </button>
          <a class="button" href={`/api/v1/audit.csv?${query}`} download="audit.csv">
            {words.asTable}
          </a>
        </div>
      </form>
      <p role="alert" class="problem">
        {problem}
      </p>
      <Table label={words.audit} head={[words.time, words.who, words.action, words.what, words.result]}>
        {entries.map((entry) => (
          <Row entry={entry} key={entry.id} />
        ))}
      </Table>
      {entries.length === 0 && !problem && <p class="empty">{words.nothingFound}</p>}
      {cursor && (
        <button type="button" onClick={() => void load(query, cursor)}>
          {words.more}
        </button>
      )}
    </section>
  );
}

function Row({ entry }: { entry: Entry }) {
  const agent = entry.agent && `${entry.agent}${entry.agent_extension ? ` (${entry.agent_extension})` : ""}`;
  const whom = [entry.supervisor, agent, entry.customer].filter(Boolean).join(" → ");
  const mode = entry.mode && words[entry.mode];
  return (
    <tr>
      <td>
        <time dateTime={entry.at}>{when(entry.at)}</time>
      </td>
      <td>
        {entry.actor}
        <small> {entry.via}</small>
      </td>
      <td>{entry.action}</td>
      <td>
        {[whom || entry.target, mode].filter(Boolean).join(" · ")}
        {entry.allowed_by && <small> {entry.allowed_by}</small>}
      </td>
      <td class={entry.result}>
        {entry.result}
        {entry.reason && <small> {entry.reason}</small>}
      </td>
    </tr>
  );
}
