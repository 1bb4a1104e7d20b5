// Which calls are one row, which are asked for, and in what order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { counts, customerName, isNobody, passes, rowsOf, since, sorted, stateOf, whereOf, type Row } from "../src/core/rows.ts";
import { NO_TEAM as NONE } from "../src/core/teams.ts";
import type { Call } from "../src/schema.ts";
import { call, SINCE } from "./calls.ts";

const compare = (one: string, other: string): number => one.localeCompare(other);
const agent = (name: string, extension: string) => ({ user_id: name, name, extension });
const rows = (...calls: Call[]): Row[] => rowsOf(new Map(calls.map((one) => [one.id, one])));
const keys = (all: Row[]): string[] => all.map(({ key }) => key);
const row = (more: Partial<Call> = {}): Row => rows(call("c", "sam", more))[0]!;

const between = (conversation_id: string, one: string, other: string): [Call, Call] => {
  const internal = { conversation_id, direction: "internal" } as const;
  return [
    call(one, one, { ...internal, agent: agent(one, one), customer: { number: other, name: other } }),
    call(other, other, { ...internal, agent: agent(other, other), customer: { number: one, name: one } }),
  ];
};

void test("two agents who talk to each other are one row, wherever their entries stand", () => {
  const [sam, ana] = between("i", "101", "102");
  const all = rows(call("a", "lee"), ana, call("b", "kim"), sam);
  assert.deepEqual(all.map(({ calls }) => calls.map(({ id }) => id)), [["a"], ["101", "102"], ["b"]]);
});

void test("entries of one conversation that are not two ends of it are rows of their own", () => {
  const rings = (id: string) => call(id, id, { conversation_id: "i", direction: "internal", agent: agent(id, id), customer: { number: "999", name: "" } });
  assert.equal(rows(rings("101"), rings("102")).length, 2); // a colleague rings both
  const [sam, ana] = between("i", "101", "102");
  assert.equal(rows(sam, ana, rings("103")).length, 3); // more than two
  assert.equal(rows(sam).length, 1);
  assert.equal(rows({ ...sam, direction: "inbound" }, { ...ana, direction: "inbound" }).length, 2);
});

void test("a withheld number is nobody's, a number or a name is somebody's", () => {
  const nobody = ["", " ", "anonymous", "Anonymous", "<unknown>", "unknown", "unavailable", "Restricted", "private", "s"];
  assert.deepEqual(nobody.filter((text) => !isNobody(text)), []);
  assert.deepEqual(["+12025550143", "201", "*43", "Ann", "Unknown Pleasures Ltd."].filter(isNobody), []);
  const name = (customer: Call["customer"]) => customerName(call("c", "sam", { customer }));
  assert.equal(name({ number: "201", name: "Dana Ortiz" }), "Dana Ortiz");
  assert.equal(name({ number: "201", name: "201" }) + name({ number: "", name: "Anonymous" }), "");
});

void test("a row rings while one end rings, and is held while one end is; its time runs from the answer", () => {
  const [sam, ana] = between("i", "101", "102");
  assert.equal(stateOf(rows({ ...sam, state: "active" }, { ...ana, state: "held" })[0]!), "held");
  assert.equal(stateOf(rows({ ...sam, state: "ringing" }, { ...ana, state: "held" })[0]!), "ringing");
  assert.equal(since(row({ started_at: "2026-01-31T11:00:00.000Z" })), SINCE);
  assert.equal(since(row({ started_at: "2026-01-31T11:00:00.000Z", answered_at: null })), "2026-01-31T11:00:00.000Z");
});

void test("searching finds agents, extensions, customers and queues, and a number however it is written", () => {
  const one = row({ agent: agent("Ana María", "1042"), customer: { number: "+12025550143", name: "Hill & Co." } });
  const finds = (text: string) => passes(one, text, "all", NONE);
  assert.deepEqual(["ana", "MARÍA", "1042", "hill & co", "+1 202 555", "(202) 555-0143", " ana "].filter((text) => !finds(text)), []);
  assert.deepEqual(["bob", "+1 203", "ana 1042", "555x"].filter(finds), []);
  const queued = { ...call("c", "sam"), queue: "Sales" };
  assert.ok(passes(rows(queued)[0]!, "sales", "all", NONE));
});

void test("each filter shows what its count says", () => {
  const [sam, ana] = between("i", "101", "102");
  const held = call("h", "h", { state: "held", agent: agent("h", "103") });
  const rings = call("r", "r", { state: "ringing", agent: agent("r", "104") });
  const monitored = call("m", "m", { monitors: [{} as Call["monitors"][number]], agent: agent("m", "105") });
  const all = rows(sam, ana, held, rings, monitored);
  const team = { people: new Set(["102", "m"]), queues: new Set(["sales"]) };
  const found = counts(all, team);
  assert.deepEqual(found, { all: 4, myTeam: 2, held: 1, ringing: 1, beingMonitored: 1 });
  for (const name of ["all", "myTeam", "held", "ringing", "beingMonitored"] as const) {
    assert.equal(all.filter((one) => passes(one, "", name, team)).length, found[name]);
  }
});

void test("each order is its own, and rows that are alike stay as they came", () => {
  const at = (id: string, minute: string, name: string, number: string) =>
    call(id, id, { started_at: `2026-01-31T12:${minute}:00.000Z`, agent: agent(name, id), customer: { number, name: "" } });
  const all = rows(at("a", "02", "Zoë", "201"), at("b", "01", "Ana", "203"), at("c", "02", "Émile", "202"));
  const order = (sort: Parameters<typeof sorted>[1]) => keys(sorted(all, sort, compare)).join("");
  assert.deepEqual([order("longest"), order("newest"), order("byAgent"), order("byCustomer")], ["bac", "acb", "bca", "acb"]);
});

void test("at which PBX a row is, is said where there are several", () => {
  const pbxs = new Map([["pbx0", { name: "Haifa" }], ["pbx1", { name: "Lod" }]]);
  const at = (...ids: string[]) => whereOf(ids.map((pbx) => call("c", "sam", { pbx })), pbxs);
  assert.equal(at("pbx0"), "Haifa");
  assert.equal(at("pbx0", "pbx0"), "Haifa");
  assert.equal(at("pbx0", "pbx1"), "Haifa ↔ Lod");
  assert.equal(at("gone"), "gone", "of a PBX that is not known, the id");
  assert.equal(whereOf([call("c", "sam", { pbx: "pbx0" })], new Map([["pbx0", { name: "Haifa" }]])), "");
});
