// A frame in a CRM's page: its address, and what it tells the page around.

import assert from "node:assert/strict";
import { test } from "node:test";
import { closedBy, openingOf, toldMode } from "../src/core/embed.ts";
import type { Hears } from "../src/core/hears.ts";
import { monitor as monitorOf } from "./calls.ts";

void test("an address is a link only with both a secret and an origin", () => {
  const crm = "?origin=https%3A%2F%2Fcrm.example";
  assert.deepEqual(openingOf(crm, "#cml_a-B_9"), { link: "cml_a-B_9", origin: "https://crm.example" });
  for (const [search, hash] of [[crm, ""], [crm, "#"], [crm, "#cme_a"], ["", "#cml_a"], ["?origin=*", "#cml_a"], ["?origin=https%3A%2F%2Fa%2Fb", "#cml_a"]]) {
    assert.equal(openingOf(search!, hash!), null, search! + hash!);
  }
});

const hears: Hears = { tone: "silent", text: "silentHears", more: null, act: null };

void test("the page around is told what is confirmed, and never more than is known", () => {
  const mine = (more: object) => monitorOf("m", "c", "Mona", more);
  assert.equal(toldMode(undefined, null, true), "none");
  assert.equal(toldMode(undefined, null, false), "unknown");
  assert.equal(toldMode(mine({ state: "connecting" }), hears, true), "connecting");
  for (const mode of ["silent", "whisper", "barge"] as const) {
    assert.equal(toldMode(mine({ state: "live", mode }), hears, true), mode);
    assert.equal(toldMode(mine({ state: "live", mode }), hears, false), "unknown");
    assert.equal(toldMode(mine({ state: "live", mode }), { ...hears, tone: "unknown" }, true), "unknown");
  }
});

void test("a refusal is told by its code; one that nobody knows is the end of the session", () => {
  assert.equal(closedBy("link_used"), "link_used");
  assert.equal(closedBy("teapot"), "not_authenticated");
});
