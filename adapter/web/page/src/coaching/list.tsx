// The notes that I see, newest first. Agents find here what was released to them.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { isNobody } from "../core/rows";
import type { NoteAnswer, User } from "../schema";
import { Icon } from "../ui/icons";
import { say, words } from "../words";
import { NoteItem } from "./note";

export function NotesList({ me }: { me: User }) {
  const [notes, setNotes] = useState<NoteAnswer[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [agent, setAgent] = useState("");
  const [author, setAuthor] = useState("");
  const [unanswered, setUnanswered] = useState(false);
  const [problem, setProblem] = useState("");
  const asked = useRef("");
  const load = useCallback(
    (after: string | null) => {
      const query = new URLSearchParams({ limit: "50", ...(agent.trim() && { agent: agent.trim() }), ...(author.trim() && { author: author.trim() }), ...(unanswered && { unanswered: "true" }), ...(after && { cursor: after }) });
      asked.current = query.toString();
      return attempt(async () => {
        const page = await ask("GET", "/notes", { query });
        if (asked.current !== query.toString()) return; // another question was asked meanwhile
        setNotes((before) => (after ? [...(before ?? []), ...page.notes] : page.notes));
        setCursor(page.next_cursor);
      }, setProblem);
    },
    [agent, author, unanswered],
  );
  useEffect(() => void load(null), [load]);
  return (
    <>
      <p class="soft">{me.can_monitor ? words.coachingIs : words.coachingOfMine}</p>
      {me.can_monitor && (
        <div class="row note-filters">
          <div class="search">
            <Icon of="search" />
            <input
              type="search" aria-label={words.notesOfAgent} placeholder={words.notesOfAgentHint} value={agent} autocomplete="off"
              onInput={(event) => setAgent(event.currentTarget.value)}
            />
          </div>
          <div class="search">
            <Icon of="search" />
            <input
              type="search" aria-label={words.notesBySupervisor} placeholder={words.notesBySupervisorHint} value={author} autocomplete="off"
              onInput={(event) => setAuthor(event.currentTarget.value)}
            />
          </div>
          <label class="check">
            <input type="checkbox" checked={unanswered} onChange={(event) => setUnanswered(event.currentTarget.checked)} /> {words.notesUnanswered}
          </label>
        </div>
      )}
      {problem && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
      {notes === null && <p class="empty">{words.loading}</p>}
      {notes?.length === 0 && <p class="empty">{agent.trim() || author.trim() || unanswered ? words.nothingFound : words.noNotes}</p>}
      {notes !== null && notes.length > 0 && (
        <ul class="card notes" aria-label={words.notes}>
          {notes.map((note) => (
            <NoteItem key={note.id} me={me} note={note} changed={() => void load(null)} fail={setProblem} about={aboutOf(note)} />
          ))}
        </ul>
      )}
      {cursor !== null && (
        <button type="button" onClick={() => void load(cursor)}>
          {words.moreNotes}
        </button>
      )}
    </>
  );
}

function aboutOf({ agent, customer }: NoteAnswer): string {
  return say(words.talkHeading, { agent: agent.name, customer: isNobody(customer.number) ? words.anonymous : customer.number });
}
