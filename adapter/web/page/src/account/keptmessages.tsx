// Account → Audit: what supervisor and agent wrote to each other during a monitor, where the configuration has it kept.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { Written } from "../coaching/messages";
import type { MessageAnswer, User } from "../schema";
import { Dialog } from "../ui/dialog";
import { words } from "../words";

interface Props {
  me: User;
  /** Id of the monitor, which has ended. */
  of: string;
  close: () => void;
}

export function KeptMessages({ me, of: id, close }: Props) {
  const [messages, setMessages] = useState<MessageAnswer[] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const load = async () => setMessages((await ask("GET", "/monitors/{id}/messages", { at: { id } })).messages);
    void attempt(load, setProblem);
  }, [id]);
  return (
    <Dialog title={words.messages} close={close} kind="messages">
      {problem ? (
        <p role="alert" class="problem">
          {problem}
        </p>
      ) : messages === null ? (
        <p class="empty">{words.loading}</p>
      ) : messages.length === 0 ? (
        <p class="empty">{words.noMessagesKept}</p>
      ) : (
        <div class="log" tabIndex={0} role="group" aria-label={words.messages}>
          <Written me={me} messages={messages} />
        </div>
      )}
      <div class="row">
        <button type="button" onClick={close}>
          {words.close}
        </button>
      </div>
    </Dialog>
  );
}
