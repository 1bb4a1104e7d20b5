// Requests for help: which are mine, and which wait for a supervisor. Pure.

import type { Call, HelpAnswer, User } from "../schema";
import type { Picture } from "./picture";

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
