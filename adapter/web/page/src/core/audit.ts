// The audit in words: which sentence an entry is, whatever the language. Pure.

import type { AuditEntry, EndReason } from "../schema";
import type { Words } from "../words/en";
import { say } from "../words/say.ts";

/** What the sentences need to know besides the entry. */
export interface Reader {
  words: Words;
  /** Names by username; of accounts that are gone, or that one can't see, there are none. */
  names: ReadonlyMap<string, string>;
  /** Usernames by id: a refusal names what it was about by its id. */
  usernames: ReadonlyMap<string, string>;
  when: (time: string) => string;
}

/** Ends of what never began. */
const NEVER_BEGAN: readonly string[] = ["no_answer", "busy", "device_unavailable"] satisfies EndReason[];
const ENDED: readonly string[] = [
  ...["stopped", "supervisor_hung_up", "call_ended", "took_over", "permission_revoked", "adapter_stopped", "pbx_lost", "not_monitorable", "shielded", "error"],
  "transferred", // the leg changed hands
];

/** A word by a name that is put together; undefined where there is none. */
export function wordOf(words: Words, name: string): string | undefined {
  return Object.hasOwn(words, name) ? words[name as keyof Words] : undefined;
}

/** What happened, as a sentence; the action's own name where there is none for it. */
export function sentence(entry: AuditEntry, reader: Reader): string {
  const { words } = reader;
  const who = person(entry.actor, reader);
  const supervisor = entry.supervisor ? person(entry.supervisor, reader) : who;
  const target = entry.target ?? "";
  const gaps = {
    ...{ who, supervisor, call: callOf(entry, words), agent: entry.agent_name || entry.agent || target },
    target: entry.action.startsWith("user.") ? person(reader.usernames.get(target) ?? target, reader) : target,
    since: entry.unsure_since ? reader.when(entry.unsure_since) : "",
  };
  const name = `audit_${entry.action.replaceAll(".", "_")}`;
  const text = [...variants(entry).map((variant) => `${name}_${variant}`), name].map((key) => wordOf(words, key)).find(Boolean);
  return text ? say(text, gaps) : entry.action;
}

/** The more particular sentences that an entry may have, the most particular first. */
function variants(entry: AuditEntry): string[] {
  const { action, actor, mode, reason, result, supervisor } = entry;
  if (action === "session.login" && result !== "ok") return actor === "unknown" ? ["unknown"] : ["refused"];
  if (action === "user.changed" && result === "ok" && actor === entry.target && reason === "password") return ["own_password"];
  if (action === "monitor.ended") return [how(entry)];
  if (action === "do_not_monitor.changed" && result === "ok" && entry.call_id) return [reason?.endsWith("-") ? "call_again" : "call"];
  const way = action === "monitor.mode_changed" && result !== "ok" ? "tried_" : action === "monitor.mode_changed" && actor === "system" ? "system_" : "";
  const forOther = action === "monitor.requested" && supervisor && supervisor !== actor ? [`other_${mode ?? "silent"}`] : [];
  if (result !== "ok" && !action.startsWith("monitor.")) return ["tried"];
  return [...forOther, `${way}${mode ?? "silent"}`];
}

/** How a monitor ended, or that somebody tried to end it: such an entry has no mode. */
function how({ actor, mode, reason, result, supervisor }: AuditEntry): string {
  if (mode === null && result !== "ok") return "tried";
  if (result === "failed" && (NEVER_BEGAN.includes(reason ?? "") || !ENDED.includes(reason ?? ""))) return "never";
  // Who stops all monitoring writes why, and that is the reason of each end that this brings.
  const stopped = reason === "stopped" || (result === "ok" && actor !== "system" && !ENDED.includes(reason ?? ""));
  if (!stopped) return reason ?? "";
  return supervisor && actor !== supervisor ? "by_other" : "stopped";
}

/** Whether a monitor that had begun has ended by it. */
export function hasEnded(entry: AuditEntry): boolean {
  return entry.action === "monitor.ended" && !["tried", "never"].includes(how(entry));
}

/** Whose call it is, as far as the entry says. */
function callOf(entry: AuditEntry, words: Words): string {
  const agent = entry.agent_name || entry.agent || "";
  const { customer } = entry;
  if (agent) return say(customer ? words.auditCall : words.auditCallOf, { agent, customer: customer ?? "" });
  if (entry.agent_extension || entry.target) return say(words.auditCallAt, { extension: entry.agent_extension ?? entry.target ?? "" });
  return words.auditSomeCall;
}

