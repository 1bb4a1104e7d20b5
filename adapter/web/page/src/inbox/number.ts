// A customer's number as it is shown.

import { isNobody } from "../core/rows";
import type { Call } from "../schema";
import { words } from "../words";

/** The number, or that there is none. */
export function numberOf(call: Call): string {
  return isNobody(call.customer.number) ? words.anonymous : call.customer.number;
}
