// Notes and marks in the open call, with the second of the call: `n` writes one, `b` marks this moment.

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { useDraft } from "../coaching/drafts";
import { NoteItem } from "../coaching/note";
import { ScoreFields, useScoreForm } from "../coaching/scores";
import { isWritten, scoresOf } from "../core/scores";
import type { Call, components, NoteAnswer, User } from "../schema";
import { Icon } from "../ui/icons";
import { isShortcut } from "../ui/keys";
import { say, words } from "../words";

const NONE: NoteAnswer[] = [];

export interface CallNotes {
  readonly notes: readonly NoteAnswer[];
  readonly problem: string;
  readonly tell: (problem: string) => void;
  readonly reload: () => void;
}

/** What I see of the notes about a call. `may`: whether I may monitor. */
export function useNotes(callId: string, may: boolean): CallNotes {
  const [found, setFound] = useState<{ of: string; notes: NoteAnswer[] }>({ of: callId, notes: NONE });
  const [problem, setProblem] = useState("");
  const wanted = useRef(callId);
  wanted.current = callId;
  const reload = useCallback(() => {
    if (!may) return;
    ask("GET", "/notes", { query: new URLSearchParams({ call_id: callId }) })
      .then(({ notes }) => wanted.current === callId && setFound({ of: callId, notes }))
      .catch(() => undefined); // the call has ended, or the server is away: both are said elsewhere
  }, [callId, may]);
  useEffect(() => {
    setProblem("");
    reload();
  }, [reload]);
  return { notes: found.of === callId ? found.notes : NONE, problem, tell: setProblem, reload };
}

interface Props {
  me: User;
  call: Call;
  /** Whether I listen to this call now: then the keys write and mark. */
  listening: boolean;
  of: CallNotes;
}

export function Notes({ me, call, listening, of }: Props) {
  const { draft, change, forget } = useDraft(call);
  const form = useScoreForm();
  const field = useRef<HTMLTextAreaElement>(null);
  const before = useRef<EventTarget | null>(null);
  const sending = useRef(false);
  const own = call.agent.user_id === me.id;
  const send = async (body: components["schemas"]["NoteBody"]) => {
    if (sending.current) return false;
    sending.current = true;
    of.tell("");
    const worked = await attempt(() => ask("POST", "/calls/{id}/notes", { at: { id: call.id }, body }), of.tell);
    sending.current = false;
    of.reload();
    return worked;
  };
  // The keys of the call work again, and the focus is where it was: never lost.
  const leave = () => {
    const back = before.current;
    const seen = back instanceof HTMLElement && back.isConnected && back.checkVisibility({ visibilityProperty: true });
    (seen ? back : field.current?.closest<HTMLElement>(".panel"))?.focus({ preventScroll: true });
  };
  const mark = () => void send({ mark: true });
  const save = async () => {
    if (!isWritten(draft)) return;
    const scores = scoresOf(draft.version, draft.answers);
    const text = draft.text.trim();
    if (!(await send({ ...(text && { text }), ...(scores && { scores }), visible_to_agent: draft.released }))) return;
    forget();
    leave();
  };
  useNoteKeys(listening, { n: () => field.current?.focus(), b: mark });
  if (own) return null;
  const title = say(words.noteFor, { name: call.agent.name });
  return (
    <section class="card notes" aria-label={words.notes}>
      <h2 class="card-title">{words.notes}</h2>
      {of.problem && (
        <p role="alert" class="problem">
          {of.problem}
        </p>
      )}
      <form
        onSubmit={(event) => (event.preventDefault(), void save())}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === field.current) {
            event.preventDefault();
            void save();
          } else if (event.key === "Escape") {
            event.stopPropagation();
            leave();
          }
        }}
      >
        <textarea
          ref={field} rows={2} value={draft.text} aria-label={title} placeholder={words.noteHint} aria-keyshortcuts={listening ? "n" : undefined}
          onInput={(event) => change({ text: event.currentTarget.value })} onFocus={(event) => (before.current = event.relatedTarget)}
        />
        {form && (
          <ScoreFields questions={form.questions} answers={draft.answers} change={(answers) => change({ answers, version: form.version })} />
        )}
        <label class="check">
          <input type="checkbox" checked={draft.released} onChange={(event) => change({ released: event.currentTarget.checked })} />{" "}
          {say(words.noteReleased, { name: call.agent.name })}
        </label>
        <div class="row">
          <button type="submit" aria-disabled={!isWritten(draft)}>
            {words.saveNote}
          </button>
          <button type="button" aria-keyshortcuts={listening ? "b" : undefined} onClick={mark}>
            <Icon of="mark" /> {words.markMoment}
          </button>
        </div>
      </form>
      {of.notes.length > 0 && (
        <ul>
          {of.notes.map((note) => (
            <NoteItem key={note.id} me={me} note={note} changed={of.reload} fail={of.tell} />
          ))}
        </ul>
      )}
    </section>
  );
}

/** Before anybody else: while I listen, `n` is a note and no jump to new calls. Behind a dialog no key is heard. */
function useNoteKeys(on: boolean, keys: Record<string, () => void>): void {
  useLayoutEffect(() => {
    if (!on) return;
    const onKey = (event: KeyboardEvent) => {
      const act = keys[event.key];
      if (!act || event.repeat || !isShortcut(event) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      act();
    };
    addEventListener("keydown", onKey, true);
    return () => removeEventListener("keydown", onKey, true);
  });
}
