// Scores: the form as a supervisor fills it in, and what was answered.

import { useEffect, useId, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { type Answers, POINTS, type Question, type Value, withAnswer } from "../core/scores";
import type { NoteAnswer, ScoreFormAnswer } from "../schema";
import { words } from "../words";

/** The form in use; null while it isn't known, or there is none. */
export function useScoreForm(): ScoreFormAnswer | null {
  const [form, setForm] = useState<ScoreFormAnswer | null>(null);
  useEffect(() => {
    // Without it notes are written as ever; that the server is away is said elsewhere.
    ask("GET", "/score-form").then(setForm, () => undefined);
  }, []);
  return form && form.questions.length > 0 ? form : null;
}

interface FieldsProps {
  questions: readonly Question[];
  answers: Answers;
  change: (answers: Answers) => void;
}

/** All questions; none has to be answered. */
export function ScoreFields({ questions, answers, change }: FieldsProps) {
  return (
    <details class="scores">
      <summary>{words.score}</summary>
      {questions.map((question) => (
        <QuestionField
          key={question.id} question={question} value={answers[question.id]}
          change={(value) => change(withAnswer(answers, question.id, value))}
        />
      ))}
    </details>
  );
}

interface QuestionProps {
  question: Question;
  value: Value | undefined;
  change: (value: Value | null) => void;
}

function QuestionField({ question: { text, kind }, value, change }: QuestionProps) {
  const name = useId();
  if (kind === "text") {
    return (
      <label class="in-words">
        <span>{text}</span>
        <input type="text" value={String(value ?? "")} maxLength={1000} autocomplete="off" onInput={(event) => change(event.currentTarget.value)} />
      </label>
    );
  }
  const choices: [Value | null, string][] =
    kind === "rating" ? POINTS.map((point) => [point, String(point)]) : [[true, words.yes], [false, words.no]];
  return (
    <fieldset>
      <legend>{text}</legend>
      {[...choices, [null, words.notAnswered] as [null, string]].map(([choice, label]) => (
        <label key={label}>
          <input type="radio" name={name} checked={(value ?? null) === choice} onChange={() => change(choice)} /> {label}
        </label>
      ))}
    </fieldset>
  );
}

/** What was answered, with the questions as they were asked. */
export function ScoresShown({ scores }: { scores: NonNullable<NoteAnswer["scores"]> }) {
  const said = (value: Value) => (typeof value === "boolean" ? (value ? words.yes : words.no) : typeof value === "number" ? `${value} / 5` : value);
  return (
    <dl class="scored">
      {scores.answers.map(({ id, text, value }) => (
        <div key={id}>
          <dt>{text}</dt>
          <dd>{said(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
