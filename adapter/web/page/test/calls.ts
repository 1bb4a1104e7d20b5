// Calls and monitors as the server tells of them, for tests.

import type { Call, Monitor, Team } from "../src/schema.ts";

export const SINCE = "2026-01-31T12:00:00.000Z";

export const NO_LIMITS: Team["limits"] = {
  held_seconds: null, waited_seconds: null, transferred: null, ringing_seconds: null, silence_seconds: null, together_seconds: null,
  agent_share_percent: null, new_agent_days: null, help_seconds: null, waiting: null, longest_wait_seconds: null, service_level_percent: null,
};

export const call = (id: string, agent: string, more: Partial<Call> = {}): Call => ({
  id,
  conversation_id: id,
  pbx: "lab",
  agent: { user_id: agent, name: agent, extension: "101" },
  customer: { number: "201", name: "201" },
  direction: "inbound",
  state: "active",
  started_at: SINCE,
  answered_at: SINCE,
  barge_reaches_customer: true,
  queue: null,
  waited_seconds: null,
  monitorable: true,
  shielded_until: null,
  talk: null,
  monitors: [],
  ...more,
});

export const monitor = (id: string, call_id: string, supervisor: string, more: Partial<Monitor> = {}): Monitor => ({
  id,
  pbx: "lab",
  call_id,
  supervisor: { user_id: supervisor, name: supervisor },
  device: "PJSIP/301",
  mode: "silent",
  state: "live",
  started_at: SINCE,
  live_at: SINCE,
  audible: true,
  ended_at: null,
  ended_reason: null,
  shielded: false,
  ...more,
});
