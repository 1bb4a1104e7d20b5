// Filling in a sentence. Pure, and apart from the words themselves.

/** A sentence with its {gaps} filled. */
export function say(text: string, gaps: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => gaps[name] ?? whole);
}
