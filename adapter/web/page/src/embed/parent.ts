// What the page around the frame is told: by postMessage, to the one origin that the link was made for, and nobody else.

import { useEffect } from "preact/hooks";
import type { Closed, ToldMode } from "../core/embed";

export type Told = { type: "call-monitor.state"; mode: ToldMode } | { type: "call-monitor.closed"; reason: Closed };

export function tell(origin: string, told: Told): void {
  parent.postMessage(told, origin);
}

/** The mode, at the beginning and whenever it is another. */
export function useTold(origin: string, mode: ToldMode): void {
  useEffect(() => tell(origin, { type: "call-monitor.state", mode }), [origin, mode]);
}
