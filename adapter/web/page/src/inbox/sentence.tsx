// Who hears me, in the panel: one sentence, and one thing to do where something is wrong.

import type { Act, Hears } from "../core/hears";
import { Icon, type IconName } from "../ui/icons";
import { say, words } from "../words";

const ICONS: Record<Hears["tone"], IconName> = { silent: "silent", whisper: "whisper", barge: "barge", unknown: "unknown", warning: "warning" };
const ACTS: Record<Act, string> = { hear: words.clickToHear, microphone: words.tryAgain, silence: words.tryAgain };

/** What stands in the sentences' gaps. */
export interface Names extends Record<string, string> {
  agent: string;
  device: string;
}

export function sentence({ text, more }: Hears, names: Names): [string, string] {
  const second = more ?? (text === "mayNotBeHeard" ? "mayNotBeHeardMore" : null);
  return [say(words[text], names), second ? say(words[second], names) : ""];
}

export function Sentence({ hears, names, act }: { hears: Hears; names: Names; act: (act: Act) => void }) {
  const [text, more] = sentence(hears, names);
  return (
    <div class={`sentence toned ${hears.tone}`}>
      <Icon of={ICONS[hears.tone]} />
      <p role="status">
        <b>{text}</b> {more}
      </p>
      {hears.act && (
        <button type="button" onClick={() => act(hears.act!)}>
          {ACTS[hears.act]}
        </button>
      )}
    </div>
  );
}
