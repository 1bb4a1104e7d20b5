// The inbox: the active calls, found and chosen by hand or keyboard, and the panel of the chosen one.

import type { ComponentChildren } from "preact";
import { flushSync } from "preact/compat";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { neediest } from "../core/needs";
import { awayOf, isUp, NO_PBXS, NOTHING, type Picture } from "../core/picture";
import { counts, passes, rowsOf, sorted, whereOf, type Row } from "../core/rows";
import type { MyTeam } from "../core/teams";
import type { NeedsMe } from "../needs/useneeds";
import type { Call, User } from "../schema";
import { AskForHelp } from "../coaching/help";
import { PauseMonitoring } from "../coaching/shield";
import { TalkingWith } from "../phone/talkingwith";
import { Icon } from "../ui/icons";
import { language, words } from "../words";
import { OtherEnd } from "./aside";
import type { Choice } from "./choice";
import { Filters, type Asked } from "./filters";
import { Help } from "./help";
import { List } from "./list";
import type { MyMonitoring } from "./monitoring";
import { NARROW } from "./narrow";
import { Panel } from "./panel";
import { PoppedSays, type Popped } from "./popped";

interface Props {
  me: User;
  picture: Picture | null;
  monitoring: MyMonitoring;
  choice: Choice;
  needs: NeedsMe;
  team: MyTeam;
  /** Who asks for help. */
  requests: ComponentChildren;
  /** What came of another program's link. */
  popped: Popped | null;
  dismissPopped: () => void;
}

const NO_CALLS: ReadonlyMap<string, Call> = new Map();
const alphabet = new Intl.Collator(language());

export function Inbox({ me, picture, monitoring, choice: { chosen, choose }, needs: { needs, ask: askLimits }, team, requests, popped, dismissPopped }: Props) {
  const [asked, setAsked] = useState<Asked>({ text: "", filter: "all", sort: "longest" });
  const [help, setHelp] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const panel = useRef<HTMLElement>(null);

  const calls = picture?.calls ?? NO_CALLS;
  const { text, filter, sort } = asked;
  const all = useMemo(() => rowsOf(calls), [calls]);
  const plain = useMemo(() => sorted(all, sort, (one, other) => alphabet.compare(one, other)), [all, sort]);
  const rows = useMemo(() => (sort === "needsMe" ? neediest(plain, needs) : plain), [plain, sort, needs]);
  const found = useMemo(() => counts(all, team), [all, team]);
  const meant = popped?.calls ?? null;
  const wanted = useCallback(
    (row: Row) => passes(row, text, filter, team) && (meant === null || row.calls.some(({ id }) => meant.has(id))),
    [text, filter, team, meant],
  );
  const covered = () => chosen !== null && NARROW.matches;
  useFocus(chosen, covered, list, panel);

  const call = chosen ? calls.get(chosen) : undefined;
  return (
    <main class={chosen === null && monitoring.phone.taken === null ? "inbox" : "inbox open"}>
      <section class="list" aria-label={words.inbox}>
        {picture && <AskForHelp me={me} picture={picture} />}
        {picture && <PauseMonitoring me={me} picture={picture} />}
        {requests}
        {popped && <PoppedSays popped={popped} dismiss={dismissPopped} />}
        <Filters
          asked={asked}
          ask={(change) => setAsked({ ...asked, ...change })}
          found={found}
          limits={me.can_monitor ? askLimits : undefined}
          search={search}
          done={() => list.current?.focus()}
        />
        <List
          rows={rows}
          wanted={wanted}
          asked={JSON.stringify([asked, popped?.text])}
          needs={needs}
          isAlive={(id) => calls.has(id)}
          where={({ calls: ofRow }) => whereOf(ofRow, picture?.pbxs ?? NO_PBXS)}
          chosen={chosen}
          choose={choose}
          onMonitor={(id) => flushSync(() => choose(id))}
          covered={covered}
          leave={() => choose(null)}
          empty={nothing(picture)}
          search={() => search.current?.focus()}
          help={() => setHelp(true)}
          list={list}
          may={me.can_monitor}
        />
      </section>
      <div class="side">
        {chosen === null ? (
          <>
            <TalkingWith phone={monitoring.phone} />
            <p class="empty">
              <Icon of="silent" />
              {words.chooseCall}
            </p>
          </>
        ) : (
          <Panel
            me={me}
            call={call}
            callId={chosen}
            monitoring={monitoring}
            ended={picture?.ended ?? null}
            known={picture?.connected === true && isUp(picture, (call ?? monitoring.mine)?.pbx)}
            messages={(picture ?? NOTHING).messages}
            keepDays={(picture ?? NOTHING).keepDays}
            where={call ? whereOf([call], picture?.pbxs ?? NO_PBXS) : ""}
            close={() => choose(null)}
            element={panel}
          >
            {call && <OtherEnd row={all.find((row) => row.calls.includes(call))} callId={chosen} choose={choose} />}
          </Panel>
        )}
      </div>
      {help && <Help close={() => setHelp(false)} />}
    </main>
  );
}

function nothing(picture: Picture | null): string {
  if (!picture) return words.loadingCalls;
  if (picture.calls.size > 0) return words.noMatch;
  if (!picture.connected) return words.notKnownNow;
  return awayOf(picture).length < picture.pbxs.size ? words.noCalls : words.noCallsPbxAway;
}

/** On a narrow screen the focus goes with what is seen: into the panel that opens, and back to the list. */
function useFocus(
  chosen: string | null, covered: () => boolean, list: { current: HTMLElement | null }, panel: { current: HTMLElement | null },
): void {
  const before = useRef<string | null>(null);
  useEffect(() => {
    // What had the focus may be hidden since the window is another size.
    const resized = () =>
      requestAnimationFrame(() => {
        const { activeElement } = document;
        const lost = activeElement === null || activeElement === document.body || !activeElement.checkVisibility({ visibilityProperty: true });
        if (lost) (covered() ? panel.current : list.current)?.focus({ preventScroll: true });
      });
    NARROW.addEventListener("change", resized);
    return () => NARROW.removeEventListener("change", resized);
  });
  useEffect(() => {
    if (chosen !== null && covered()) panel.current?.focus();
    if (chosen === null && before.current !== null) list.current?.focus();
    before.current = chosen;
  }, [chosen]); // eslint-disable-line react-hooks/exhaustive-deps -- only when another call is open
}
