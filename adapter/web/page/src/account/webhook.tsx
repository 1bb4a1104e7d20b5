// One webhook at its address: its URL, its events, whether it is on.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { eventTypeValues as EVENTS, type EventType, type NewWebhook, type Webhook } from "../schema";
import { TextField, Wrong } from "../ui/field";
import { useSending } from "../ui/form";
import { useLeaving } from "../ui/unsaved";
import { words } from "../words";
import { FormEnd, go, onEscape, PageHead } from "./parts";

const LIST = "webhooks";
const NAMES = ["url", "events", "enabled"];

interface Draft {
  url: string;
  events: EventType[];
  enabled: boolean;
}

interface Props {
  id: string | null;
  done: (hook: Webhook | NewWebhook) => void;
  tell: (text: string, at?: string) => void;
}

export function WebhookEditor({ id, done, tell }: Props) {
  const [hook, setHook] = useState<Draft>({ url: "", events: [...EVENTS], enabled: true });
  const [draft, setDraft] = useState(hook);
  const [ready, setReady] = useState(id === null);
  const [missing, setMissing] = useState("");
  useEffect(() => {
    if (id === null) return;
    void attempt(async () => {
      const { url, events, enabled } = await ask("GET", "/webhooks/{id}", { at: { id } });
      setHook({ url, events, enabled });
      setDraft({ url, events, enabled });
      setReady(true);
    }, setMissing);
  }, [id]);

  const change: Partial<Draft> = {};
  if (draft.url.trim() !== hook.url) change.url = draft.url.trim();
  if (draft.events.join() !== hook.events.join()) change.events = draft.events;
  if (draft.enabled !== hook.enabled) change.enabled = draft.enabled;
  const changed = Object.keys(change).length > 0;
  const sending = useSending(NAMES);
  const leaving = useLeaving(changed, words.unsaved, words.unsavedMeans);
  const cancel = () => go(LIST);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (id !== null && !changed) {
      tell(words.nothingChanged, LIST);
      return go(LIST, { replace: true });
    }
    const save = async () => {
      const saved = id
        ? await ask("PATCH", "/webhooks/{id}", { at: { id }, body: change })
        : await ask("POST", "/webhooks", { body: { ...draft, url: draft.url.trim() } });
      leaving.release();
      done(saved);
    };
    await sending.send(save, { url: !draft.url.trim(), events: draft.events.length === 0 && words.chooseOne });
  };
  const title = id === null ? words.addWebhook : words.editWebhook;
  return (
    <section class="narrow">
      <PageHead title={title} back={LIST} />
      {!ready && <p class="empty">{missing ? words.noSuchWebhook : words.loading}</p>}
      {ready && (
        <form noValidate ref={sending.form} aria-label={title} onSubmit={(event) => void submit(event)} onKeyDown={onEscape(cancel)}>
          <div class="card">
            <TextField
              name="url" label={words.url} type="url" placeholder="https://crm.example/hooks/calls" required first={id === null}
              value={draft.url} change={(url) => setDraft({ ...draft, url })} error={sending.errors["url"]}
            />
            <Events chosen={draft.events} error={sending.errors["events"]} change={(events) => setDraft({ ...draft, events })} />
            <label class="check">
              <input
                type="checkbox" checked={draft.enabled}
                onChange={(event) => setDraft({ ...draft, enabled: event.currentTarget.checked })}
              />{" "}
              {words.enabled}
            </label>
          </div>
          <FormEnd sending={sending} save={words.save} cancel={cancel} />
        </form>
      )}
      {leaving.question}
    </section>
  );
}

interface EventsProps {
  chosen: readonly EventType[];
  error: string | undefined;
  change: (events: EventType[]) => void;
}

function Events({ chosen, error, change }: EventsProps) {
  const toggle = (name: EventType, on: boolean) => change(EVENTS.filter((each) => (each === name ? on : chosen.includes(each))));
  return (
    <fieldset class="plain" aria-describedby={error ? "events-error" : undefined}>
      <legend>{words.events}</legend>
      <div class="choices">
        {EVENTS.map((name, place) => (
          <label class="check" key={name}>
            <input
              type="checkbox" checked={chosen.includes(name)} aria-invalid={error && place === 0 ? "true" : undefined}
              aria-describedby={error ? "events-error" : undefined} onChange={(event) => toggle(name, event.currentTarget.checked)}
            />{" "}
            {name}
          </label>
        ))}
      </div>
      <Wrong id="events-error" text={error} />
    </fieldset>
  );
}
