// What was sent to one webhook, what it answered, and sending it again.

import { useCallback, useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import type { Delivery } from "../schema";
import { Icon, type IconName } from "../ui/icons";
import { when } from "../ui/when";
import { say, words } from "../words";
import { Chip, PageHead } from "./parts";
import { Cell, Row, Table } from "./table";

const ICONS = { waiting: "pending", due: "pending", delivered: "done", failed: "warning" } satisfies Record<Delivery["state"], IconName>;
const KINDS = { waiting: "", due: "", delivered: "good", failed: "warning toned" } satisfies Record<Delivery["state"], string>;

export function Deliveries({ id, tell, fail }: { id: string; tell: (text: string) => void; fail: (text: string) => void }) {
  const [url, setUrl] = useState("");
  const [found, setFound] = useState<Delivery[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);

  useEffect(() => void attempt(async () => setUrl((await ask("GET", "/webhooks/{id}", { at: { id } })).url), fail), [id, fail]);
  const load = useCallback(
    (after: string | null) =>
      attempt(async () => {
        const query = new URLSearchParams({ ...(failed && { failed: "true" }), ...(after && { cursor: after }) });
        const page = await ask("GET", "/webhooks/{id}/deliveries", { at: { id }, query });
        setFound((before) => (after ? [...(before ?? []), ...page.deliveries] : page.deliveries));
        setCursor(page.next_cursor);
      }, fail),
    [id, failed, fail],
  );
  useEffect(() => void load(null), [load]);

  const again = async (delivery: Delivery) => {
    tell("");
    const at = { id, delivery_id: delivery.id };
    if (!(await attempt(() => ask("POST", "/webhooks/{id}/deliveries/{delivery_id}/retry", { at }), fail))) return;
    tell(say(words.sentAgain, { name: delivery.type }));
    setTimeout(() => void load(null), 500);
  };
  return (
    <section>
      <PageHead title={words.deliveries} back="webhooks" about={<span class="url">{url}</span>}>
        <label class="check">
          <input type="checkbox" checked={failed} onChange={() => setFailed(!failed)} /> {words.onlyFailed}
        </label>
        <button type="button" onClick={() => void load(null)}>
          <Icon of="again" /> {words.refresh}
        </button>
      </PageHead>
      {found !== null && found.length > 0 && (
        <Table label={words.deliveries} kind="deliveries" head={[words.time, words.event, words.state, words.answer, words.actions]}>
          {found.map((delivery) => (
            <One delivery={delivery} key={delivery.id} again={() => void again(delivery)} />
          ))}
        </Table>
      )}
      {found === null && <p class="empty">{words.loading}</p>}
      {found?.length === 0 && <p class="empty">{words.nothingFound}</p>}
      {cursor && (
        <button type="button" class="more" onClick={() => void load(cursor)}>
          <Icon of="more" /> {words.more}
        </button>
      )}
    </section>
  );
}

function One({ delivery, again }: { delivery: Delivery; again: () => void }) {
  const { state, attempts, next_attempt_at, status, answer } = delivery;
  const next = next_attempt_at ? ` · ${say(words.nextTry, { time: when(next_attempt_at) })}` : "";
  return (
    <Row>
      <Cell kind="figures">
        <time dateTime={delivery.happened_at}>{when(delivery.happened_at)}</time>
      </Cell>
      <Cell kind="name">{delivery.type}</Cell>
      <Cell>
        <Chip icon={ICONS[state]} kind={KINDS[state]}>
          {words[`delivery_${state}`]}
        </Chip>
        <small>
          {say(words.attempts, { count: String(attempts) })}
          {next}
        </small>
      </Cell>
      <Cell kind="answer">
        {status !== null && <b class="figures">{status}</b>} <span>{answer}</span>
      </Cell>
      <Cell kind="acts">
        <button type="button" class="plain" onClick={again}>
          <Icon of="send" /> {words.sendAgain}
        </button>
      </Cell>
    </Row>
  );
}
