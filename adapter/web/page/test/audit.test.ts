// The audit in words: every action has its sentence in every language, and what is unknown keeps its own name.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { byDay, hasEnded, leave, reasonOf, sentence, way, wordOf, type Reader } from "../src/core/audit.ts";
import {
  endReasonValues, modeValues, noticeValues, pathsApiV1AuditGetParametersQueryActionValues as ACTIONS, resultValues, viaValues,
  type AuditEntry,
} from "../src/schema.ts";
import { de } from "../src/words/de.ts";
import { en, type Words } from "../src/words/en.ts";

const LANGUAGES: Record<string, Words> = { en, de };
const TRANSLATED = Object.entries(LANGUAGES);
const read = (words: Words): Reader => ({
  words,
  names: new Map([["mona", "Mona"], ["admin", "Admin"], ["sam", "Sam"]]),
  usernames: new Map([["id-of-sam", "sam"]]),
  when: (time) => time,
});
const entry = (more: Partial<AuditEntry>): AuditEntry => ({
  ...{ id: "1", at: "2026-01-31T12:00:00.000Z", actor: "mona", via: "session", via_detail: null, action: "monitor.started" },
  ...{ result: "ok", reason: null, target: null, allowed_by: null, call_id: "c", monitor_id: "m", supervisor: "mona" },
  ...{ agent: "sam", agent_name: "Sam", agent_extension: "101", customer: "2025550101", mode: "silent", unsure_since: null },
  ...more,
});
const said = (more: Partial<AuditEntry>, words: Words = en) => sentence(entry(more), read(words));

void test("who began to listen to whom", () => {
  assert.equal(said({}), "Mona began to listen to Sam's call with 2025550101");
  assert.equal(said({}, de), "Mona begann, das Gespräch von Sam mit 2025550101 mitzuhören");
  assert.equal(said({ customer: null }), "Mona began to listen to Sam's call");
  assert.equal(said({ mode: "barge" }), "Mona joined Sam's call with 2025550101");
});

void test("every action, mode and result has a sentence without gaps, in every language", () => {
  for (const [name, words] of TRANSLATED) {
    for (const action of ACTIONS) {
      for (const result of resultValues) {
        for (const mode of [...modeValues, null]) {
          for (const [supervisor, actor] of [["mona", "mona"], ["mona", "system"], [null, "admin"], ["mona", "token CRM"]] as const) {
            const text = said({ action, result, mode, supervisor, actor, target: "x", unsure_since: "then" }, words);
            assert.notEqual(text, action, `${name} ${action} ${result} ${mode}`);
            assert.doesNotMatch(text, /[{}]|undefined|null/, `${name} ${action} ${result} ${mode}`);
          }
        }
      }
      assert.ok(wordOf(words, `action_${action.replaceAll(".", "_")}`), `${name}: ${action} in the filter`);
    }
  }
});

void test("an action that is new keeps its own name", () => {
  assert.equal(said({ action: "future.happened" }), "future.happened");
  assert.equal(reasonOf(entry({ reason: "something new" }), read(en)), "something new");
});

void test("how it ended, and that nobody is said to have ended what never began", () => {
  const ended = (more: Partial<AuditEntry>) => said({ action: "monitor.ended", ...more });
  assert.equal(ended({ reason: "stopped" }), "Mona stopped monitoring Sam's call with 2025550101");
  assert.equal(ended({ reason: "stopped", actor: "admin" }), "Admin ended Mona's monitoring of Sam's call with 2025550101");
  assert.equal(ended({ reason: "call_ended", actor: "system" }), "Mona no longer monitors Sam's call with 2025550101");
  assert.equal(ended({ reason: "took_over" }), "Mona took over Sam's call with 2025550101");
  assert.equal(ended({ reason: "no_answer", result: "failed" }), "Mona could not begin to monitor Sam's call with 2025550101");
  assert.equal(ended({ reason: "record_unavailable", result: "failed" }), "Mona could not begin to monitor Sam's call with 2025550101");
  assert.equal(ended({ reason: "pbx_lost", result: "failed" }), "Mona no longer monitors Sam's call with 2025550101");
  assert.match(ended({ reason: "forbidden", result: "refused", mode: null, actor: "admin" }), /^Admin tried to end /);
});

void test("all monitoring that was stopped, with what was written as the reason", () => {
  const reason = "Drill: {who} is no gap";
  const all = { action: "monitor.stopped_all", actor: "admin", supervisor: null, mode: null, reason } as const;
  const end = { action: "monitor.ended", actor: "admin", reason } as const;
  assert.equal(said(all), "Admin stopped all monitoring");
  assert.equal(said(end), "Admin ended Mona's monitoring of Sam's call with 2025550101");
  assert.equal(said({ ...end, supervisor: "admin" }), "Admin stopped monitoring Sam's call with 2025550101");
  for (const each of [all, end]) assert.equal(reasonOf(entry(each), read(en)), `Reason given: “${reason}”`);
  assert.equal(reasonOf(entry(end), read(de)), `Angegebener Grund: „${reason}“`);
  assert.equal(reasonOf(entry({ ...all, reason: "error" }), read(en)), "Reason given: “error”", "a code may be written, too");
  assert.equal(reasonOf(entry({ ...all, reason: "forbidden", result: "refused" }), read(en)), "not allowed");
});

