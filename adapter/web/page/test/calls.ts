// Calls as the server tells of them, for tests.

import type { Call } from "../src/schema.ts";

export const SINCE = "2026-01-31T12:00:00.000Z";

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
  monitors: [],
  ...more,
});
