// An account while it is edited: only what was changed is sent, and what others changed meanwhile stays.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, changesOf, draftOf, found, isChanged, rebased, type Draft } from "../src/core/account.ts";
import type { User } from "../src/schema.ts";

const SAM: User = {
  ...{ id: "1", username: "sam", name: "Sam", role: "agent", extension: "101", device: "PJSIP/101" },
  ...{ devices: ["PJSIP/101", "PJSIP/101-web"], can_monitor: false, modes: ["silent", "whisper", "barge"], active: true, pbx: null, phone_message: true, scope: "all" },
};
const BOSS: User = { ...SAM, id: "2", username: "boss", role: "administrator", can_monitor: true };

const edited = (user: User, more: Partial<Draft>) => changesOf(user, { ...draftOf(user), ...more });

void test("nothing edited, nothing sent", () => {
  for (const user of [SAM, BOSS, { ...SAM, extension: null, device: null, devices: [] }]) {
    assert.deepEqual(edited(user, {}), {});
    assert.equal(isChanged(user, draftOf(user)), false);
  }
  assert.equal(isChanged(null, draftOf(null)), false);
});

void test("each field alone is sent alone", () => {
  assert.deepEqual(edited(SAM, { name: " Sammy " }), { name: "Sammy" });
  assert.deepEqual(edited(SAM, { scope: "teams" }), { scope: "teams" });
  assert.deepEqual(edited(BOSS, { scope: "teams" }), {}, "an administrator's is always all");
  assert.deepEqual(edited(SAM, { username: "sammy" }), { username: "sammy" });
  assert.deepEqual(edited(SAM, { role: "administrator" }), { role: "administrator" });
  assert.deepEqual(edited(SAM, { password: " with blanks " }), { password: " with blanks " });
  assert.deepEqual(edited(SAM, { extension: "" }), { extension: null });
  assert.deepEqual(edited(SAM, { devices: "" }), { devices: [] });
  assert.deepEqual(edited(SAM, { devices: "PJSIP/101-web, PJSIP/101\n" }), { devices: ["PJSIP/101-web", "PJSIP/101"] });
  assert.deepEqual(edited(SAM, { can_monitor: true }), { can_monitor: true });
  assert.deepEqual(edited(SAM, { modes: ["silent"] }), { modes: ["silent"] });
  assert.deepEqual(edited(SAM, { modes: ["barge", "whisper", "silent"] }), {}, "their order says nothing");
  assert.deepEqual(edited(SAM, { phone_message: false }), { phone_message: false });
  assert.deepEqual(edited(SAM, { pbx: "pbx1" }), { pbx: "pbx1" });
  assert.deepEqual(edited({ ...SAM, pbx: "pbx1" }, { pbx: "" }), { pbx: null });
  assert.equal("pbx" in bodyOf(draftOf(null)), false, "where it is not asked for, it is not sent");
});

void test("an administrator who becomes an agent gets the rights that the form shows, and none unseen", () => {
  assert.equal(draftOf(BOSS).can_monitor, false);
  const change = edited(BOSS, { role: "agent" });
  assert.deepEqual(change, { role: "agent", can_monitor: false, modes: ["silent", "whisper", "barge"], scope: "all" });
});

void test("a new account is sent whole", () => {
  const draft = { ...draftOf(null), name: "Max ", username: " max", password: "several good words", devices: "PJSIP/1 PJSIP/2" };
  assert.equal(isChanged(null, draft), true);
  assert.deepEqual(bodyOf(draft), {
    ...{ name: "Max", username: "max", role: "agent", password: "several good words", extension: null, phone_message: true },
    ...{ devices: ["PJSIP/1", "PJSIP/2"], can_monitor: false, modes: ["silent", "whisper", "barge"], scope: "all" },
  });
});

void test("edits go over an account that was read anew, and nothing else does", () => {
  const draft = { ...draftOf(SAM), extension: "105" };
  const fresh: User = { ...SAM, name: "Samuel", active: false };
  assert.deepEqual(changesOf(fresh, rebased(SAM, draft, fresh)), { extension: "105" });
});

void test("the search knows names, usernames, extensions and devices, in any case and several words", () => {
  for (const text of ["", "SAM", "101", "pjsip/101-WEB", "sam 101"]) assert.equal(found(SAM, text), true, text);
  for (const text of ["ana", "sam 102"]) assert.equal(found(SAM, text), false, text);
});
