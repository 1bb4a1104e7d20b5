// Requests, held to the API's description: no other path, body or answer than it has can be written.

import type { FieldError, paths, Problem } from "../schema";

const PREFIX = "/api/v1";
type Short<P> = P extends `${typeof PREFIX}${infer Rest}` ? Rest : never;
type Api = { [P in keyof paths as Short<P>]: paths[P] };
type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type Operation<M extends Method, P extends keyof Api> = NonNullable<Api[P][Lowercase<M> & keyof Api[P]]>;
type PathFor<M extends Method> = { [P in keyof Api]: Operation<M, P> extends { responses: object } ? P : never }[keyof Api];

type Json<T> = T extends { content: { "application/json": infer Value } } ? Value : void;
type Answer<O> = O extends { responses: infer R } ? Json<R[keyof R]> : never;
/** What a request is given: its body, and what stands in the path's {gaps}, where it has them. */
type Given<O> = (O extends { requestBody: infer R } ? { body: Json<R> } : unknown) &
  (O extends { parameters: { path: infer Gaps } } ? { at: Gaps } : unknown) & {
  query?: URLSearchParams;
  /** Idempotency-Key: the same again is done once. */
  key?: string;
};
type Arguments<G> = object extends G ? [given?: G] : [given: G];

/** What the server refused, with its stable code and its own words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    /** What is wrong with which fields. */
    readonly errors: readonly FieldError[] = [],
    /** Seconds after which trying again makes sense; null where the server named none. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail);
  }
}

let signedOut = (): void => undefined;

/** Whom to tell when the server says that nobody is signed in here any more. */
export function onSignedOut(tell: () => void): void {
  signedOut = tell;
}

let bearer = "";

/** Sign requests with this instead of the session's cookie: in a frame of another site's page there is none. */
export function actWith(token: string): void {
  bearer = token;
}

/** One request. Throws Refused; code `unreachable` when nobody answered, or somebody who is not our server. */
export async function ask<M extends Method, P extends PathFor<M>>(
  method: M,
  path: P,
  ...[given]: Arguments<Given<Operation<M, P>>>
): Promise<Answer<Operation<M, P>>> {
  const { body, at = {}, query, key } = (given ?? {}) as { body?: unknown; at?: Record<string, string>; query?: URLSearchParams; key?: string };
  const filled = path.replace(/\{(\w+)\}/g, (_, gap: string) => encodeURIComponent(at[gap]!));
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(PREFIX + filled + (query ? `?${query}` : ""), {
      method,
      headers: {
        ...(body ? { "Content-Type": "application/json" } : {}),
        ...(key && { "Idempotency-Key": key }),
        ...(bearer && { Authorization: `Bearer ${bearer}` }),
      },
      credentials: bearer ? "omit" : "same-origin",
      body: body ? JSON.stringify(body) : null,
    });
    const text = await response.text();
    answer = text ? JSON.parse(text) : undefined;
  } catch {
    throw new Refused(0, "unreachable", "");
  }
  if (response.ok) return answer as Answer<Operation<M, P>>;
  const { code = "", detail = "", errors } = (answer ?? {}) as Partial<Problem>;
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  // A wrong password, at signing in or when it is changed, is 401 too: only the missing session ends all.
  if (response.status === 401 && !path.startsWith("/session")) signedOut();
  throw new Refused(response.status, code, detail, errors ?? [], Number.isNaN(wait) ? null : wait);
}
