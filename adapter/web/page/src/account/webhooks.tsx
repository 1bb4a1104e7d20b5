// Account → Webhooks: which programs are told of calls and monitors, what they got, and trying them.

import { useCallback, useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import type { NewWebhook, Webhook } from "../schema";
import { Confirm } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { when } from "../ui/when";
import { useLeaving } from "../ui/unsaved";
import { say, words } from "../words";
import { Deliveries } from "./deliveries";
import { Chip, go, Once, PageHead, type PageProps } from "./parts";
import { Cell, Head, Row, Table } from "./table";
import { WebhookEditor } from "./webhook";

const LIST = "webhooks";

export function Webhooks(props: PageProps) {
  const { rest, tell, fail } = props;
  const [id, below] = rest;
  const [hooks, setHooks] = useState<Webhook[] | null>(null);
  const [secret, setSecret] = useState("");
  const [asked, setAsked] = useState<Webhook | null>(null);
  const leaving = useLeaving(secret !== "", words.secretUnsaved, words.secretUnsavedMeans);
  const load = useCallback(() => attempt(async () => setHooks((await ask("GET", "/webhooks")).webhooks), fail), [fail]);
  useEffect(() => {
    if (id) setSecret(""); // it was shown
    else void load();
  }, [load, id]);

  const ping = async ({ id }: Webhook) => {
    tell("");
    await attempt(async () => {
      const { delivered, status, milliseconds, answer } = await ask("POST", "/webhooks/{id}/ping", { at: { id } });
      const gaps = { status: String(status ?? "-"), ms: String(milliseconds), answer };
      if (delivered) tell(say(words.pingWorked, gaps));
      else fail(say(words.pingFailed, gaps));
    }, fail);
    await load();
  };
  const remove = async ({ id, url }: Webhook) => {
    if (await attempt(() => ask("DELETE", "/webhooks/{id}", { at: { id } }), fail)) tell(say(words.removed, { name: url }));
    await load();
  };
  const saved = (hook: Webhook | NewWebhook) => {
    setSecret("secret" in hook ? hook.secret : "");
    tell(say("secret" in hook ? words.created : words.saved, { name: hook.url }), LIST);
    go(LIST, { replace: true });
  };
  if (id && below === "deliveries") return <Deliveries key={id} id={id} fail={fail} tell={tell} />;
  if (id) return <WebhookEditor key={id} id={id === "new" ? null : id} done={saved} tell={tell} />;
  return (
    <section>
      <PageHead title={words.webhooks} about={words.webhooksAre}>
        <button type="button" class="main" onClick={() => go("webhooks/new")}>
          <Icon of="add" /> {words.addWebhook}
        </button>
      </PageHead>
      {secret && <Once label={words.itsSecret} secret={secret} done={() => setSecret("")} />}
      {hooks !== null && hooks.length > 0 && (
        <Table label={words.webhooks} kind="hooks" head={[words.url, words.events, words.state, words.actions]}>
          {hooks.map((hook) => (
            <Hook hook={hook} key={hook.id} ping={() => void ping(hook)} remove={() => setAsked(hook)} />
          ))}
        </Table>
      )}
      {hooks === null && <p class="empty">{words.loading}</p>}
      {hooks?.length === 0 && <p class="empty">{words.noWebhooks}</p>}
      {asked && (
        <Confirm
          title={words.askRemove} text={say(words.removeMeans, { name: asked.url })} yes={words.yesRemove} no={words.cancel}
          act={() => void remove(asked)} close={() => setAsked(null)}
        />
      )}
      {leaving.question}
    </section>
  );
}

function Hook({ hook, ping, remove }: { hook: Webhook; ping: () => void; remove: () => void }) {
  return (
    <Row {...(!hook.enabled && { kind: "off" })}>
      <Head>
        <a class="url" href={`#/account/webhooks/${hook.id}`}>
          {hook.url}
        </a>
      </Head>
      <Cell kind="chips">
        {hook.events.map((name) => (
          <Chip key={name}>{name}</Chip>
        ))}
      </Cell>
      <Cell>
        <State hook={hook} />
      </Cell>
      <Cell kind="acts">
        <button type="button" class="plain" onClick={ping}>
          <Icon of="send" /> {words.tryIt}
        </button>
        <button type="button" class="plain" onClick={() => go(`webhooks/${hook.id}/deliveries`)}>
          <Icon of="deliveries" /> {words.deliveries}
        </button>
        <button type="button" class="plain" onClick={() => go(`webhooks/${hook.id}`)}>
          <Icon of="edit" /> {words.edit}
        </button>
        <button type="button" class="plain" onClick={remove}>
          <Icon of="remove" /> {words.remove}
        </button>
      </Cell>
    </Row>
  );
}

function State({ hook }: { hook: Webhook }) {
  if (!hook.enabled) {
    return (
      <>
        <Chip icon="deactivate">{words.disabled}</Chip> <small>{hook.disabled_reason}</small>
      </>
    );
  }
  if (!hook.failing_since) return <Chip icon="done" kind="good">{words.enabled}</Chip>;
  return <Chip icon="warning" kind="warning toned">{say(words.failingSince, { time: when(hook.failing_since) })}</Chip>;
}
