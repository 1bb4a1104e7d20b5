// Stopping all monitoring: one click from anywhere and a confirmation, with a word for the audit.

import { useState } from "preact/hooks";
import { ask } from "./api/ask";
import { attempt } from "./api/problems";
import { Dialog } from "./ui/dialog";
import { Icon } from "./ui/icons";
import { say, words } from "./words";

export function StopAll() {
  const [asks, setAsks] = useState(false);
  return (
    <>
      <button type="button" aria-label={words.stopAll} title={words.stopAll} aria-haspopup="dialog" onClick={() => setAsks(true)}>
        <Icon of="stop" />
        {words.stopAllShort}
      </button>
      {asks && <Ask close={() => setAsks(false)} />}
    </>
  );
}

function Ask({ close }: { close: () => void }) {
  const [problem, setProblem] = useState("");
  const [stopped, setStopped] = useState<number | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const reason = (new FormData(event.target as HTMLFormElement).get("reason") as string).trim();
    setBusy(true);
    const work = async () => setStopped((await ask("POST", "/monitors/stop-all", { body: { reason } })).stopped);
    await attempt(work, setProblem);
    setBusy(false);
  };
  return (
    <Dialog title={words.stopAll} close={close}>
      <form class="stack" onSubmit={(event) => void submit(event)}>
        <p>{words.stopAllText}</p>
        <label class="field">
          {words.stopAllReason}
          <input name="reason" required maxLength={200} autofocus />
        </label>
        <p role="alert" class="problem">
          {problem}
        </p>
        <p role="status">{stopped === null ? "" : say(words.stoppedAll, { count: String(stopped) })}</p>
        <div class="row">
          <button type="submit" class="danger" disabled={busy}>
            {words.yesStopAll}
          </button>
          <button type="button" onClick={close}>
            {stopped === null ? words.cancel : words.close}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
