// Requests for help: mine, and who waits.

import assert from "node:assert/strict";
import test from "node:test";
import { myCall, myRequest, waiting } from "../src/core/help.ts";
import { changed, NOTHING } from "../src/core/picture.ts";
import type { HelpAnswer, User } from "../src/schema.ts";
import { call } from "./calls.ts";

const me = { id: "me" } as User;
const asked = (id: string, agent: string, state: HelpAnswer["state"], created_at: string): HelpAnswer => ({
  ...{ id, pbx: "lab", call_id: "c", note: null, state, created_at, taken_at: null, taken_by: null, closed_at: null },
  agent: { user_id: agent, name: agent, extension: "101" },
});

void test("my call is the active one", () => {
  const calls = new Map([call("1", "me", { state: "held" }), call("2", "me"), call("3", "sam")].map((one) => [one.id, one]));
  assert.equal(myCall(me, { calls })?.id, "2");
  assert.equal(myCall(me, { calls: new Map([["1", call("1", "me", { state: "ringing" })]]) }), undefined);
});

void test("who waits comes first, the longest before others; mine is not among them", () => {
  let picture = NOTHING;
  for (const one of [asked("a", "sam", "taken", "1"), asked("b", "ana", "open", "3"), asked("c", "lee", "open", "2"), asked("d", "me", "open", "0")]) {
    picture = changed(picture, { kind: "help.updated", data: one });
  }
  assert.deepEqual(waiting(me, picture).map((one) => one.id), ["c", "b", "a"]);
  assert.equal(myRequest(me, picture)?.id, "d");
  picture = changed(picture, { kind: "help.removed", data: { id: "d" } });
  assert.equal(myRequest(me, picture), undefined);
});
