// The agent's answer to a note: what was answered, and for the agent the way to do it.

import { useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import type { NoteAnswer, User } from "../schema";
import { when } from "../ui/when";
import { say, words } from "../words";

interface Props {
  me: User;
  note: NoteAnswer;
  changed: () => void;
  fail: (problem: string) => void;
}

export function Reply({ me, note, changed, fail }: Props) {
  const [text, setText] = useState<string | null>(null);
  const { agent, reply } = note;
  const mine = agent.user_id === me.id;
  const send = async () => {
    if (!text?.trim()) return;
    fail("");
    const worked = await attempt(() => ask("PUT", "/notes/{id}/reply", { at: { id: note.id }, body: { text: text.trim() } }), fail);
    if (worked) setText(null);
    changed();
  };
  return (
    <>
      {reply && text === null && (
        <p class="reply">
          <b>{say(words.replied, { name: agent.name })}</b> <span class="soft">{when(reply.at)}</span>
          <br />
          {reply.text}
        </p>
      )}
      {mine && text === null && (
        <button type="button" class="plain" onClick={() => setText(reply?.text ?? "")}>
          {reply ? words.changeReply : words.replyTo}
        </button>
      )}
      {text !== null && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          <textarea rows={2} value={text} maxLength={4000} aria-label={words.yourReply} onInput={(event) => setText(event.currentTarget.value)} />
          <div class="row">
            <button type="submit" aria-disabled={!text.trim()}>
              {words.sendReply}
            </button>
            <button type="button" class="plain" onClick={() => setText(null)}>
              {words.cancel}
            </button>
          </div>
        </form>
      )}
    </>
  );
}
