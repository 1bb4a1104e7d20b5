// My Account: one's own password; for administrators also accounts, the audit, webhooks and tokens, each at its address.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Picture } from "../core/picture";
import type { User } from "../schema";
import { useFocus } from "../ui/focus";
import { Icon, type IconName } from "../ui/icons";
import { words } from "../words";
import { Audit } from "./audit";
import { Cluster } from "./cluster";
import { Consent } from "./consent";
import { Exempt } from "./exempt";
import { Password } from "./password";
import type { PageProps } from "./parts";
import { Teams } from "./teams";
import { ScoreForm } from "./scoreform";
import { Tokens } from "./tokens";
import { Users } from "./users";
import { Webhooks } from "./webhooks";

interface Part {
  icon: IconName;
  label: string;
  page: (props: PageProps) => preact.ComponentChildren;
}

const PARTS: Record<string, Part> = {
  users: { icon: "users", label: words.users, page: Users },
  teams: { icon: "teams", label: words.teams, page: Teams },
  "do-not-monitor": { icon: "exempt", label: words.doNotMonitor, page: Exempt },
  consent: { icon: "consent", label: words.consent, page: Consent },
  "score-form": { icon: "coaching", label: words.scoreForm, page: ScoreForm },
  audit: { icon: "audit", label: words.audit, page: Audit },
  webhooks: { icon: "webhooks", label: words.webhooks, page: Webhooks },
  tokens: { icon: "tokens", label: words.tokens, page: Tokens },
  cluster: { icon: "cluster", label: words.cluster, page: Cluster },
  password: { icon: "account", label: words.myPassword, page: Password },
};

interface Note {
  /** The page on which it is said. */
  at: string;
  text: string;
  bad: boolean;
}

export function Account({ me, part, pbxs, keepDays }: { me: User; part: string } & Pick<Picture, "pbxs" | "keepDays">) {
  const names = me.role === "administrator" ? Object.keys(PARTS) : ["password"];
  const [first = "", ...rest] = part.split("/").filter(Boolean).map(decoded);
  const name = names.includes(first) ? first : names[0]!;
  const here = [name, ...(name === first ? rest : [])].join("/");
  const { note, tell, fail } = useNote(here);
  const root = useRef<HTMLElement>(null);
  useFocus(root, here);
  const { page: Page } = PARTS[name]!;
  return (
    <main class="account" ref={root}>
      <div class="account-parts">
        <h1>{words.myAccount}</h1>
        <nav aria-label={words.myAccount}>
          <ul class="parts">
            {names.map((each) => (
              <li key={each}>
                <a href={`#/account/${each}`} aria-current={each === name ? "page" : undefined}>
                  <Icon of={PARTS[each]!.icon} /> {PARTS[each]!.label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </div>
      <div class="account-page">
        <p role="status" class="note good">
          {note && !note.bad && <Icon of="done" />} {note && !note.bad && note.text}
        </p>
        <p role="alert" class="note problem">
          {note?.bad && <Icon of="warning" />} {note?.bad && note.text}
        </p>
        <Page key={name} me={me} pbxs={pbxs} keepDays={keepDays} rest={name === first ? rest : []} tell={tell} fail={fail} />
      </div>
    </main>
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a % that somebody typed
  }
}

/** What was said on this page: it is gone on the next. */
function useNote(here: string) {
  const [note, setNote] = useState<Note | null>(null);
  const at = useRef(here);
  at.current = here;
  useEffect(() => setNote((before) => (before?.at === here ? before : null)), [here]);
  const tell = useCallback((text: string, on?: string) => setNote(text ? { at: on ?? at.current, text, bad: false } : null), []);
  const fail = useCallback((text: string) => setNote(text ? { at: at.current, text, bad: true } : null), []);
  return { note: note?.at === here ? note : null, tell, fail };
}
