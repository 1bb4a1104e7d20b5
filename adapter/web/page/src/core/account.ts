// An account while it is edited: what the form holds, and what of it was changed. Pure.

import type { Mode, MonitorScope, Role, User, UserBody, UserPatch } from "../schema";

/** What the editor's fields hold, as they are typed. */
export interface Draft {
  name: string;
  username: string;
  role: Role;
  password: string;
  extension: string;
  /** One per line; the first rings. */
  devices: string;
  /** At which PBX the phone is; empty where none is named. */
  pbx: string;
  can_monitor: boolean;
  modes: Mode[];
  scope: MonitorScope;
  phone_message: boolean;
}

export function draftOf(user: User | null): Draft {
  return {
    name: user?.name ?? "",
    username: user?.username ?? "",
    role: user?.role ?? "agent",
    password: "",
    extension: user?.extension ?? "",
    devices: (user?.devices ?? []).join("\n"),
    pbx: user?.pbx ?? "",
    // The API says true of every administrator. Whether they were given the right as an agent it doesn't say.
    can_monitor: user !== null && user.role === "agent" && user.can_monitor,
    modes: user?.modes ?? ["silent", "whisper", "barge"],
    scope: user?.scope ?? "all",
    phone_message: user?.phone_message ?? true,
  };
}

export const devicesOf = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);

/** The fields as the API takes them: only those that differ from how the account was, so that nothing is overwritten
 *  that somebody else changed meanwhile. Empty when nothing was changed. */
export function changesOf(before: User, draft: Draft): UserPatch {
  const old = draftOf(before);
  const change: UserPatch = {};
  if (draft.name.trim() !== old.name) change.name = draft.name.trim();
  if (draft.username.trim() !== old.username) change.username = draft.username.trim();
  if (draft.role !== old.role) change.role = draft.role;
  if (draft.password) change.password = draft.password;
  if (draft.extension.trim() !== old.extension) change.extension = draft.extension.trim() || null;
  const devices = devicesOf(draft.devices);
  if (devices.join(" ") !== before.devices.join(" ")) change.devices = devices;
  if (draft.pbx !== old.pbx) change.pbx = draft.pbx || null;
  if (draft.phone_message !== old.phone_message) change.phone_message = draft.phone_message;
  if (draft.role === "administrator") return change; // theirs is always all
  const became = before.role === "administrator"; // an agent: with the rights that the form shows
  if (became || draft.can_monitor !== old.can_monitor) change.can_monitor = draft.can_monitor;
  if (became || !same(draft.modes, old.modes)) change.modes = draft.modes;
  if (became || draft.scope !== old.scope) change.scope = draft.scope;
  return change;
}

/** A new account as the API takes it. */
export function bodyOf(draft: Draft): UserBody {
  const { role, password, can_monitor, modes, scope, phone_message } = draft;
  return {
    name: draft.name.trim(),
    username: draft.username.trim(),
    extension: draft.extension.trim() || null,
    devices: devicesOf(draft.devices),
    ...(draft.pbx && { pbx: draft.pbx }),
    ...{ role, password, can_monitor, modes, scope, phone_message },
  };
}

/** Whether anything was typed that leaving would lose. */
export function isChanged(before: User | null, draft: Draft): boolean {
  if (before) return Object.keys(changesOf(before, draft)).length > 0;
  return JSON.stringify(draft) !== JSON.stringify(draftOf(null));
}

/** The same edits over an account that was read anew: what wasn't edited is as it is now. */
export function rebased(before: User, draft: Draft, fresh: User): Draft {
  const old = draftOf(before);
  const edited = Object.entries(draft).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name as keyof Draft]));
  return { ...draftOf(fresh), ...Object.fromEntries(edited) };
}

/** Whether an account matches what was typed into the search: each word in its name, username, extension or a device. */
export function found(user: User, text: string): boolean {
  const where = [user.name, user.username, user.extension ?? "", ...user.devices].join("\n").toLocaleLowerCase();
  return text.toLocaleLowerCase().split(/\s+/).every((word) => where.includes(word));
}

function same(one: readonly Mode[], other: readonly Mode[]): boolean {
  return one.length === other.length && one.every((mode) => other.includes(mode));
}
