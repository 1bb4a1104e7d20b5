// What has happened in this call, as far as this person may see it.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { second, withNotes } from "../core/notes";
import type { Call, NoteAnswer, TimelineEntry } from "../schema";
import { language, say, words } from "../words";

/** Which entries are of somebody who is heard, and which of the call itself: their dot's class. */
const DOTS: Partial<Record<string, string>> = { answered: "good", whispering: "whisper", joined: "barge", listening: "silent", held: "wait" };

export function Timeline({ call, changes, notes }: { call: Call; changes: unknown; notes: readonly NoteAnswer[] }) {
  const [entries, setEntries] = useState<TimelineEntry[]>([]);
  const id = call.id;
  useEffect(() => {
    let wanted = true;
    ask("GET", "/calls/{id}/timeline", { at: { id } })
      .then((answer) => wanted && setEntries(answer.entries))
      .catch(() => undefined); // the call has ended, or the server is away: both are said elsewhere
    return () => {
      wanted = false;
    };
  }, [id, call, changes]);
  return (
    <section class="card timeline" aria-label={words.thisCall}>
      <h2 class="card-title">{words.thisCall}</h2>
      <ol>
        {withNotes(entries, notes).map(({ at, entry, note }, place) => (
          <li key={place}>
            <time dateTime={at}>{clock(at)}</time>
            <span class={"dot " + (entry ? (DOTS[entry.kind] ?? "") : "silent")} />
            <span>{entry ? told(entry, call.agent.name) : noted(note)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function told({ kind, name }: TimelineEntry, agent: string): string {
  const key = `line_${kind}` as keyof typeof words;
  return say(words[key] ?? kind, { name: name ?? agent }); // a newer server may know more kinds
}

function noted({ author, call_seconds, text }: NoteAnswer): string {
  return say(text ? words.line_note : words.line_mark, { name: author.name, second: second(call_seconds), text: text ?? "" });
}

function clock(at: string): string {
  return new Date(at).toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}
