// One note: when in the call, by whom, its words, and what its author and administrators can do with it.

import { useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { second } from "../core/notes";
import type { NoteAnswer, User } from "../schema";
import { Confirm } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { when } from "../ui/when";
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
  const [asks, setAsks] = useState(false);
  const mine = note.author.user_id === me.id || (me.role === "administrator" && note.agent.user_id !== me.id);
  const act = async (work: () => Promise<unknown>) => {
    fail("");
    await attempt(work, fail);
    changed();
  };
  const release = () => act(() => ask("PATCH", "/notes/{id}", { at, body: { visible_to_agent: !note.visible_to_agent } }));
  const remove = () => act(() => ask("DELETE", "/notes/{id}", { at }));
  return (
    <li>
      {about && <p class="about">{about}</p>}
      <p class="soft">
        {about && `${when(note.at)} · `}
        <span class="figures">{say(words.noteAt, { second: second(note.call_seconds) })}</span>
        {" · "}
        {note.author.name}
        {note.visible_to_agent && !mine && ` · ${say(words.noteIsReleased, { name: note.agent.name })}`}
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
          <label class="check grow">
            <input type="checkbox" checked={note.visible_to_agent} onClick={(event) => (event.preventDefault(), void release())} />{" "}
            {say(words.noteIsReleased, { name: note.agent.name })}
          </label>
          <button type="button" class="plain icon-only" aria-label={words.removeNote} title={words.removeNote} onClick={() => setAsks(true)}>
            <Icon of="remove" />
          </button>
        </div>
      )}
      {asks && (
        <Confirm
          title={words.askRemoveNote} text={note.text ?? words.marked} yes={words.yesRemove} no={words.cancel} act={() => void remove()}
          close={() => setAsks(false)}
        />
      )}
    </li>
  );
}
