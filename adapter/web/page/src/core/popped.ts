// A link from another program that opens a call: `#/calls/by?number=…`, or linkedid, uniqueid, call_id. Pure.

const KINDS = ["number", "linkedid", "uniqueid", "call_id"] as const;

export interface Meant {
  kind: (typeof KINDS)[number];
  value: string;
}

/** What the address asks for. `undefined`: it is no such link; null: it is one, and names nothing, or several things. */
export function meantBy(hash: string): Meant | null | undefined {
  const [path, query = ""] = split(hash);
  if (path !== "#/calls/by") return undefined;
  const given = [...new URLSearchParams(query.replaceAll("+", "%2B"))].filter(([name]) => (KINDS as readonly string[]).includes(name));
  const [first] = given;
  return first && given.length === 1 && first[1].trim() ? { kind: first[0] as Meant["kind"], value: first[1].trim() } : null;
}

/** What the server is asked. */
export function queryOf({ kind, value }: Meant): URLSearchParams {
  return new URLSearchParams({ [kind]: value });
}

function split(hash: string): [string, string?] {
  const mark = hash.indexOf("?");
  return mark < 0 ? [hash] : [hash.slice(0, mark), hash.slice(mark + 1)];
}
