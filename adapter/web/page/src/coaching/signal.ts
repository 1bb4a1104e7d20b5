// Somebody asks for help: a tone, and a notification for who wants those; again while nobody comes, then to others too.

import { useEffect, useRef } from "preact/hooks";
import { isFirst, timesTold, waiting } from "../core/help";
import type { LimitsBook } from "../core/limits";
import type { Picture } from "../core/picture";
import type { MyTeam } from "../core/teams";
import { chime, notice, type Wishes } from "../needs/alerts";
import type { HelpAnswer, User } from "../schema";
import { useNow } from "../ui/clocks";
import { say, words } from "../words";

interface Given {
  me: User;
  picture: Picture | null;
  /** Null until it is known: who is first in line hangs on it. */
  team: MyTeam | null;
  wishes: Wishes;
  /** Whether somebody hears me now: then no tone, for my microphone might take it up. */
  heard: boolean;
  /** After how many seconds it is told again, by whose call it is. */
  book: LimitsBook;
  open: (callId: string) => void;
}

/** Seconds between looks whether one waits for too long. */
const LOOK = 1;

/** On every page. What waits when the page opens is not told at once: it stands there. */
export function useHelpSignal({ me, picture, team, wishes, heard, book, open }: Given): void {
  const told = useRef<ReadonlyMap<string, number> | null>(null);
  const requests = picture && me.can_monitor ? waiting(me, picture).filter(({ state }) => state === "open") : [];
  const now = useNow(LOOK, requests.length > 0 && picture?.connected === true);
  useEffect(() => {
    if (!picture || !team || !me.can_monitor) return;
    const last = told.current;
    const limitOf = (one: HelpAnswer) => book.ofCall(one.agent.user_id, picture.calls.get(one.call_id)?.queue ?? null).help;
    const due = new Map(requests.map((one) => [one.id, timesTold(waited(one.created_at), isFirst(one, team, picture), limitOf(one))]));
    told.current = due;
    if (last === null) return;
    const late = requests.filter(({ id }) => due.get(id)! > (last.get(id) ?? 0));
    if (late.length > 0 && !heard) chime();
    if (!wishes.notify) return;
    for (const { id, agent, note, call_id } of late) {
      const title = (last.get(id) ?? 0) === 0 ? words.helpNotice : words.helpNoticeAgain;
      notice(say(title, { name: agent.name }), note ?? "", "help-" + id, () => open(call_id));
    }
  }, [me, picture, team, now, book]); // eslint-disable-line react-hooks/exhaustive-deps -- told once for what is new, whatever else changes
}

const waited = (since: string): number => (Date.now() - Date.parse(since)) / 1000;
