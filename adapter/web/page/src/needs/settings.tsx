// My own limits, and whether a tone or a notification tells of calls that need me: kept in this browser.

import { useState } from "preact/hooks";
import { CALL_LIMITS, isLimit, LIMITS, MOST, QUEUE_LIMITS, type Limits, type SomeLimits } from "../core/limits";
import { Dialog } from "../ui/dialog";
import { words } from "../words";
import { chime, mayNotify, type Wishes } from "./alerts";

interface Props {
  own: SomeLimits;
  setOwn: (own: SomeLimits) => void;
  wishes: Wishes;
  setWishes: (wishes: Wishes) => void;
  close: () => void;
}

export function NeedsSettings({ own, setOwn, wishes, setWishes, close }: Props) {
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
        <Group title={words.limitsCalls} names={CALL_LIMITS} own={own} setOwn={setOwn} />
        <Group title={words.limitsQueues} names={QUEUE_LIMITS} own={own} setOwn={setOwn} />
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
        <button type="button" onClick={() => setOwn({})}>
          {words.noOwnLimits}
        </button>
        <button type="button" class="main" onClick={close}>
          {words.haveIt}
        </button>
      </div>
    </Dialog>
  );
}

function Group({ title, names, own, setOwn }: { title: string; names: readonly (keyof Limits)[] } & Pick<Props, "own" | "setOwn">) {
  const changed = (name: keyof Limits, text: string) => {
    const value = Number(text);
    if (text.trim() !== "" && isLimit(name, value)) return setOwn({ ...own, [name]: value });
    if (text.trim() === "") setOwn(Object.fromEntries(Object.entries(own).filter(([one]) => one !== name)));
  };
  return (
    <fieldset class="plain">
      <legend>{title}</legend>
      {names.map((name) => (
        <label key={name}>
          <span>{words[`limit_${name}`]}</span>
          <input
            type="number" min={0} max={MOST[name]} value={own[name] ?? ""} placeholder={String(LIMITS[name])}
            onChange={(event) => changed(name, event.currentTarget.value)}
          />
        </label>
      ))}
    </fieldset>
  );
}
