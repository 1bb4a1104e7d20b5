// A link from another program opened this page: its call is opened, and nothing else. It never begins to listen.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { told } from "../api/problems";
import { meantBy, queryOf } from "../core/popped";
import { Icon } from "../ui/icons";
import { say, words } from "../words";

/** What came of a link that did not lead to one call. `calls`: those that match, where they are several. */
export interface Popped {
  text: string;
  calls: ReadonlySet<string> | null;
}

/** Follows such links, also one that stood in the address before anybody signed in. `open` opens a call's panel. */
export function usePopped(open: (call: string | null) => void): [Popped | null, () => void] {
  const [popped, setPopped] = useState<Popped | null>(null);
  useEffect(() => {
    let latest = 0;
    const look = async () => {
      const meant = meantBy(location.hash);
      if (meant === undefined) return;
      const mine = ++latest;
      const found = meant ? await find(meant) : { text: words.poppedWrong, calls: null };
      if (mine !== latest) return;
      open(typeof found === "string" ? found : null);
      setPopped(typeof found === "string" ? null : found);
    };
    const moved = () => void look();
    addEventListener("hashchange", moved);
    moved();
    return () => removeEventListener("hashchange", moved);
  }, []); // eslint-disable-line react-hooks/exhaustive-deps -- `open` always does the same
  return [popped, () => setPopped(null)];
}

/** The one call's id, or what there is instead. */
async function find(meant: NonNullable<ReturnType<typeof meantBy>>): Promise<string | Popped> {
  const what = meant.value;
  try {
    const { calls } = await ask("GET", "/calls/by", { query: queryOf(meant) });
    const [first] = calls;
    if (first && calls.length === 1) return first.id;
    if (!first) return { text: say(words.poppedNone, { what }), calls: null };
    return { text: say(words.poppedSome, { count: String(calls.length), what }), calls: new Set(calls.map(({ id }) => id)) };
  } catch (problem) {
    return { text: say(words.poppedAway, { why: told(problem) }), calls: null };
  }
}

/** Above the list, until it is dismissed. */
export function PoppedSays({ popped, dismiss }: { popped: Popped; dismiss: () => void }) {
  return (
    <p role="status" class="row popped">
      <Icon of="search" />
      <span class="grow">{popped.text}</span>
      <button type="button" onClick={dismiss}>
        {popped.calls ? words.poppedAll : words.close}
      </button>
    </p>
  );
}
