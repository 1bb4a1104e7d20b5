// Following an agent: which follow is mine. Pure.

import type { FollowAnswer, User } from "../schema";
import type { Picture } from "./picture";

export function myFollow(me: Pick<User, "id">, picture: Pick<Picture, "follows"> | null): FollowAnswer | undefined {
  return [...(picture?.follows.values() ?? [])].find(({ supervisor }) => supervisor.user_id === me.id);
}
