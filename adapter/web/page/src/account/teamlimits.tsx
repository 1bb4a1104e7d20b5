// From when on a team's calls and queues need somebody.

import { CALL_LIMITS, LIMITS, MOST, OF_TEAM, QUEUE_LIMITS, type Limits } from "../core/limits";
import type { LimitsDraft } from "../core/teams";
import { Field } from "../ui/field";
import { say, words } from "../words";

interface Props {
  limits: LimitsDraft;
  change: (limits: LimitsDraft) => void;
  errors: Readonly<Record<string, string>>;
}

/** What the server calls a limit in an error. */
export const fieldOf = (name: keyof Limits): string => `limits.${OF_TEAM[name]}`;

export function TeamLimits({ limits, change, errors }: Props) {
  const group = (title: string, names: readonly (keyof Limits)[]) => (
    <fieldset class="plain">
      <legend>{title}</legend>
      {names.map((name) => (
        <Field key={name} label={words[`limit_${name}`]} error={errors[fieldOf(name)]}>
          {(tied) => (
            <input
              type="number" name={fieldOf(name)} min={0} max={MOST[name]} value={limits[name]} placeholder={say(words.usually, { value: String(LIMITS[name]) })}
              onInput={(event) => change({ ...limits, [name]: event.currentTarget.value })} {...tied}
            />
          )}
        </Field>
      ))}
    </fieldset>
  );
  return (
    <details class="card team-limits">
      <summary>{words.limits}</summary>
      <p class="soft">{words.teamLimitsAre}</p>
      <div class="columns">
        {group(words.limitsCalls, CALL_LIMITS)}
        {group(words.limitsQueues, QUEUE_LIMITS)}
      </div>
    </details>
  );
}