void test("who acts, when it is no person", () => {
  const change = { action: "monitor.mode_changed", actor: "system" } as const;
  assert.equal(said(change), "The system made Mona silent in Sam's call with 2025550101");
  assert.equal(said({ action: "monitor.requested", actor: "token CRM" }), "The token CRM asked that Mona listens to Sam's call with 2025550101");
  assert.equal(said({ action: "session.login", result: "refused", actor: "unknown" }), "Somebody failed to sign in with a username that nobody has");
  assert.equal(said({ action: "monitor.mode_changed", result: "refused", mode: "barge" }), "Mona tried to join Sam's call with 2025550101");
});

void test("what was changed of an account, in the words of the form", () => {
  const about = { action: "user.changed", actor: "admin", target: "sam" } as const;
  const reason = (text: string, words: Words = en) => reasonOf(entry({ ...about, reason: text }), read(words));
  assert.equal(said(about), "Admin changed the user Sam");
  assert.equal(said({ ...about, result: "refused", target: "id-of-sam" }), "Admin tried to change the user Sam");
  assert.equal(said({ ...about, actor: "sam", reason: "password" }), "Sam changed their own password");
  assert.equal(reason("can_monitor: false → true; password"), "may monitor: no → yes; password");
  assert.equal(reason("modes: silent → silent whisper", de), "Modi: still → still, flüstern");
  assert.equal(reason("name: true → None of it"), "name: true → None of it", "a name is no value");
});

void test("every way, result, end and cause has its words, in every language", () => {
  for (const [name, words] of TRANSLATED) {
    for (const via of viaValues) assert.notEqual(way(entry({ via, via_detail: "x" }), words), via, `${name}: ${via}`);
    for (const result of resultValues) assert.ok(wordOf(words, `result_${result}`), `${name}: ${result}`);
    const causes = ["keypad", "button", "resync", "transferred", "not_own_call", ...noticeValues, ...endReasonValues];
    for (const reason of causes) assert.ok(wordOf(words, `reason_${reason}`), `${name}: ${reason}`);
  }
  assert.equal(leave(entry({ allowed_by: "granted by admin" }), read(en)), "allowed by Admin");
  assert.equal(leave(entry({ allowed_by: "role administrator" }), read(en)), "allowed as an administrator");
  assert.equal(leave(entry({}), read(en)), "");
});

void test("every type of error in a field that is documented has its words, in every language", () => {
  const documented = readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8").split("## Types")[1]!;
  const types = [...documented.matchAll(/^\| (`.*?) \| /gm)].flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, type]) => type!));
  assert.ok(types.length > 25);
  for (const [name, words] of TRANSLATED) {
    for (const type of types.filter((each) => !["type", "invalid"].includes(each))) assert.ok(wordOf(words, `error_${type}`), `${name}: ${type}`);
  }
});

void test("entries by day, in their order", () => {
  const at = (id: string, day: string) => entry({ id, at: day });
  const days = byDay([at("4", "b"), at("3", "b"), at("2", "a"), at("1", "b")], (time) => time);
  assert.deepEqual(days.map(([day, some]) => [day, some.map((one) => one.id)]), [["b", ["4", "3"]], ["a", ["2"]], ["b", ["1"]]]);
});

void test("the rules of consent, in words", () => {
  const reason = "queue 500, inbound: beep every 15 s to both; team Sales: announcement; all calls: none";
  const told = (text: string, words: Words) => reasonOf(entry({ action: "consent.changed", reason: text }), read(words));
  assert.equal(told(reason, en), "Queue 500, Inbound: Beeps (15 s, Agent and customer); Team Sales: Announcement at the start, to both; All calls: None");
  for (const word of ["queue", "inbound", "beep every", "all calls"]) assert.ok(!told(reason, de).includes(word), word);
  assert.equal(told("no rules", de), de.consentNoRules);
});

void test("which entries tell of the end of a monitor that had begun", () => {
  const ended = (more: Partial<AuditEntry>) => hasEnded(entry({ action: "monitor.ended", ...more }));
  for (const reason of ["stopped", "call_ended", "pbx_lost"]) assert.ok(ended({ reason, mode: "whisper" }), reason);
  assert.ok(ended({ reason: "pbx_lost", result: "failed", mode: "whisper" }));
  assert.ok(!ended({ reason: "pbx_timeout", result: "failed", mode: null }), "somebody tried");
  assert.ok(!ended({ reason: "busy", result: "failed", mode: "silent" }), "it never began");
  assert.ok(!hasEnded(entry({ action: "monitor.started" })));
});
