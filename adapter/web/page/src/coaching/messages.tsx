// Text between a supervisor and the agent whom they talk to: what was written, and a field for the next message.

import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ask, Refused } from "../api/ask";
import { told } from "../api/problems";
import { hindrance, LONGEST, messagesOf, nextTry, together, type Hindrance, type Try } from "../core/messages";
import { isUp, type Picture } from "../core/picture";
import type { Call, MessageAnswer, Monitor, User } from "../schema";
import { timeOf } from "../ui/when";
import { count, say, words } from "../words";

interface Props {
  me: User;
  /** With whom. */
  name: string;
  /** What an unsent text is kept under, while the page is open. */
  about: string;
  messages: readonly MessageAnswer[];
  /** For how many days they are kept; 0: not at all. */
  keepDays: number;
  /** Why nothing can be sent now. */
  not: Hindrance | null;
  send: (text: string, key: string) => Promise<unknown>;
}

const unsent = new Map<string, string>();
const WHY: Record<Hindrance, () => string> = {
  unknown: () => words.messageUnknown,
  paused: () => words.notWhilePaused,
  silent: () => words.messageSilent,
};

function Conversation({ me, name, about, messages, keepDays, not, send }: Props) {
  const place = `${me.id} ${about}`;
  const [text, setText] = useState(unsent.get(place) ?? "");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const sending = useRef(false);
  const last = useRef<Try | null>(null);
  const log = useRef<HTMLDivElement>(null);
  const why = useId();
  useLayoutEffect(() => {
    log.current?.scrollTo(0, log.current.scrollHeight);
  }, [messages.length]);
  const write = (now: string) => {
    setText(now);
    if (now) unsent.set(place, now);
    else unsent.delete(place);
  };
  const submit = async () => {
    const wanted = text.trim();
    if (!wanted || not || sending.current) return;
    sending.current = true;
    setBusy(true);
    setProblem("");
    const one = (last.current = nextTry(last.current, wanted, freshKey));
    try {
      await send(one.text, one.key);
      last.current = null;
      if (unsent.get(place) === text) write("");
    } catch (problem) {
      setProblem(isUnsure(problem) ? words.messageUnsure : told(problem));
    }
    sending.current = false;
    setBusy(false);
  };
  return (
    <>
      {messages.length > 0 && (
        <div role="log" aria-live="polite" aria-label={say(words.messagesWith, { name })} class="log" tabIndex={0} ref={log}>
          <Written me={me} messages={messages} />
        </div>
      )}
      <form
        onSubmit={(event) => (event.preventDefault(), void submit())}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target instanceof HTMLTextAreaElement) {
            event.preventDefault();
            void submit();
          } else if (event.key === "Escape") {
            const panel = event.currentTarget.closest<HTMLElement>(".panel");
            if (panel) event.stopPropagation();
            panel?.focus({ preventScroll: true }); // the keys of the call work again
          }
        }}
      >
        <textarea
          rows={2} value={text} maxLength={LONGEST} readOnly={not !== null} aria-disabled={not !== null} aria-describedby={why}
          aria-label={say(words.messageTo, { name })} placeholder={not ? "" : words.messageHint}
          onInput={(event) => write(event.currentTarget.value)}
        />
        <div class="row">
          <p id={why} class="soft grow">
            {say(not ? WHY[not]() : whoReads(keepDays), { name })}
          </p>
          <button type="submit" aria-busy={busy} aria-disabled={busy || not !== null || !text.trim()}>
            {words.sendMessage}
          </button>
        </div>
      </form>
      {problem && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
    </>
  );
}

/** What was written, by whom and when. */
export function Written({ me, messages }: { me: User; messages: readonly MessageAnswer[] }) {
  return messages.map(({ id, at, author, text }) => (
    <p key={id} class={author.user_id === me.id ? "mine" : undefined}>
      <small>
        {author.user_id === me.id ? words.messageYou : author.name} <time dateTime={at}>{timeOf(at)}</time>
      </small>
      <span class="note-text">{text}</span>
    </p>
  ));
}

/** In the panel of the call that I listen to. Where nobody has an account at the other end, nobody could read it. */
export function MessagesToAgent({ me, call, mine, messages, keepDays, known, paused }: {
  me: User;
  call: Call;
  mine: Monitor;
  messages: Picture["messages"];
  keepDays: number;
  known: boolean;
  paused: boolean;
}) {
  const all = useAll(mine.id, messages, known);
  if (!call.agent.user_id || mine.state !== "live") return null;
  return (
    <section class="card messages" aria-label={words.messages}>
      <h2 class="card-title">{words.messages}</h2>
      <Conversation
        key={mine.id} me={me} name={call.agent.name} about={mine.id} messages={all} keepDays={keepDays}
        not={hindrance(mine, known, paused)}
        send={(text, key) => ask("POST", "/monitors/{id}/messages", { at: { id: mine.id }, body: { text }, key })}
      />
    </section>
  );
}

/** All of my monitor's: the server tells of those of the present talk; those before are asked for, and kept here. */
function useAll(id: string, now: Picture["messages"], known: boolean): readonly MessageAnswer[] {
  const kept = useRef<{ of: string; messages: readonly MessageAnswer[] }>({ of: id, messages: [] });
  const [, setAsked] = useState(0);
  const before = kept.current.of === id ? kept.current.messages : [];
  kept.current = { of: id, messages: together(before, messagesOf(now, id)) };
  useEffect(() => {
    if (!known) return;
    let wanted = true;
    ask("GET", "/monitors/{id}/messages", { at: { id } })
      .then(({ messages }) => {
        if (!wanted) return;
        kept.current = { of: id, messages: together(kept.current.messages, messages) };
        setAsked((count) => count + 1);
      })
      .catch(() => undefined); // it has ended, or the server is away: both are said elsewhere
    return () => {
      wanted = false;
    };
  }, [id, known]);
  return kept.current.messages;
}

/** Below the alert that says who talks to me; gone with it. */
export function MessagesToMe({ me, picture }: { me: User; picture: Picture }) {
  return (
    <>
      {[...picture.coaches.values()].map(({ monitor_id, call_id, supervisor: { name } }) => {
        const known = picture.connected && isUp(picture, picture.calls.get(call_id)?.pbx);
        return (
          <section key={monitor_id} class="messages toned-edge" aria-label={say(words.messagesWith, { name })}>
            <Conversation
              me={me} name={name} about={`${call_id} ${name}`} messages={messagesOf(picture.messages, monitor_id)}
              keepDays={picture.keepDays} not={known ? null : "unknown"}
              send={(text, key) => ask("POST", "/calls/{id}/messages", { at: { id: call_id }, body: { text, monitor_id }, key })}
            />
          </section>
        );
      })}
    </>
  );
}

/** Who reads what is written, and for how long it is there: said before the first word. */
function whoReads(keepDays: number): string {
  return keepDays > 0 ? count(keepDays, words.messageKeptDay, words.messageKept) : words.messagePrivate;
}

/** Whether it may have been sent all the same. */
function isUnsure(problem: unknown): boolean {
  return problem instanceof Refused && (problem.code === "unreachable" || problem.code === "pbx_timeout");
}

/** Unlike `randomUUID`, this is there without TLS too. */
function freshKey(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((number) => number.toString(16)).join("-");
}
