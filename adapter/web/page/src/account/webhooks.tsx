// Account → Webhooks: which programs are told of calls and monitors, what they got, and trying them.

import { useCallback, useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { Deliveries } from "./deliveries";
import { Field, FormEnd, Once, Sure, Table, when } from "../ui/pieces";
import { attempt } from "../api/problems";
import { eventTypeValues as EVENTS, type NewWebhook, type Webhook } from "../schema";
import { say, words } from "../words";

function stateOf(hook: Webhook): string {
  if (!hook.enabled) return hook.disabled_reason ?? words.disabled;
  return hook.failing_since ? say(words.failingSince, { time: when(hook.failing_since) }) : words.enabled;
}

export function Webhooks({ tell }: { tell: (text: string) => void }) {
  const [hooks, setHooks] = useState<Webhook[]>([]);
  const [edited, setEdited] = useState<Webhook | "new" | null>(null);
  const [opened, setOpened] = useState<Webhook | null>(null);
  const [secret, setSecret] = useState("");
  const load = useCallback(() => attempt(async () => setHooks((await ask("GET", "/webhooks")).webhooks), tell), [tell]);
  useEffect(() => void load(), [load]);

  const ping = async ({ id }: Webhook) => {
    await attempt(async () => {
      const { delivered, status, milliseconds, answer } = await ask("POST", "/webhooks/{id}/ping", { at: { id } });
      const gaps = { status: String(status ?? "-"), ms: String(milliseconds), answer };
      tell(say(delivered ? words.pingWorked : words.pingFailed, gaps));
    }, tell);
    await load();
  };
  const remove = async ({ id, url }: Webhook) => {
    if (await attempt(() => ask("DELETE", "/webhooks/{id}", { at: { id } }), tell)) tell(say(words.removed, { name: url }));
    await load();
  };
  const saved = async (hook: Webhook | NewWebhook) => {
    setSecret("secret" in hook ? hook.secret : "");
    setEdited(null);
    tell(say(words.saved, { name: hook.url }));
    await load();
  };
  if (opened) return <Deliveries hook={opened} close={() => setOpened(null)} />;
  return (
    <section aria-labelledby="webhooks">
      <h2 id="webhooks">{words.webhooks}</h2>
      <p class="soft">{words.webhooksAre}</p>
      {secret && <Once label={words.itsSecret} secret={secret} done={() => setSecret("")} />}
      {edited ? (
        <HookForm hook={edited === "new" ? null : edited} done={saved} cancel={() => setEdited(null)} />
      ) : (
        <>
          <button type="button" onClick={() => setEdited("new")}>
            {words.addWebhook}
          </button>
          <Table label={words.webhooks} head={["URL", words.events, words.state, words.actions]}>
            {hooks.map((hook) => (
              <tr key={hook.id} class={hook.enabled ? "" : "off"}>
                <th scope="row" class="url">
                  {hook.url}
                </th>
                <td>{hook.events.join(", ")}</td>
                <td class={hook.failing_since ? "failed" : ""}>{stateOf(hook)}</td>
                <td>
                  <button type="button" class="plain" onClick={() => void ping(hook)}>
                    {words.tryIt}
                  </button>
                  <button type="button" class="plain" onClick={() => setOpened(hook)}>
                    {words.deliveries}
                  </button>
                  <button type="button" class="plain" onClick={() => setEdited(hook)}>
                    {words.edit}
                  </button>
                  <Sure label={words.remove} sure={words.reallyRemove} act={() => void remove(hook)} />
                </td>
              </tr>
            ))}
          </Table>
          {hooks.length === 0 && <p class="empty">{words.noWebhooks}</p>}
        </>
      )}
    </section>
  );
}

function HookForm(props: { hook: Webhook | null; done: (hook: Webhook | NewWebhook) => Promise<void>; cancel: () => void }) {
  const { hook, done, cancel } = props;
  const [problem, setProblem] = useState("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const body = {
      url: (form.get("url") as string).trim(),
      events: EVENTS.filter((name) => form.get(name) !== null),
      enabled: form.get("enabled") !== null,
    };
    const save = () =>
      hook ? ask("PATCH", "/webhooks/{id}", { at: { id: hook.id }, body }) : ask("POST", "/webhooks", { body });
    await attempt(async () => done(await save()), setProblem);
  };
  return (
    <form class="user" onSubmit={(event) => void submit(event)} aria-label={hook ? words.edit : words.addWebhook}>
      <Field name="url" label="URL" type="url" value={hook?.url} hint="https://crm.example/hooks/calls" required />
      <fieldset>
        <legend>{words.events}</legend>
        {EVENTS.map((name) => (
          <label class="check" key={name}>
            <input type="checkbox" name={name} defaultChecked={hook?.events.includes(name) ?? true} /> {name}
          </label>
        ))}
      </fieldset>
      <label class="check">
        <input type="checkbox" name="enabled" defaultChecked={hook?.enabled ?? true} /> {words.enabled}
      </label>
      <FormEnd problem={problem} save={words.save} cancel={cancel} />
    </form>
  );
}
