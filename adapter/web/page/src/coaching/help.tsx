// Help: an agent in a call asks for it; supervisors see who waits, since when, and come with one click.

import { useRef, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { myCall, myRequest, waiting } from "../core/help";
import type { Picture } from "../core/picture";
import { pausedUntil } from "../core/shield";
import type { MyMonitoring } from "../inbox/monitoring";
import { mayAskToNotify, mayNotify, type Wishes } from "../needs/alerts";
import type { HelpAnswer, User } from "../schema";
import { useMeant } from "../ui/anchored";
import { useClocks } from "../ui/clocks";
import { Icon } from "../ui/icons";
import { useKept } from "../ui/kept";
import { say, words } from "../words";

interface AskProps {
  me: User;
  picture: Picture;
}

/** For whoever is in a call of their own. */
export function AskForHelp({ me, picture }: AskProps) {
  const [note, setNote] = useState("");
  const [problem, setProblem] = useState("");
  const box = useRef<HTMLElement>(null);
  const sending = useRef(false);
  const call = myCall(me, picture);
  const request = myRequest(me, picture);
  useClocks(box, request);
  if (!call && !request) return null;
  const send = async (work: () => Promise<unknown>) => {
    if (sending.current) return;
    sending.current = true;
    setProblem("");
    if (await attempt(work, setProblem)) setNote("");
    sending.current = false;
  };
  const submit = () => send(() => ask("POST", "/help", { body: note.trim() ? { note: note.trim() } : {} }));
  const exempt = call?.monitorable === false;
  return (
    <section class="help mine" aria-label={words.help} ref={box}>
      {request ? (
        <div class="row" role="status">
          <Icon of="help" />
          <p class="grow">
            {request.taken_by ? say(words.helpComes, { name: request.taken_by.name }) : words.helpAsked}{" "}
            <time data-since={request.created_at} />
          </p>
          {request.taken_by && (
            <button type="button" onClick={() => void submit()}>
              {words.askAgain}
            </button>
          )}
          <button type="button" class="plain" onClick={() => void send(() => ask("DELETE", "/help/{id}", { at: { id: request.id } }))}>
            {words.helpNoMore}
          </button>
        </div>
      ) : (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            if (!exempt) void submit();
          }}
        >
          <input
            type="text" class="grow" value={note} maxLength={200} aria-label={words.helpNote} placeholder={words.helpNote} autocomplete="off"
            onInput={(event) => setNote(event.currentTarget.value)}
          />
          <button type="submit" aria-disabled={exempt} title={exempt ? words.notMonitorable : undefined}>
            <Icon of="help" /> {words.askForHelp}
          </button>
        </form>
      )}
      {problem && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
    </section>
  );
}

interface RequestsProps {
  me: User;
  picture: Picture;
  monitoring: MyMonitoring;
  choose: (call: string) => void;
  wishes: Wishes;
  setWishes: (wishes: Wishes) => void;
}

/** For supervisors: who waits, the longest first. */
export function HelpRequests({ me, picture, monitoring, choose, wishes, setWishes }: RequestsProps) {
  const [problem, setProblem] = useState("");
  const [offers, setOffers] = useKept("help-notifications", (kept) => kept !== false);
  const box = useRef<HTMLElement>(null);
  const requests = me.can_monitor ? waiting(me, picture) : [];
  const shown = requests.map((one) => one.id + one.state).join();
  useClocks(box, shown);
  const meant = useMeant(shown);
  if (requests.length === 0) return null;
  const { mine, follow, names, busy } = monitoring;
  const { taken } = monitoring.phone;
  const free = !busy && taken === null && picture.connected;
  const paused = (request: HelpAnswer) => pausedUntil(picture.calls.get(request.call_id)) !== null;
  /** The phone that follows somebody is at another PBX: it can't come. */
  const elsewhere = (request: HelpAnswer) => follow !== undefined && follow.pbx !== request.pbx;
  const can = (request: HelpAnswer) => free && !paused(request) && !elsewhere(request);
  const take = async (request: HelpAnswer) => {
    if (!can(request)) return;
    setProblem("");
    if (await monitoring.take(request, setProblem)) choose(request.call_id);
  };
  const why = taken
    ? say(words.hangUpFirst, { number: taken.number || words.anonymous })
    : mine && !mine.follow_id
      ? say(words.helpEndsMine, names)
      : follow && say(words.helpPausesFollow, { agent: follow.agent.name });
  const told = (request: HelpAnswer) => (paused(request) ? words.notWhilePaused : elsewhere(request) ? words.followStopFirst : why || undefined);
  const notify = async () => {
    setWishes({ ...wishes, notify: await mayNotify() });
    setOffers(false);
  };
  return (
    <section class="help" aria-label={words.helpRequests} ref={box}>
      <h2>
        <Icon of="help" /> {words.helpRequests}
      </h2>
      <ul>
        {requests.map((request) => (
          <li key={request.id} class="row">
            <p class="grow" id={`help-${request.id}`}>
              <button type="button" class="plain name" title={words.openCall} onClick={(press) => meant(press) && choose(request.call_id)}>
                {request.agent.name}
              </button>{" "}
              {request.note && <span>{request.note}</span>}
            </p>
            <time data-since={request.created_at} />
            {request.taken_by ? (
              <span class="chip">
                <span>{say(words.helpTakenBy, { name: request.taken_by.name })}</span>
              </span>
            ) : (
              <button
                type="button" class="main" aria-disabled={!can(request)} aria-describedby={`help-${request.id}`}
                title={told(request)}
                onClick={(press) => meant(press) && void take(request)}
              >
                {words.take}
              </button>
            )}
          </li>
        ))}
      </ul>
      {taken && <p class="soft">{why}</p>}
      {problem && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
      {offers && mayAskToNotify() && (
        <p class="row soft offer">
          <span class="grow">{words.helpNotifyAsk}</span>
          <button type="button" onClick={() => void notify()}>
            {words.helpNotifyYes}
          </button>
          <button type="button" class="plain" onClick={() => setOffers(false)}>
            {words.helpNotifyNo}
          </button>
        </p>
      )}
    </section>
  );
}
