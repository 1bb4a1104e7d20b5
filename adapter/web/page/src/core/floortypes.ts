// Agents and queues as the server tells of them.

export type AgentState = "offline" | "available" | "ringing" | "on_call" | "held" | "paused" | "unknown";

export interface AgentQueue {
  name: string;
  paused: boolean;
  pause_reason: string | null;
  calls_taken: number;
  last_call_at: string | null;
}

export interface AgentStatus {
  id: string;
  user_id: string | null;
  name: string;
  extension: string;
  pbx: string;
  state: AgentState;
  since: string;
  call_id: string | null;
  team_ids: string[];
  queues: AgentQueue[];
}

export interface QueueCaller {
  position: number;
  number: string;
  name: string;
  since: string;
}

export interface QueueStatus {
  id: string;
  name: string;
  pbx: string;
  waiting: number;
  longest_wait_since: string | null;
  callers: QueueCaller[];
  available: number;
  on_call: number;
  paused: number;
  completed: number;
  abandoned: number;
  service_level_percent: number;
}

/** What the stream tells of them. */
export interface FloorEvents {
  "agent.updated": AgentStatus;
  "agent.removed": { id: string };
  "queue.updated": QueueStatus;
  "queue.removed": { id: string };
}
