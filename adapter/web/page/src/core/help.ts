// Requests for help: which are mine, and which wait for a supervisor. Pure.

import type { AgentStatus, Call, HelpAnswer, User } from "../schema";
import type { Picture } from "./picture";
import { isMine, type MyTeam } from "./teams.ts";

/** The call that I am in as an agent. */
export function myCall(me: User, { calls }: Pick<Picture, "calls">): Call | undefined {
  const mine = [...calls.values()].filter((call) => call.agent.user_id === me.id && call.state !== "ringing");
  return mine.find((call) => call.state === "active") ?? mine[0];
}

export function myRequest(me: User, { help }: Pick<Picture, "help">): HelpAnswer | undefined {
  return [...help.values()].find((request) => request.agent.user_id === me.id);
}

/** Those of others: who waits before who is helped, and of either who has waited longest first. */
export function waiting(me: User, { help }: Pick<Picture, "help">): HelpAnswer[] {
  const others = [...help.values()].filter((request) => request.agent.user_id !== me.id);
  const rank = ({ state, created_at }: HelpAnswer) => (state === "open" ? "0" : "1") + created_at;
  return others.sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
}

/** Whether I am the first to be told: the agent or the queue is of my team, or the agent is of no team that is known here. */
export function isFirst(request: HelpAnswer, team: MyTeam, { agents, calls }: Pick<Picture, "agents" | "calls">): boolean {
  const call = calls.get(request.call_id);
  if (call && isMine(team, call)) return true;
  const id = request.agent.user_id;
  if (id !== null && team.people.has(id)) return true;
  return ![...agents.values()].some((agent: AgentStatus) => isOf(agent, request) && agent.team_ids.length > 0);
}

function isOf({ user_id, pbx, extension }: AgentStatus, { agent, pbx: at }: HelpAnswer): boolean {
  return user_id === null ? pbx === at && extension === agent.extension : user_id === agent.user_id;
}

/** How often somebody has been told of a request that waits for so many seconds: who is first at once, others after `every`. */
export function timesTold(waited: number, first: boolean, every: number): number {
  if (every === 0) return 1;
  return Math.max(0, Math.floor(waited / every)) + (first ? 1 : 0);
}
