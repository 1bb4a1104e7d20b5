// What has happened in this call, as far as this person may see it.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import type { Call, TimelineEntry } from "../schema";
import { language, say, words } from "../words";

/** Which entries are of somebody who is heard, and which of the call itself: their dot's class. */
const DOTS: Partial<Record<string, string>> = { answered: "good", whispering: "whisper", joined: "barge", listening: "silent", held: "wait" };

export function Timeline({ call, changes }: { call: Call; changes: unknown }) {
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
        {entries.map((entry, place) => (
          <li key={place}>
            <time dateTime={entry.at}>{clock(entry.at)}</time>
            <span class={"dot " + (DOTS[entry.kind] ?? "")} />
            <span>{told(entry, call.agent.name)}</span>
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

function clock(at: string): string {
  return new Date(at).toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}
