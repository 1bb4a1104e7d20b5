// Account → Score form: the questions by which supervisors score a call. Each change is a version of its own.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import type { ScoreFormAnswer } from "../schema";
import { TextField } from "../ui/field";
import { useSending } from "../ui/form";
import { Icon } from "../ui/icons";
import { useLeaving } from "../ui/unsaved";
import { say, words } from "../words";
import { FormEnd, PageHead, type PageProps } from "./parts";

type Kind = ScoreFormAnswer["questions"][number]["kind"];
interface Draft {
  /** Undefined for a new one. */
  id?: string;
  key: string;
  text: string;
  kind: Kind;
}
const KINDS: Record<Kind, string> = { rating: words.kindRating, yes_no: words.kindYesNo, text: words.kindText };
const MOST = 30;

const bodyOf = (drafts: readonly Draft[]) => drafts.map(({ id, text, kind }) => ({ ...(id && { id }), text: text.trim(), kind }));

export function ScoreForm({ tell, fail }: PageProps) {
  const [kept, setKept] = useState<ScoreFormAnswer | null>(null);
  const [drafts, setDrafts] = useState<Draft[]>([]);
  const next = useRef(0);
  const sending = useSending([]);
  const take = (form: ScoreFormAnswer) => {
    setKept(form);
    setDrafts(form.questions.map((one) => ({ ...one, key: one.id })));
  };
  const load = useCallback(() => attempt(async () => take(await ask("GET", "/score-form")), fail), [fail]);
  useEffect(() => void load(), [load]);
  const changed = kept !== null && JSON.stringify(bodyOf(drafts)) !== JSON.stringify(bodyOf(kept.questions.map((one) => ({ ...one, key: "" }))));
  const leaving = useLeaving(changed, words.unsaved, words.unsavedMeans);
  const put = (key: string, part: Partial<Draft>) => setDrafts(drafts.map((one) => (one.key === key ? { ...one, ...part } : one)));
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!changed) return tell(words.nothingChanged);
    const empty = drafts.some((one) => !one.text.trim());
    const worked = await sending.send(
      async () => {
        const form = await ask("PUT", "/score-form", { body: { questions: bodyOf(drafts) } });
        take(form);
        tell(say(words.scoreFormSaved, { version: String(form.version) }));
      },
      { questions: empty },
    );
    if (!worked) tell("");
  };
  return (
    <section class="narrow">
      <PageHead title={words.scoreForm} about={words.scoreFormIs} />
      {kept === null && <p class="empty">{words.loading}</p>}
      {kept !== null && (
        <form noValidate ref={sending.form} aria-label={words.scoreForm} onSubmit={(event) => void submit(event)}>
          <div class="card">
            {drafts.length === 0 && <p class="soft">{words.noQuestions}</p>}
            {drafts.map((one, place) => (
              <QuestionRow
                key={one.key} draft={one} number={place + 1} error={one.text.trim() ? undefined : sending.errors["questions"]}
                change={(part) => put(one.key, part)} remove={() => setDrafts(drafts.filter((other) => other.key !== one.key))}
              />
            ))}
            <button
              type="button" disabled={drafts.length >= MOST}
              onClick={() => setDrafts([...drafts, { key: `new-${next.current++}`, text: "", kind: "rating" }])}
            >
              <Icon of="add" /> {words.addQuestion}
            </button>
          </div>
          {kept.version > 0 && <p class="soft">{say(words.scoreFormVersion, { version: String(kept.version) })}</p>}
          <FormEnd sending={sending} save={words.save} />
        </form>
      )}
      {leaving.question}
    </section>
  );
}

interface RowProps {
  draft: Draft;
  number: number;
  error: string | undefined;
  change: (part: Partial<Draft>) => void;
  remove: () => void;
}

function QuestionRow({ draft, number, error, change, remove }: RowProps) {
  const label = say(words.questionNumber, { number: String(number) });
  return (
    <div class="row question">
      <div class="grow">
        <TextField name="questions" label={label} value={draft.text} change={(text) => change({ text })} error={error} />
      </div>
      <select aria-label={say(words.answerOf, { question: label })} value={draft.kind} onChange={(event) => change({ kind: event.currentTarget.value as Kind })}>
        {Object.entries(KINDS).map(([kind, name]) => (
          <option value={kind} key={kind}>
            {name}
          </option>
        ))}
      </select>
      <button type="button" class="plain icon-only" aria-label={say(words.removeQuestion, { question: label })} title={words.remove} onClick={remove}>
        <Icon of="remove" />
      </button>
    </div>
  );
}
