// One note: when in the call, by whom, its words, and what its author and administrators can do with it.

import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { second } from "../core/notes";
import type { NoteAnswer, User } from "../schema";
import { Icon } from "../ui/icons";
import { say, words } from "../words";
import { Reply } from "./reply";
import { ScoresShown } from "./scores";

interface Props {
  me: User;
  note: NoteAnswer;
  /** Something of it is another now, or it is gone. */
  changed: () => void;
  fail: (problem: string) => void;
  /** Of which call it is, where that isn't plain. */
  about?: string;
}

export function NoteItem({ me, note, changed, fail, about }: Props) {
  const at = { id: note.id };
  const mine = note.author.user_id === me.id || (me.role === "administrator" && note.agent.user_id !== me.id);
  const act = async (work: () => Promise<unknown>) => {
    fail("");
    await attempt(work, fail);
    changed();
  };
  const release = () => act(() => ask("PATCH", "/notes/{id}", { at, body: { visible_to_agent: !note.visible_to_agent } }));
  const remove = () => act(() => ask("DELETE", "/notes/{id}", { at }));
  const shown = say(note.visible_to_agent ? words.noteIsReleased : words.noteIsNot, { name: note.agent.name });
  return (
    <li>
      <p class="soft">
        <span class="figures">{second(note.call_seconds)}</span>{" · "}
        {[about, note.author.name].filter(Boolean).join(" · ")}
      </p>
      <p class="note-text">
        {note.mark && (
          <>
            <Icon of="mark" /> <span class={note.text ? "hidden" : undefined}>{words.marked}</span>{" "}
          </>
        )}
        {note.text}
      </p>
      {note.scores && <ScoresShown scores={note.scores} />}
      <Reply me={me} note={note} changed={changed} fail={fail} />
      {note.recording_url && (
        <a class="recording" href={note.recording_url} target="_blank" rel="noopener noreferrer">
          <Icon of="hear" /> {words.recording}
        </a>
      )}
      {mine && (
        <div class="row">
          <button type="button" class="plain" aria-pressed={note.visible_to_agent} title={shown} onClick={() => void release()}>
            <Icon of={note.visible_to_agent ? "done" : "exempt"} /> {shown}
          </button>
          <button type="button" class="plain" onClick={() => void remove()}>
            <Icon of="remove" /> {words.remove}
          </button>
        </div>
      )}
    </li>
  );
}
