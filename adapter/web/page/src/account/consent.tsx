// Account → Consent: which calls have an announcement or beeps, whether anybody listens or not. The first rule that fits decides.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { bodyOf, draftOf, fieldsOf, isEvery, type RuleDraft } from "../core/consent";
import type { Consent as Rules, Team } from "../schema";
import { Field, TextField } from "../ui/field";
import { useSending } from "../ui/form";
import { Icon } from "../ui/icons";
import { useLeaving } from "../ui/unsaved";
import { say, words } from "../words";
import { FormEnd, PageHead, type PageProps } from "./parts";

const MOST = 100;
const DIRECTIONS = { "": words.consentAnyDirection, inbound: words.inbound, outbound: words.outbound, internal: words.internal };
const SOUNDS = { none: words.consentNone, announcement: words.consentAnnouncement, beep: words.consentBeep };
const LISTENERS = { both: words.consentBoth, agent: words.consentAgent };

export function Consent({ tell, fail }: PageProps) {
  const [kept, setKept] = useState<Rules | null>(null);
  const [drafts, setDrafts] = useState<RuleDraft[]>([]);
  const [teams, setTeams] = useState<Team[]>([]);
  const next = useRef(0);
  const keyed = (rules: Rules["rules"]) => rules.map((rule) => draftOf(rule, `rule-${next.current++}`));
  const sending = useSending(fieldsOf(drafts.length));
  const take = (rules: Rules) => (setKept(rules), setDrafts(keyed(rules.rules)));
  const load = useCallback(
    () => attempt(async () => (setTeams((await ask("GET", "/teams")).teams), take(await ask("GET", "/consent"))), fail),
    [fail], // eslint-disable-line react-hooks/exhaustive-deps -- the rest never changes
  );
  useEffect(() => void load(), [load]);
  const changed = kept !== null && JSON.stringify(bodyOf(drafts)) !== JSON.stringify(bodyOf(kept.rules.map((rule) => draftOf(rule, ""))));
  const leaving = useLeaving(changed, words.unsaved, words.unsavedMeans);
  const put = (key: string, part: Partial<RuleDraft>) => setDrafts(drafts.map((one) => (one.key === key ? { ...one, ...part } : one)));
  const move = (from: number, to: number) => {
    const rest = drafts.filter((_, place) => place !== from);
    setDrafts([...rest.slice(0, to), drafts[from]!, ...rest.slice(to)]);
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!changed) return tell(words.nothingChanged);
    const save = async () => {
      take(await ask("PUT", "/consent", { body: { rules: bodyOf(drafts) } }));
      tell(words.consentSaved);
    };
    const wrong = Object.fromEntries(drafts.map((one, place) => [`rules.${place}.every_seconds`, isEvery(one) ? false : words.consentEveryHint]));
    if (!(await sending.send(save, wrong))) tell("");
  };
  return (
    <section class="narrow">
      <PageHead title={words.consent} about={words.consentIs} />
      {kept === null && <p class="empty">{words.loading}</p>}
      {kept !== null && (
        <form noValidate ref={sending.form} aria-label={words.consent} onSubmit={(event) => void submit(event)}>
          {drafts.length === 0 && <p class="soft">{words.consentNoRules}</p>}
          {drafts.map((one, place) => (
            <Rule
              key={one.key} draft={one} place={place} last={place === drafts.length - 1} teams={teams} errors={sending.errors}
              change={(part) => put(one.key, part)} move={(to) => move(place, to)}
              remove={() => setDrafts(drafts.filter((other) => other.key !== one.key))}
            />
          ))}
          <button
            type="button" disabled={drafts.length >= MOST}
            onClick={() => setDrafts([...drafts, draftOf(null, `rule-${next.current++}`)])}
          >
            <Icon of="add" /> {words.consentAdd}
          </button>
          <FormEnd sending={sending} save={words.save} />
        </form>
      )}
      {leaving.question}
    </section>
  );
}

interface RuleProps {
  draft: RuleDraft;
  place: number;
  last: boolean;
  teams: readonly Team[];
  errors: Readonly<Record<string, string>>;
  change: (part: Partial<RuleDraft>) => void;
  move: (to: number) => void;
  remove: () => void;
}

function Rule({ draft, place, last, teams, errors, change, move, remove }: RuleProps) {
  const name = say(words.consentRule, { number: String(place + 1) });
  const error = (field: string) => errors[`rules.${place}.${field}`];
  return (
    <fieldset class="card consent-rule">
      <legend>{name}</legend>
      <div class="pair">
        <TextField name={`rules.${place}.queue`} label={words.consentQueue} placeholder={words.consentAnyQueue} value={draft.queue} change={(queue) => change({ queue })} error={error("queue")} />
        <Choice
          label={words.team} value={draft.team} choices={{ "": words.consentAnyTeam, ...Object.fromEntries(teams.map(({ id, name: team }) => [id, team])) }}
          change={(team) => change({ team })} error={error("team_id")}
        />
        <Choice label={words.consentDirection} value={draft.direction} choices={DIRECTIONS} change={(direction) => change({ direction })} error={error("direction")} />
        <Choice label={words.consentSound} value={draft.sound} choices={SOUNDS} change={(sound) => change({ sound })} error={error("sound")} />
        {draft.sound === "beep" && (
          <>
            <Choice label={words.consentTo} value={draft.to} choices={LISTENERS} change={(to) => change({ to })} error={error("to")} />
            <Field label={words.consentEvery} error={error("every_seconds")}>
              {(tied) => (
                <input
                  type="number" name={`rules.${place}.every_seconds`} min={5} max={120} value={draft.every}
                  onInput={(event) => change({ every: event.currentTarget.value })} {...tied}
                />
              )}
            </Field>
          </>
        )}
      </div>
      <div class="row">
        <button type="button" disabled={place === 0} onClick={() => move(place - 1)} aria-label={say(words.consentUp, { rule: name })}>
          {words.moveUp}
        </button>
        <button type="button" disabled={last} onClick={() => move(place + 1)} aria-label={say(words.consentDown, { rule: name })}>
          {words.moveDown}
        </button>
        <button type="button" class="plain icon-only" aria-label={say(words.consentRemove, { rule: name })} title={words.remove} onClick={remove}>
          <Icon of="remove" />
        </button>
      </div>
    </fieldset>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  choices: Readonly<Record<string, string>>;
  change: (value: Value) => void;
  error: string | undefined;
}

function Choice<Value extends string>({ label, value, choices, change, error }: ChoiceProps<Value>) {
  return (
    <Field label={label} error={error}>
      {(tied) => (
        <select value={value} onChange={(event) => change(event.currentTarget.value as Value)} {...tied}>
          {Object.entries(choices).map(([each, text]) => (
            <option value={each} key={each}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
