// What the keys do, on a sheet of two columns.

import { Dialog } from "../ui/dialog";
import { words } from "../words";

const LIST: [keys: string, what: keyof typeof words][] = [
  ["↑ ↓", "keysMove"], [words.keysOfPage, "keysPage"], [words.keysOfEnds, "keysFar"], ["← →", "keysEnds"], [words.keysOfEnter, "keysOpen"], ["n", "keysNew"], ["/", "keysSearch"],
];
const CALL: [keys: string, what: keyof typeof words][] = [
  ["m", "keysMonitor"], ["t", "keysTalk"], ["j", "keysJoin"], ["s", "keysSilent"], ["n", "keysNote"], ["b", "keysMark"],
  [words.keysOfEscape, "keysLeave"], ["?", "keysHelp"],
];

export function Help({ close }: { close: () => void }) {
  return (
    <Dialog title={words.keyboard} close={close} kind="sheet">
      <div class="columns">
        <Keys title={words.keysInList} keys={LIST} />
        <Keys title={words.keysInCall} keys={CALL} />
      </div>
      <div class="row">
        <button type="button" onClick={close}>
          {words.keysClose}
        </button>
      </div>
    </Dialog>
  );
}

function Keys({ title, keys }: { title: string; keys: typeof LIST }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {keys.map(([names, what]) => (
          <div key={what}>
            <dt>
              {names.split(" ").map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{words[what]}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
