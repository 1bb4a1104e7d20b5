// How people and numbers of a call are written.

import type { Call } from "../schema";
import { words } from "../words";

const UNKNOWN = /^(anonymous|unknown|unavailable|restricted|private)?$/i;

/** The customer's number, or that they show none. */
export function customerNumber({ customer }: Call): string {
  return UNKNOWN.test(customer.number.trim()) ? words.anonymous : customer.number;
}

/** The customer's name where it says more than the number. */
export function customerName({ customer }: Call): string {
  return customer.name === customer.number || UNKNOWN.test(customer.name.trim()) ? "" : customer.name;
}
