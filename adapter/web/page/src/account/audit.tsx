// Account → Audit: who listened to whom, when, how, and allowed by whom.

import { useCallback, useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { Field, Table, when } from "../ui/pieces";
import { attempt } from "../api/problems";
import { pathsApiV1AuditGetParametersQueryActionValues as KNOWN, type AuditEntry } from "../schema";
import { words } from "../words";

/** What supervisors did comes first. */
const supervising = (action: string): number => Number(action.startsWith("monitor."));
const ACTIONS = [...KNOWN].sort((one, other) => supervising(other) - supervising(one));

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
  const [entries, setEntries] = useState<AuditEntry[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [problem, setProblem] = useState("");

  const load = useCallback(
    (after: string | null) =>
      attempt(async () => {
        const page = await ask("GET", "/audit", { query: new URLSearchParams([...query, ...(after ? [["cursor", after]] : [])]) });
        setEntries((before) => (after ? [...before, ...page.entries] : page.entries));
        setCursor(page.next_cursor);
        setProblem("");
      }, setProblem),
    [query],
  );
  useEffect(() => void load(null), [load]);

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
        <button type="button" onClick={() => void load(cursor)}>
          {words.more}
        </button>
      )}
    </section>
  );
}

function Row({ entry }: { entry: AuditEntry }) {
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
        <small> {[entry.via, entry.via_detail].filter(Boolean).join(" ")}</small>
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
