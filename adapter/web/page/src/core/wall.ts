// What a wall display shows of the floor, and on which of its pages: whatever is urgent first. Pure.

import type { AgentRow } from "./floor";

/** Tiles of one page, for so many that fit beside and below each other; at least one. */
export function fits(width: number, height: number, tile: { width: number; height: number }): number {
  return Math.max(1, Math.floor(width / tile.width)) * Math.max(1, Math.floor(height / tile.height));
}

/** The part of `all` that a page shows; pages are counted from 0 and begin anew after the last. */
export function pageOf<T>(all: readonly T[], fit: number, page: number): { shown: readonly T[]; page: number; pages: number } {
  const pages = Math.max(1, Math.ceil(all.length / Math.max(1, fit)));
  const at = ((page % pages) + pages) % pages;
  return { shown: all.slice(at * fit, (at + 1) * fit), page: at, pages };
}

/** Who is at work: a wall has no room for those who are not. */
export function atWork(rows: readonly AgentRow[]): AgentRow[] {
  return rows.filter(({ agent: { state } }) => state !== "offline" && state !== "unknown");
}
