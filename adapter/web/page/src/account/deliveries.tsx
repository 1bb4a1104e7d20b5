// What was sent to one webhook, what it answered, and sending it again.

import { useCallback, useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { Table, when } from "../ui/pieces";
import { attempt } from "../api/problems";
import type { Delivery, Webhook } from "../schema";
import { say, words } from "../words";

export function Deliveries({ hook, close }: { hook: Webhook; close: () => void }) {
  const [found, setFound] = useState<Delivery[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  const [said, setSaid] = useState("");

  const { id } = hook;
  const load = useCallback(
    (after: string | null) =>
      attempt(async () => {
        const query = new URLSearchParams({ ...(failed && { failed: "true" }), ...(after && { cursor: after }) });
        const page = await ask("GET", "/webhooks/{id}/deliveries", { at: { id }, query });
        setFound((before) => (after ? [...before, ...page.deliveries] : page.deliveries));
        setCursor(page.next_cursor);
      }, setSaid),
    [id, failed],
  );
  useEffect(() => void load(null), [load]);

  const again = async (delivery: Delivery) => {
    const at = { id, delivery_id: delivery.id };
    if (!(await attempt(() => ask("POST", "/webhooks/{id}/deliveries/{delivery_id}/retry", { at }), setSaid))) return;
    setSaid(say(words.sentAgain, { name: delivery.type }));
    setTimeout(() => void load(null), 500);
  };
  return (
    <section aria-labelledby="deliveries">
      <h2 id="deliveries">{words.deliveries}</h2>
      <p class="url">{hook.url}</p>
      <div class="row">
        <button type="button" onClick={close}>
          {words.back}
        </button>
        <button type="button" onClick={() => void load(null)}>
          {words.lookAgain}
        </button>
        <label class="check">
          <input type="checkbox" checked={failed} onChange={() => setFailed(!failed)} /> {words.onlyFailed}
        </label>
      </div>
      <p role="status">{said}</p>
      <Table label={words.deliveries} head={[words.time, words.event, words.state, words.answer, words.actions]}>
        {found.map((delivery) => (
          <tr key={delivery.id}>
            <td>
              <time dateTime={delivery.happened_at}>{when(delivery.happened_at)}</time>
            </td>
            <td>{delivery.type}</td>
            <td class={delivery.state}>
              {words[`delivery_${delivery.state}`]}
              <small>
                {" "}
                {say(words.attempts, { count: String(delivery.attempts) })} {when(delivery.next_attempt_at)}
              </small>
            </td>
            <td class="answer">
              {delivery.status} {delivery.answer}
            </td>
            <td>
              <button type="button" class="plain" onClick={() => void again(delivery)}>
                {words.sendAgain}
              </button>
            </td>
          </tr>
        ))}
      </Table>
      {found.length === 0 && <p class="empty">{words.nothingFound}</p>}
      {cursor && (
        <button type="button" onClick={() => void load(cursor)}>
          {words.more}
        </button>
      )}
    </section>
  );
}
