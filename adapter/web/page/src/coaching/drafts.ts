// Notes that are being written, by call: kept here and not in the panel, which goes with its call.

import { useEffect, useState } from "preact/hooks";
import type { Answers } from "../core/scores";
import type { Call } from "../schema";

export interface Draft {
  readonly call: string;
  readonly pbx: string;
  readonly agent: string;
  readonly customer: string;
  readonly text: string;
  readonly released: boolean;
  readonly version: number;
  readonly answers: Answers;
}

const drafts = new Map<string, Draft>();
const listeners = new Set<() => void>();
const tell = () => listeners.forEach((listener) => listener());

/** Nothing is written yet. */
function blank(call: Call): Draft {
  const { id, pbx, agent, customer } = call;
  return { call: id, pbx, agent: agent.name, customer: customer.number, text: "", released: false, version: 0, answers: {} };
}

function useTold(): void {
  const [, again] = useState({});
  useEffect(() => {
    const listener = () => again({});
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
}

/** What I am writing about a call, and how it becomes another; `forget` when it is sent. */
export function useDraft(call: Call): { draft: Draft; change: (part: Partial<Draft>) => void; forget: () => void } {
  useTold();
  const draft = drafts.get(call.id) ?? blank(call);
  return {
    draft,
    change: (part) => (drafts.set(call.id, { ...(drafts.get(call.id) ?? blank(call)), ...part }), tell()),
    forget: () => forget(call.id),
  };
}

/** It is another now; no change of one that is not there. */
export function change(call: string, part: Partial<Draft>): void {
  const draft = drafts.get(call);
  if (draft) drafts.set(call, { ...draft, ...part });
  tell();
}

export function forget(call: string): void {
  drafts.delete(call);
  tell();
}

/** All of them; they end with the session. */
export function useDrafts(): Draft[] {
  useTold();
  useEffect(() => () => drafts.clear(), []);
  return [...drafts.values()];
}
