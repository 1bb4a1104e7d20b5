// Account → Do not monitor: numbers and people whose calls nobody may listen to, not even administrators.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, Refused } from "../api/ask";
import { attempt } from "../api/problems";
import type { DoNotMonitor, User } from "../schema";
import { TextField, Wrong } from "../ui/field";
import { useSending } from "../ui/form";
import { Icon } from "../ui/icons";
import { useLeaving } from "../ui/unsaved";
import { say, words } from "../words";
import { FormEnd, PageHead, type PageProps } from "./parts";

const NAMES = ["numbers", "user_ids"];
const NOBODY: DoNotMonitor = { numbers: [], user_ids: [] };

export function Exempt({ tell, fail }: PageProps) {
  const [kept, setKept] = useState<DoNotMonitor | null>(null);
  const [draft, setDraft] = useState<DoNotMonitor>(NOBODY);
  const [users, setUsers] = useState<User[]>([]);
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState<readonly string[]>([]);
  const sending = useSending(NAMES);
  const take = (list: DoNotMonitor) => (setKept(list), setDraft(list));
  const load = useCallback(
    () => attempt(async () => (setUsers((await ask("GET", "/users")).users), take(await ask("GET", "/do-not-monitor"))), fail),
    [fail],
  );
  useEffect(() => void load(), [load]);

  const numbers = typed.trim() ? [...draft.numbers, typed.trim()] : draft.numbers;
  const changed = kept !== null && JSON.stringify({ ...draft, numbers }) !== JSON.stringify(kept);
  const leaving = useLeaving(changed, words.unsaved, words.unsavedMeans);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!changed) return tell(words.nothingChanged);
    const save = async () => {
      setWrong([]);
      const put = ask("PUT", "/do-not-monitor", { body: { ...draft, numbers } });
      put.catch((refused) => setWrong(wrongOf(refused, numbers)));
      take(await put);
      setTyped("");
      tell(words.exemptSaved);
    };
    if (!(await sending.send(save))) tell("");
  };
  const add = () => {
    if (!typed.trim()) return;
    setDraft({ ...draft, numbers });
    setTyped("");
  };
  const nameOf = (id: string) => {
    const user = users.find((one) => one.id === id);
    return user ? `${user.name} (${user.username})` : id;
  };
  return (
    <section class="narrow">
      <PageHead title={words.doNotMonitor} about={words.doNotMonitorIs} />
      {kept === null && <p class="empty">{words.loading}</p>}
      {kept !== null && (
        <form noValidate ref={sending.form} aria-label={words.doNotMonitor} onSubmit={(event) => void submit(event)}>
          <div class="card">
            <h3>{words.exemptNumbers}</h3>
            <Entries
              label={words.exemptNumbers} empty={words.noExemptNumbers} entries={draft.numbers} name={(one) => one} wrong={wrong}
              change={(all) => setDraft({ ...draft, numbers: all })}
            />
            <div class="row add-entry" onKeyDown={(event) => event.key === "Enter" && typed.trim() && (event.preventDefault(), add())}>
              <TextField
                name="numbers" label={words.addNumber} hint={words.exemptNumberHint} placeholder="+12025550101"
                value={typed} change={setTyped} error={sending.errors["numbers"]}
              />
              <button type="button" onClick={add}>
                <Icon of="add" /> {words.addToList}
              </button>
            </div>
          </div>
          <div class="card">
            <h3>{words.exemptPeople}</h3>
            <Entries
              label={words.exemptPeople} empty={words.noExemptPeople} entries={draft.user_ids} name={nameOf}
              change={(all) => setDraft({ ...draft, user_ids: all })}
            />
            <People users={users} chosen={draft.user_ids} add={(id) => setDraft({ ...draft, user_ids: [...draft.user_ids, id] })} />
            <Wrong id="user-ids-error" text={sending.errors["user_ids"]} />
          </div>
          <FormEnd sending={sending} save={words.save} />
        </form>
      )}
      {leaving.question}
    </section>
  );
}

/** Which of them the server names as wrong: `numbers.1` is the second. */
function wrongOf(refused: unknown, numbers: readonly string[]): string[] {
  const errors = refused instanceof Refused ? refused.errors : [];
  return errors.flatMap(({ field }) => numbers[Number(/^numbers\.(\d+)$/.exec(field)?.[1] ?? -1)] ?? []);
}

interface EntriesProps {
  label: string;
  empty: string;
  entries: readonly string[];
  name: (entry: string) => string;
  /** What the server would not take. */
  wrong?: readonly string[];
  change: (entries: string[]) => void;
}

/** What is on the list, each with its way out. */
function Entries({ label, empty, entries, name, wrong, change }: EntriesProps) {
  const list = useRef<HTMLUListElement>(null);
  const remove = (entry: string) => {
    change(entries.filter((one) => one !== entry));
    list.current?.focus(); // its button is gone
  };
  if (entries.length === 0) return <p class="soft">{empty}</p>;
  return (
    <ul class="entries" aria-label={label} ref={list} tabIndex={-1}>
      {entries.map((entry) => (
        <li key={entry}>
          <span class={wrong?.includes(entry) ? "problem at-field" : undefined}>
            {wrong?.includes(entry) && <Icon of="warning" />} {name(entry)}
          </span>
          <button
            type="button" class="plain icon-only" aria-label={say(words.removeFromList, { name: name(entry) })} title={words.remove}
            onClick={() => remove(entry)}
          >
            <Icon of="remove" />
          </button>
        </li>
      ))}
    </ul>
  );
}

function People({ users, chosen, add }: { users: User[]; chosen: readonly string[]; add: (id: string) => void }) {
  const left = users.filter((user) => !chosen.includes(user.id));
  return (
    <div class="field">
      <label for="add-person">{words.addPerson}</label>
      <select
        id="add-person" value="" disabled={left.length === 0}
        onChange={(event) => {
          const id = event.currentTarget.value;
          event.currentTarget.value = "";
          if (id) add(id);
        }}
      >
        <option value="">{words.choosePerson}</option>
        {left.map((user) => (
          <option value={user.id} key={user.id}>
            {user.name} ({user.username})
          </option>
        ))}
      </select>
    </div>
  );
}
