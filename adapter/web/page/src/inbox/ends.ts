// Why monitoring ended, in words.

import type { EndReason } from "../schema";
import { words } from "../words";

export function endWords(code: EndReason | null): string {
  return words[`end_${code ?? "error"}`] ?? words.end_error; // a newer server may know more reasons
}
