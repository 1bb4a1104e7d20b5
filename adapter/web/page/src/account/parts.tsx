// What the pages of the account have in common: their heading, the end of a form, a chip, a secret that is shown once.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Picture } from "../core/picture";
import type { User } from "../schema";
import { Icon, type IconName } from "../ui/icons";
import type { Sending } from "../ui/form";
import { words } from "../words";

/** What each page is given. */
export interface PageProps {
  me: User;
  /** The PBXes, by id. */
  pbxs: Picture["pbxs"];
  /** For how many days messages between supervisors and agents are kept; 0: not at all. */
  keepDays: number;
  /** The rest of the address: which of its things, and what of it. */
  rest: string[];
  /** Say something here, or on the page `at` (for what is said on arriving there). Gone on the next page. */
  tell: (text: string, at?: string) => void;
  /** The same for what went wrong. */
  fail: (text: string) => void;
}

/** To another page of the account. `replace`: without leaving this one in the browser's history, for what is done with. */
export function go(part: string, { replace = false } = {}): void {
  const address = `#/account/${part}`;
  if (replace) location.replace(address);
  else location.hash = address;
}

interface PageHeadProps {
  title: string;
  /** What the page is about. */
  about?: ComponentChildren;
  /** Where it came from, on a page below another. */
  back?: string;
  children?: ComponentChildren;
}

/** The heading has the focus when the page opens. */
export function PageHead({ title, about, back, children }: PageHeadProps) {
  return (
    <header class="page-head">
      {back !== undefined && (
        <button type="button" class="plain icon-only" aria-label={words.back} title={words.back} onClick={() => go(back)}>
          <Icon of="back" />
        </button>
      )}
      <div class="grow">
        <h2 tabIndex={-1}>{title}</h2>
        {about && <p class="soft">{about}</p>}
      </div>
      {children}
    </header>
  );
}

export function Chip({ icon, kind = "", children }: { icon?: IconName; kind?: string; children: ComponentChildren }) {
  return (
    <span class={`chip ${kind}`}>
      {icon && <Icon of={icon} />}
      <span>{children}</span>
    </span>
  );
}

/** The end of a form: what is wrong with the whole of it, saving, and leaving it. */
export function FormEnd({ sending, save, cancel }: { sending: Sending; save: string; cancel?: () => void }) {
  return (
    <div class="form-end">
      <p role="alert" class="problem">
        {sending.problem}
      </p>
      <div class="row">
        <button type="submit" class="main" aria-disabled={sending.busy ? "true" : undefined}>
          {save}
        </button>
        {cancel && (
          <button type="button" onClick={cancel}>
            {words.cancel}
          </button>
        )}
      </div>
    </div>
  );
}

/** A secret, the only time that it is shown. */
export function Once({ label, secret, done }: { label: string; secret: string; done: () => void }) {
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard?.writeText(secret).then(() => setCopied(true));
  return (
    <section class="once" role="status" aria-label={label}>
      <p>
        <Icon of="tokens" /> <b>{label}</b> {words.shownOnce}
      </p>
      <p>
        <code>{secret}</code>
      </p>
      <div class="row">
        <button type="button" onClick={copy}>
          {copied ? words.copied : words.copy}
        </button>
        <button type="button" onClick={done}>
          {words.haveIt}
        </button>
      </div>
    </section>
  );
}

/** Escape in a form is its Cancel. */
export function onEscape(act: () => void) {
  return (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    event.preventDefault();
    act();
  };
}
