// What a search finds. Pure.

/** Whether what is typed is among what is shown. A number is found however it is written: "+1 202" finds +1202. */
export function finds(typed: string, shown: readonly string[]): boolean {
  const wanted = typed.trim().toLowerCase();
  if (!wanted) return true;
  const all = shown.join("\n").toLowerCase();
  const number = wanted.replace(/[\s()./-]/g, "");
  return all.includes(wanted) || (/^\+?\d+$/.test(number) && all.replace(/[ ()./-]/g, "").includes(number));
}
