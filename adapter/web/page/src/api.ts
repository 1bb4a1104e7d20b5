// The HTTP contract as the page uses it: types, requests, and errors in plain words.

export type Mode = "silent" | "whisper" | "barge";
export const MODES: Mode[] = ["silent", "whisper", "barge"];

export interface User {
  id: string;
  username: string;
  name: string;
  role: "administrator" | "agent";
  extension: string | null;
  device: string | null;
  can_monitor: boolean;
  modes: Mode[];
  active: boolean;
  phone_message: boolean;
}

export interface Monitor {
  id: string;
  call_id: string;
  supervisor: { user_id: string; name: string };
  device: string | null;
  mode: Mode;
  state: "connecting" | "live" | "ended";
  ended_reason: string | null;
  reason?: string;
}

export interface Call {
  id: string;
  agent: { user_id: string | null; name: string; extension: string };
  customer: { number: string; name: string };
  direction: "inbound" | "outbound" | "internal";
  state: "ringing" | "active" | "held";
  started_at: string;
  answered_at: string | null;
  barge_reaches_customer: boolean;
  monitors: Monitor[];
}

export interface RecordState {
  state: "ok" | "failing";
  since: string;
}

export interface Pbx {
  state: "connected" | "connecting" | "down";
  since: string;
}

export interface Coach {
  monitor_id: string;
  call_id: string;
  supervisor: { name: string };
  mode: Mode;
}

/** What the server refused, with its stable code and its own words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** One request. Throws Refused; code `unreachable` when nobody answered. */
export async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  let response: Response;
  try {
    response = await fetch("/api/v1" + path, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body ? JSON.stringify(body) : null,
    });
  } catch {
    throw new Refused(0, "unreachable", "");
  }
  const text = await response.text();
  const answer = text ? JSON.parse(text) : {};
  if (!response.ok) throw new Refused(response.status, answer.code ?? "", answer.detail ?? "");
  return answer as T;
}
