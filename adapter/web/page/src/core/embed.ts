// A call in a frame of a CRM's page: what its address says, and what the page around it is told. Pure.

import type { Hears } from "./hears";
import type { Mode, Monitor } from "../schema";

/** Where a frame was opened: the link's secret, and the origin of the page around it, as the server wrote them. */
export interface Opening {
  readonly link: string;
  readonly origin: string;
}

/** What stands in the frame's address; null: it is no link. */
export function openingOf(search: string, hash: string): Opening | null {
  const origin = new URLSearchParams(search).get("origin") ?? "";
  const link = hash.slice(1);
  return /^cml_[\w-]+$/.test(link) && /^https?:\/\/[^/?#]+$/.test(origin) ? { link, origin } : null;
}

/** The mode that the page around is told; `unknown` whenever the frame itself does not know who hears whom. */
export type ToldMode = "none" | "connecting" | Mode | "unknown";

export function toldMode(monitor: Monitor | undefined, hears: Hears | null, connected: boolean): ToldMode {
  if (!connected || hears?.tone === "unknown") return "unknown";
  if (!monitor) return "none";
  return monitor.state === "live" ? monitor.mode : "connecting";
}

/** Why a frame can't be used: by the server's code, or because of where it is. */
export type Closed = "not_framed" | "no_link" | "link_used" | "link_expired" | "not_authenticated" | "forbidden" | "unreachable";

const KNOWN: readonly string[] = ["link_used", "link_expired", "forbidden", "unreachable"] satisfies Closed[];

export function closedBy(code: string): Closed {
  return KNOWN.includes(code) ? (code as Closed) : "not_authenticated";
}
