// Notes that were being written when their call ended: said on every page, to be saved or thrown away.

import { useRef, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { isUp, type Picture } from "../core/picture";
import { isWritten, scoresOf } from "../core/scores";
import { Icon } from "../ui/icons";
import { say, words } from "../words";
import { change, type Draft, forget, useDrafts } from "./drafts";

export function UnsavedNotes({ picture }: { picture: Picture | null }) {
  const drafts = useDrafts();
  if (!picture?.connected) return null;
  const left = drafts.filter((draft) => isWritten(draft) && !picture.calls.has(draft.call) && isUp(picture, draft.pbx));
  return (
    <>
      {left.map((draft) => (
        <Unsaved key={draft.call} draft={draft} />
      ))}
    </>
  );
}

function Unsaved({ draft }: { draft: Draft }) {
  const { text } = draft;
  const [problem, setProblem] = useState("");
  const sending = useRef(false);
  const save = async () => {
    if (sending.current) return;
    sending.current = true;
    const scores = scoresOf(draft.version, draft.answers);
    const body = { ...(text.trim() && { text: text.trim() }), ...(scores && { scores }), visible_to_agent: draft.released };
    if (await attempt(() => ask("POST", "/calls/{id}/notes", { at: { id: draft.call }, body }), setProblem)) forget(draft.call);
    sending.current = false;
  };
  const title = say(words.noteUnsaved, { agent: draft.agent, customer: draft.customer || words.anonymous });
  return (
    <section class="help unsaved" aria-label={title}>
      <p role="status">
        <Icon of="edit" /> {title}
      </p>
      <textarea rows={2} value={text} aria-label={say(words.noteFor, { name: draft.agent })} onInput={(event) => change(draft.call, { text: event.currentTarget.value })} />
      {problem && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
      <div class="row">
        <button type="button" class="main" onClick={() => void save()}>
          {words.saveNote}
        </button>
        <button type="button" class="plain" onClick={() => forget(draft.call)}>
          {words.throwAway}
        </button>
      </div>
    </section>
  );
}
