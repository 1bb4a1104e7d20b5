// The tab's title and icon say who hears me, for when one looks elsewhere.

import { useEffect } from "preact/hooks";
import type { Hears } from "../core/hears";
import { say, words } from "../words";
import type { Names } from "./sentence";

/** Colours are seen on light and dark tab strips alike; shapes differ too. */
const SIGNS: Record<Hears["tone"], string> = {
  silent: '<circle cx="16" cy="16" r="9" fill="none" stroke="#64748b" stroke-width="5"/>',
  whisper: '<circle cx="16" cy="16" r="12" fill="#d97706"/>',
  barge: '<rect x="3" y="3" width="26" height="26" rx="4" fill="#dc2626"/>',
  unknown: '<path d="M16 3 30 29H2z" fill="none" stroke="#dc2626" stroke-width="4"/>',
  warning: '<path d="M16 3 30 29H2z" fill="#dc2626"/>',
};
const NOBODY = '<circle cx="16" cy="16" r="3" fill="#94a3b8"/>';

export function useTabSign(hears: Hears | null, names: Names): void {
  const tone = hears?.tone ?? null;
  const text = hears ? say(words[hears.text], names) : "";
  useEffect(() => {
    document.title = text ? `${text} - ${words.title}` : words.title;
  }, [text]);
  useEffect(() => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${tone ? SIGNS[tone] : NOBODY}</svg>`;
    document.querySelector<HTMLLinkElement>("link[rel=icon]")!.href = "data:image/svg+xml," + encodeURIComponent(svg);
  }, [tone]);
}
