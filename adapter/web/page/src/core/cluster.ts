// What is told of the adapters and the phone systems: who is quiet, and who looks after what. Pure.

import type { ClusterMember, ClusterPbx } from "../schema";

/** An adapter says every second that it is alive. Seconds without it that are worth a word. */
export const QUIET = 4;

/**
 * For how many whole seconds an adapter has said nothing, against the one that spoke last; 0 where that is nothing to
 * speak of. The browser's clock is another machine's, so it is not asked.
 */
export function quietFor(member: ClusterMember, all: readonly ClusterMember[]): number {
  const last = Math.max(...all.map((one) => Date.parse(one.seen_at)));
  const seconds = Math.floor((last - Date.parse(member.seen_at)) / 1000);
  return seconds >= QUIET ? seconds : 0;
}

/** The names of the phone systems that an adapter looks after, in the order in which they are listed. */
export function namesOwned(member: ClusterMember, pbxs: readonly ClusterPbx[]): string[] {
  return pbxs.filter((pbx) => member.owns.includes(pbx.id)).map((pbx) => pbx.name);
}

/** Who looks after a phone system; undefined while nobody does. */
export function ownerOf(pbx: ClusterPbx, members: readonly ClusterMember[]): ClusterMember | undefined {
  return members.find((member) => member.id === pbx.owner);
}

/** What an adapter is called: its machine, and its process where one machine has several. */
export function needsProcess(member: ClusterMember, all: readonly ClusterMember[]): boolean {
  return all.some((other) => other.id !== member.id && other.host === member.host);
}
