// Coaching: notes, and for who may monitor the report, each at an address of its own.

import type { User } from "../schema";
import { Icon, type IconName } from "../ui/icons";
import { words } from "../words";
import { NotesList } from "./list";
import { Report } from "./report";

const PARTS: [part: string, icon: IconName, name: string][] = [
  ["", "edit", words.notes],
  ["report", "figures", words.report],
];

interface Props {
  me: User;
  /** What the address names behind `coaching`. */
  part: string;
}

export function Coaching({ me, part }: Props) {
  const shown = me.can_monitor && PARTS.some(([name]) => name === part) ? part : "";
  return (
    <main class="coaching">
      <h1 tabIndex={-1}>{words.coaching}</h1>
      {me.can_monitor && (
        <nav class="tabs" aria-label={words.coachingParts}>
          {PARTS.map(([name, icon, title]) => (
            <a href={name ? `#/coaching/${name}` : "#/coaching"} aria-current={shown === name ? "page" : undefined} key={name}>
              <Icon of={icon} /> {title}
            </a>
          ))}
        </nav>
      )}
      {shown === "report" ? <Report /> : <NotesList me={me} />}
    </main>
  );
}
