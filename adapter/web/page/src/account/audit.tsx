// Account → Audit: who listened to whom, when, how, and allowed by whom, by day.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { byDay, hasEnded, leave, reasonOf, sentence, way, wordOf, type Reader } from "../core/audit";
import type { AuditEntry, Result, User } from "../schema";
import { Icon, type IconName } from "../ui/icons";
import { when } from "../ui/when";
import { language, words } from "../words";
import { Filters } from "./auditfilters";
import { KeptMessages } from "./keptmessages";
import { Chip, PageHead, type PageProps } from "./parts";
import { Cell, Row, Table } from "./table";

const RESULTS = { ok: "done", refused: "close", failed: "warning" } satisfies Record<Result, IconName>;
const COLUMNS = [words.time, words.auditHappened, words.auditVia, words.result];

export function Audit({ me, keepDays, fail }: PageProps) {
  const [query, setQuery] = useState(new URLSearchParams());
  const [entries, setEntries] = useState<AuditEntry[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [users, setUsers] = useState<User[]>([]);
  const [read, setRead] = useState("");
  const list = useRef<HTMLDivElement>(null);

  // Names only make it easier to read: without them the usernames are shown.
  useEffect(() => void attempt(async () => setUsers((await ask("GET", "/users")).users), () => undefined), []);
  const load = useCallback(
    (after: string | null) =>
      attempt(async () => {
        const page = await ask("GET", "/audit", { query: new URLSearchParams([...query, ...(after ? [["cursor", after]] : [])]) });
        setEntries((before) => (after ? [...(before ?? []), ...page.entries] : page.entries));
        setCursor(page.next_cursor);
        fail("");
      }, fail),
    [query, fail],
  );
  useEffect(() => void load(null), [load]);

  const reader: Reader = {
    words,
    names: new Map(users.map((user) => [user.username, user.name])),
    usernames: new Map(users.map((user) => [user.id, user.username])),
    when,
  };
  return (
    <section>
      <PageHead title={words.audit} about={words.auditIs}>
        <a class="button" href={`/api/v1/audit.csv?${query}`} download="audit.csv">
          <Icon of="download" /> {words.asTable}
        </a>
      </PageHead>
      <Filters users={users} change={setQuery} />
      <div ref={list}>
        {entries !== null && entries.length > 0 && (
          <Table label={words.audit} kind="audit" head={COLUMNS} groups>
            {byDay(entries, day).map(([name, some]) => (
              <tbody role="rowgroup" key={name}>
                <tr role="row" class="day">
                  <th role="rowheader" scope="rowgroup" colSpan={COLUMNS.length}>
                    {name}
                  </th>
                </tr>
                {some.map((entry) => (
                  <Entry entry={entry} reader={reader} read={keepDays > 0 ? setRead : null} key={entry.id} />
                ))}
              </tbody>
            ))}
          </Table>
        )}
      </div>
      {entries === null && <p class="empty">{words.loading}</p>}
      {entries?.length === 0 && <p class="empty">{words.nothingFound}</p>}
      {cursor && (
        <button type="button" class="more" onClick={() => void load(cursor)}>
          <Icon of="more" /> {words.more}
        </button>
      )}
      {read && <KeptMessages me={me} of={read} close={() => setRead("")} />}
    </section>
  );
}

/** The day of a time, as one says it here and today. */
function day(time: string): string {
  const date = new Date(time);
  const ago = (days: number) => new Date(new Date().setDate(new Date().getDate() - days)).toDateString();
  const name = date.toLocaleDateString(language(), { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const near = date.toDateString() === ago(0) ? words.today : date.toDateString() === ago(1) ? words.yesterday : "";
  return near ? `${near}, ${name}` : name;
}

interface EntryProps {
  entry: AuditEntry;
  reader: Reader;
  /** Show what was written during this monitor, where that is kept. */
  read: ((monitor: string) => void) | null;
}

function Entry({ entry, reader, read }: EntryProps) {
  const { mode, monitor_id: monitor, result } = entry;
  const reason = reasonOf(entry, reader);
  return (
    <Row kind={result}>
      <Cell kind="figures">
        <time dateTime={entry.at}>{new Date(entry.at).toLocaleTimeString(language(), { timeStyle: "medium" })}</time>
      </Cell>
      <Cell kind="what">
        <span>
          {sentence(entry, reader)}{" "}
          {mode && (
            <Chip icon={mode} kind={`${mode} toned`}>
              {words[mode]}
            </Chip>
          )}
        </span>
        <Raw entry={entry} />
        {read && monitor && hasEnded(entry) && (
          <button type="button" class="plain" onClick={() => read(monitor)}>
            <Icon of="message" /> {words.messages}
          </button>
        )}
      </Cell>
      <Cell>
        {way(entry, words)}
        {entry.allowed_by && <small>{leave(entry, reader)}</small>}
      </Cell>
      <Cell kind="outcome">
        <Chip icon={RESULTS[result]} kind={result === "ok" ? "good" : "warning toned"}>
          {wordOf(words, `result_${result}`) ?? result}
        </Chip>
        {reason && <small>{reason}</small>}
      </Cell>
    </Row>
  );
}

/** What the log and the CSV call it: the action, and who was meant by username and number. */
function Raw({ entry }: { entry: AuditEntry }) {
  const agent = entry.agent && `${entry.agent}${entry.agent_extension ? ` (${entry.agent_extension})` : ""}`;
  const whom = [entry.supervisor, agent, entry.customer].filter(Boolean).join(" → ") || entry.target;
  return (
    <small class="raw">
      <code>{entry.action}</code>
      {[entry.actor !== entry.supervisor && entry.actor, whom !== entry.actor && whom].filter(Boolean).map((part) => ` · ${part}`)}
    </small>
  );
}
