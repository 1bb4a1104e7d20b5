// The limits, and whether a tone or a notification tells of calls that need me: kept in this browser.

import { useState } from "preact/hooks";
import { CALL_LIMITS, LIMITS, MOST, QUEUE_LIMITS, type Limits } from "../core/limits";
import { Dialog } from "../ui/dialog";
import { words } from "../words";
import { chime, mayNotify, type Wishes } from "./alerts";

interface Props {
  limits: Limits;
  setLimits: (limits: Limits) => void;
  wishes: Wishes;
  setWishes: (wishes: Wishes) => void;
  close: () => void;
}

export function NeedsSettings({ limits, setLimits, wishes, setWishes, close }: Props) {
  const [problem, setProblem] = useState("");
  const notify = async (on: boolean) => {
    const may = !on || (await mayNotify());
    setProblem(may ? "" : words.notifyRefused);
    setWishes({ ...wishes, notify: on && may });
  };
  const sound = (on: boolean) => {
    setWishes({ ...wishes, sound: on });
    if (on) chime(); // what it sounds like; and the browser has seen the click that it wants
  };
  return (
    <Dialog title={words.limits} close={close} kind="sheet limits">
      <p class="soft">{words.limitsAre}</p>
      <div class="columns">
        <Group title={words.limitsCalls} names={CALL_LIMITS} limits={limits} setLimits={setLimits} />
        <Group title={words.limitsQueues} names={QUEUE_LIMITS} limits={limits} setLimits={setLimits} />
      </div>
      <fieldset class="plain">
        <legend>{words.whenOneNeedsMe}</legend>
        <label class="check">
          <input type="checkbox" checked={wishes.sound} onChange={(event) => sound(event.currentTarget.checked)} /> {words.alertSound}
        </label>
        <label class="check">
          <input type="checkbox" checked={wishes.notify} onChange={(event) => void notify(event.currentTarget.checked)} /> {words.alertNotify}
        </label>
        <p class="soft">{words.alertHelp}</p>
        <p role="alert" class="problem">
          {problem}
        </p>
      </fieldset>
      <div class="row">
        <button type="button" onClick={() => setLimits(LIMITS)}>
          {words.usualLimits}
        </button>
        <button type="button" class="main" onClick={close}>
          {words.haveIt}
        </button>
      </div>
    </Dialog>
  );
}

function Group({ title, names, limits, setLimits }: { title: string; names: readonly (keyof Limits)[] } & Pick<Props, "limits" | "setLimits">) {
  const changed = (name: keyof Limits, text: string) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= 0 && value <= MOST[name]) setLimits({ ...limits, [name]: value });
  };
  return (
    <fieldset class="plain">
      <legend>{title}</legend>
      {names.map((name) => (
        <label key={name}>
          <span>{words[`limit_${name}`]}</span>
          <input type="number" min={0} max={MOST[name]} value={limits[name]} onChange={(event) => changed(name, event.currentTarget.value)} />
        </label>
      ))}
    </fieldset>
  );
}
