// The report: how much coaching took place, by agent, supervisor, team or week, as a picture, a table and a file.
// The bars are plain elements: a chart library would be a third of all the page's script for three colours in a row,
// and draws on a canvas, where no screen reader and no search finds anything.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Cell, Head, Row, Table } from "../account/table";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { duration, type Grouping, GROUPINGS, lately, MODES, nameOf, queryOf, timeIn, widths, type Wish } from "../core/report";
import type { CoachingReport, ReportRow, ReportSums } from "../schema";
import { Field } from "../ui/field";
import { Icon } from "../ui/icons";
import { say, words } from "../words";

const BY: Record<Grouping, string> = { agent: words.reportByAgent, supervisor: words.reportBySupervisor, team: words.reportByTeam, week: words.reportByWeek };

export function Report() {
  const [wish, setWish] = useState(() => lately(new Date()));
  const [report, setReport] = useState<CoachingReport | null>(null);
  const [problem, setProblem] = useState("");
  const query = queryOf(wish).toString();
  const wanted = useRef(query);
  useEffect(() => {
    wanted.current = query;
    setProblem("");
    void attempt(async () => {
      const found = await ask("GET", "/reports/coaching", { query: new URLSearchParams(query) });
      if (wanted.current === query) setReport(found); // else another question was asked meanwhile
    }, setProblem);
  }, [query]);
  return (
    <section class="report" aria-label={words.report}>
      <Wishes wish={wish} change={setWish} query={query} />
      {problem && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
      {report === null && !problem && <p class="empty">{words.loading}</p>}
      {!problem && report?.rows.length === 0 && <p class="empty">{words.reportEmpty}</p>}
      {!problem && report !== null && report.rows.length > 0 && (
        <>
          <Picture report={report} />
          <Figures report={report} />
          {report.totals.unsure_seconds > 0 && (
            <p class="soft">
              <Icon of="unknown" /> {say(words.reportUnsure, { time: duration(report.totals.unsure_seconds) })}
            </p>
          )}
        </>
      )}
    </section>
  );
}

interface WishesProps {
  wish: Wish;
  change: (wish: Wish) => void;
  query: string;
}

function Wishes({ wish, change, query }: WishesProps) {
  const day = (name: "from" | "to", label: string) => (
    <Field label={label}>
      {(tied) => <input type="date" value={wish[name]} onChange={(event) => change({ ...wish, [name]: event.currentTarget.value })} {...tied} />}
    </Field>
  );
  return (
    <div class="card wishes" role="group" aria-label={words.reportOf}>
      {day("from", words.from)}
      {day("to", words.to)}
      <Field label={words.reportBy}>
        {(tied) => (
          <select value={wish.by} onChange={(event) => change({ ...wish, by: event.currentTarget.value as Grouping })} {...tied}>
            {GROUPINGS.map((by) => (
              <option value={by} key={by}>
                {BY[by]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <a class="button" href={`/api/v1/reports/coaching.csv?${query}`} download="coaching.csv">
        <Icon of="download" /> {words.asTable}
      </a>
    </div>
  );
}

/** How long in which mode: one bar for each row. Colour, pattern and icon say the mode; the bar's name says it in words. */
function Picture({ report: { rows, by } }: { report: CoachingReport }) {
  const wide = widths(rows);
  return (
    <section class="card bars" aria-label={words.reportTimes}>
      <h2>{words.reportTimes}</h2>
      <p class="legend soft">
        {MODES.map((mode) => (
          <span key={mode}>
            <i class={`part ${mode}`} /> <Icon of={mode} /> {words[mode]}
          </span>
        ))}
      </p>
      <ul>
        {rows.map((row, place) => (
          <li key={row.id}>
            <span class="of">{nameOf(row, by, words)}</span>
            <span class="track" role="img" aria-label={spoken(row, nameOf(row, by, words))}>
              {MODES.filter((mode) => timeIn(row, mode) > 0).map((mode) => (
                <i class={`part ${mode}`} style={{ width: `${wide[place]![mode]}%` }} title={`${words[mode]} ${duration(timeIn(row, mode))}`} key={mode} />
              ))}
            </span>
            <span class="figures" aria-hidden="true">{duration(MODES.reduce((sum, mode) => sum + timeIn(row, mode), 0))}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function spoken(row: ReportRow, name: string): string {
  const parts = MODES.filter((mode) => timeIn(row, mode) > 0).map((mode) => `${words[mode]} ${duration(timeIn(row, mode))}`);
  return `${name}: ${parts.join(", ") || "0:00"}`;
}

const COLUMNS: [title: string, of: (sums: ReportSums) => string][] = [
  [words.reportCalls, (sums) => String(sums.calls)],
  [words.reportMonitors, (sums) => String(sums.monitors)],
  ...MODES.map((mode): [string, (sums: ReportSums) => string] => [words[mode], (sums) => duration(timeIn(sums, mode))]),
  [words.reportTakeovers, (sums) => String(sums.takeovers)],
  [words.reportHelp, (sums) => String(sums.help_requests)],
  [words.reportToHelp, (sums) => (sums.median_seconds_to_help === null ? "–" : duration(sums.median_seconds_to_help))],
  [words.notes, (sums) => String(sums.notes)],
];

function Figures({ report: { rows, totals, by } }: { report: CoachingReport }) {
  return (
    <div class="wide">
      <Table label={words.report} kind="report-table" head={[BY[by], ...COLUMNS.map(([title]) => title)]}>
        {rows.map((row) => (
          <Line sums={row} key={row.id}>
            {nameOf(row, by, words)}
          </Line>
        ))}
        <Line sums={totals} kind="totals">
          {words.reportTotal}
        </Line>
      </Table>
    </div>
  );
}

function Line({ sums, kind, children }: { sums: ReportSums; kind?: string; children: ComponentChildren }) {
  return (
    <Row {...(kind && { kind })}>
      <Head>{children}</Head>
      {COLUMNS.map(([title, of]) => (
        <Cell kind="figures" of={title} key={title}>
          {of(sums)}
        </Cell>
      ))}
    </Row>
  );
}
