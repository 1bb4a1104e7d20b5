// One team at its address: its people, its queues, and who looks after them.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { LIMIT_NAMES } from "../core/limits";
import { bodyOf, changesOf, draftOf, isChanged, wrongLimits, type TeamDraft } from "../core/teams";
import type { Team, User } from "../schema";
import { TextField } from "../ui/field";
import { useSending } from "../ui/form";
import { useLeaving } from "../ui/unsaved";
import { say, words } from "../words";
import { FormEnd, go, onEscape, PageHead, type PageProps } from "./parts";
import { PeopleField } from "./people";
import { fieldOf, TeamLimits } from "./teamlimits";

const LIST = "teams";
const NAMES = ["name", "members", "supervisors", "queues", "shield_seconds", ...LIMIT_NAMES.map(fieldOf)];

export function TeamEditor({ id, tell }: PageProps & { id: string | null }) {
  const [team, setTeam] = useState<Team | null>(null);
  const [users, setUsers] = useState<User[] | null>(null);
  const [draft, setDraft] = useState<TeamDraft>(draftOf(null));
  const [missing, setMissing] = useState("");
  useEffect(() => {
    void attempt(async () => {
      const [people, fresh] = await Promise.all([
        ask("GET", "/users"),
        id === null ? null : ask("GET", "/teams/{id}", { at: { id } }),
      ]);
      setUsers(people.users);
      if (fresh === null) return;
      setTeam(fresh);
      setDraft(draftOf(fresh));
    }, setMissing);
  }, [id]);

  const ready = id === null || team !== null; // of a new one the form is there at once, and has the focus
  const sending = useSending(NAMES);
  const changed = ready && isChanged(team, draft);
  const leaving = useLeaving(changed, words.unsaved, words.unsavedMeans);
  const set = (more: Partial<TeamDraft>) => setDraft((before) => ({ ...before, ...more }));
  const done = (text: string) => {
    leaving.release();
    tell(text, LIST);
    go(LIST, { replace: true });
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (team && !changed) return done(words.nothingChanged);
    const save = async () => {
      const saved = team
        ? await ask("PATCH", "/teams/{id}", { at: { id: team.id }, body: changesOf(team, draft) })
        : await ask("POST", "/teams", { body: bodyOf(draft) });
      done(say(team ? words.saved : words.created, { name: saved.name }));
    };
    const wrong = Object.fromEntries(wrongLimits(draft.limits).map((name) => [fieldOf(name), true]));
    await sending.send(save, { name: !draft.name.trim(), shield_seconds: /^\s*\d*\s*$/.test(draft.pauses) ? false : words.error_wrong_type, ...wrong });
  };
  const cancel = () => go(LIST);
  const title = id === null ? words.addTeam : words.editTeam;
  return (
    <section class="narrow">
      <PageHead title={title} back={LIST} about={team?.name} />
      {!ready && <p class="empty">{missing ? words.noSuchTeam : words.loading}</p>}
      {ready && missing && <p class="problem">{missing}</p>}
      {ready && (
        <form noValidate ref={sending.form} aria-label={title} onSubmit={(event) => void submit(event)} onKeyDown={onEscape(cancel)}>
          <div class="card">
            <TextField
              name="name" label={words.name} required first={id === null} value={draft.name} change={(name) => set({ name })}
              error={sending.errors["name"]}
            />
          </div>
          <PeopleField
            key={users ? "members" : "no members"} name="members" label={words.members} hint={words.membersHint} search={words.searchMembers} users={users ?? []}
            chosen={draft.members} change={(members) => set({ members })} error={sending.errors["members"]}
          />
          <div class="card">
            <TextField
              name="queues" label={words.queues} hint={words.queuesHint} rows={3} value={draft.queues}
              change={(queues) => set({ queues })} error={sending.errors["queues"]}
            />
          </div>
          <PeopleField
            key={users ? "supervisors" : "no supervisors"} name="supervisors" label={words.supervisors} hint={words.supervisorsHint} search={words.searchSupervisors} users={users ?? []}
            chosen={draft.supervisors} change={(supervisors) => set({ supervisors })} about={sees} error={sending.errors["supervisors"]}
          />
          <div class="card">
            <TextField
              name="shield_seconds" label={words.teamPauses} hint={words.teamPausesHint} value={draft.pauses}
              change={(pauses) => set({ pauses })} error={sending.errors["shield_seconds"]}
            />
          </div>
          <TeamLimits limits={draft.limits} change={(limits) => set({ limits })} errors={sending.errors} />
          <FormEnd sending={sending} save={words.saveTeam} cancel={cancel} />
        </form>
      )}
      {leaving.question}
    </section>
  );
}

/** What being a supervisor changes for this person, where it isn't just this team's calls. */
function sees({ can_monitor, scope, active }: User): string {
  if (!active) return words.inactive;
  if (!can_monitor) return words.mayNotMonitor;
  return scope === "all" ? words.seesAll : "";
}
