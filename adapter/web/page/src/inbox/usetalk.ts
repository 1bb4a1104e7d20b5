// The three buttons' rules at work: presses in, requests to the server out, and the microphone as they say.

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { told } from "../api/problems";
import { after, opens, QUIET, wanted, type Happening, type Request, type Talk } from "../core/talk";
import type { Mode, Monitor } from "../schema";
import { words } from "../words";

export interface TalkGroup {
  readonly talk: Talk;
  /** Now, by the clock of the rules (`performance.now`: nobody sets it). */
  readonly now: () => number;
  readonly press: (mode: Mode, repeated?: boolean) => void;
  /** What went wrong with the last press. */
  readonly problem: string;
}

/** The phone at which I talk, as far as the rules need to know: where it is elsewhere, its microphone is not in our hand. */
export interface TalkPhone {
  readonly holdsLeg: boolean;
  readonly softphone: { talk(open: boolean): void; askMicrophone(): Promise<boolean> };
}

const now = (): number => performance.now();

export function useTalk(mine: Monitor | undefined, connected: boolean, phone: TalkPhone): TalkGroup {
  const [talk, setTalk] = useState(QUIET);
  const [problem, setProblem] = useState("");
  const [, setRested] = useState(0);
  const current = useRef(QUIET);
  const browser = useRef(false);
  browser.current = phone.holdsLeg;
  const softphone = phone.softphone;

  const take = useCallback(
    (first: Happening) => {
      const send = async ({ request, mode, monitor }: Request): Promise<void> => {
        const answered = (ok: boolean) => step({ kind: "answered", request, ok, at: now() });
        if (mode !== "silent" && browser.current && !(await softphone.askMicrophone())) {
          setProblem(words.noMicrophone);
          return answered(false);
        }
        if (!wanted(current.current, { request, mode })) return answered(false);
        try {
          await ask("PATCH", "/monitors/{id}", { at: { id: monitor }, body: { mode } });
          answered(true);
        } catch (refused) {
          setProblem(told(refused));
          answered(false);
        }
      };
      const step = (happening: Happening) => {
        const [next, requests] = after(current.current, happening);
        current.current = next;
        softphone.talk(browser.current && opens(next)); // at once: a microphone that closes does not wait for a rendering
        setTalk(next);
        for (const request of requests) void send(request);
      };
      step(first);
    },
    [softphone],
  );

  const live = mine?.state === "live" ? mine.id : null;
  const mode = mine?.mode ?? "silent";
  useLayoutEffect(() => {
    if (connected) take({ kind: "confirmed", monitor: live, mode, at: now() });
  }, [take, connected, live, mode]);
  useEffect(() => setProblem(""), [live, mode]);
  useEffect(() => {
    const rest = talk.restsUntil - now();
    if (rest <= 0) return;
    const timer = setTimeout(() => setRested(talk.restsUntil), rest + 1);
    return () => clearTimeout(timer);
  }, [talk.restsUntil]);

  const press = useCallback(
    (wished: Mode, repeated = false) => {
      setProblem("");
      take({ kind: "press", mode: wished, repeated, at: now() });
    },
    [take],
  );
  return { talk, now, press, problem };
}