/** Who acts: by name, or what acts where it is nobody. */
function person(actor: string, { names, words }: Reader): string {
  if (actor === "system") return words.auditSystem;
  if (actor === "dialplan") return words.auditDialplan;
  const [kind = "", rest] = split(actor);
  if (kind === "token" && rest) return say(words.auditToken, { name: rest });
  if (kind === "phone" && rest) return say(words.auditPhone, { name: rest });
  return names.get(actor) ?? actor;
}

function split(text: string): [string?, string?] {
  const gap = text.indexOf(" ");
  return gap < 0 ? [text] : [text.slice(0, gap), text.slice(gap + 1)];
}

/** By which way: "at the page", "with the token CRM". */
export function way({ via, via_detail }: AuditEntry, words: Words): string {
  return say(wordOf(words, `via_${via.replaceAll(" ", "_")}`) ?? via, { detail: via_detail ?? "" }).trim();
}

/** Why, in words: a code, what was changed, or what was written there. */
export function reasonOf(entry: AuditEntry, { words }: Reader): string {
  const { reason } = entry;
  if (!reason) return "";
  if (entry.result === "ok" && /^(user|team|token|webhook)\./.test(entry.action)) return reason.split("; ").map((part) => change(part, words)).join("; ");
  if (entry.result === "ok" && entry.action === "consent.changed") return reason.split("; ").map((part) => rule(part, words)).join("; ");
  const isWritten = entry.action === "monitor.stopped_all" && entry.result === "ok";
  const code = isWritten ? undefined : wordOf(words, `reason_${reason}`);
  return code ?? (isWritten || entry.action === "monitor.ended" ? say(words.reasonWritten, { text: reason }) : reason);
}

/** `can_monitor: false → true` with the words of the form; `service for 2`, `enabled` and the like. */
function change(part: string, words: Words): string {
  const service = part.match(/^service for (\d+)$/)?.[1];
  if (service) return say(words.partService, { count: service });
  const plain = { "for a user": words.partUser, enabled: words.partEnabled, disabled: words.partDisabled }[part];
  if (plain) return plain;
  const [name = "", values] = part.split(": ", 2);
  const field = wordOf(words, `field_${name}`);
  if (!field) return part;
  if (!values) return field;
  const value = (text: string) => text.split(" ").map((word) => wordOf(words, `value_${word}`) ?? word).join(", ");
  return `${field}: ${["name", "username"].includes(name) ? values : values.split(" → ").map(value).join(" → ")}`;
}

/** `queue 500, inbound: beep every 15 s to both`, as the server writes a rule of consent. */
function rule(part: string, words: Words): string {
  const [, where = "", sound, every, to] = /^(.*): (none|announcement|beep)(?: every (\d+) s to (agent|both))?$/.exec(part) ?? [];
  if (part === "no rules") return words.consentNoRules;
  if (!sound) return part;
  const condition = (text: string) => {
    const [, kind, name = ""] = /^(queue|team) (.*)$/.exec(text) ?? [];
    return kind ? `${kind === "queue" ? words.consentQueue : words.reportByTeam} ${name}` : wordOf(words, text) ?? text;
  };
  const calls = where === "all calls" ? words.consentAllCalls : where.split(", ").map(condition).join(", ");
  const beeps = `${words.consentBeep} (${every} s, ${to === "both" ? words.consentBoth : words.consentAgent})`;
  return `${calls}: ${{ none: words.consentNone, announcement: words.consentAnnouncement, beep: beeps }[sound as "none"]}`;
}

/** Whose leave it was. */
export function leave({ allowed_by }: AuditEntry, reader: Reader): string {
  if (!allowed_by) return "";
  if (allowed_by === "role administrator") return reader.words.auditAsAdministrator;
  const by = allowed_by.match(/^granted by (.+)$/)?.[1];
  return by ? say(reader.words.auditGrantedBy, { who: person(by, reader) }) : allowed_by;
}

/** Entries by the day on which they happened, in the order in which they come. `day`: the day of a time, where one is. */
export function byDay(entries: readonly AuditEntry[], day: (time: string) => string): [string, AuditEntry[]][] {
  const days: [string, AuditEntry[]][] = [];
  for (const entry of entries) {
    const name = day(entry.at);
    const last = days.at(-1);
    if (last?.[0] === name) last[1].push(entry);
    else days.push([name, [entry]]);
  }
  return days;
}
