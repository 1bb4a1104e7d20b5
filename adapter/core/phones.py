"""Whose phones the devices of one PBX are, which of them are agents', and whether they are registered. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from adapter.core.call import Call
from adapter.core.devices import key_of, normalised
from adapter.core.numbering import Numbering
from adapter.core.people import Directory, User
from adapter.core.queueevents import QueueMember

NOT_PHONES = ("local/", "hint:", "agent:", "queue:", "mwi:", "park:", "meetme:", "confbridge:", "custom:", "calendar:")
"""Beginnings of devices that are no phones, in lower case (main/devicestate.c, and what registers a provider there)."""
EXTENSION = re.compile(r"(?:Local/|hint:|Agent:)([^@/]+)", re.IGNORECASE)
"""The extension behind a member that is no phone: `Local/101@from-queue/n`, `hint:101@ext-local`, `Agent:101`."""


class Reach(StrEnum):
    """Whether a phone can be reached."""

    REGISTERED = "registered"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


TOLD = {
    "NOT_INUSE": Reach.REGISTERED,
    "UNAVAILABLE": Reach.OFFLINE,
    "INVALID": Reach.OFFLINE,
    "UNKNOWN": Reach.UNKNOWN,
}
"""What a device's state tells of its registration (include/asterisk/devicestate.h). The others say that something
occupies it, which may be a supervisor's leg: then what was known stays. Where nothing was, nothing is: whose phone is
heard of first when a leg rings it (endpoints in a database, which Asterisk knows once they are used) would show it."""


class Person(NamedTuple):
    """Who an agent is."""

    user_id: str | None
    name: str
    extension: str


class Phones:
    """The devices of one PBX. Agents have keys: their account's id, or the device's where it has none."""

    def __init__(self, numbering: Numbering, directory: Directory) -> None:
        self._numbering = numbering
        self._reach: dict[str, Reach] = {}
        self._names: dict[str, str] = {}
        """Devices by their keys, as Asterisk writes them: those that are agents' phones."""
        self._occupied: set[str] = set()
        """Keys of devices of which nothing is known but that something occupied them."""
        self.rename(directory)

    def rename(self, directory: Directory) -> None:
        """Accounts changed."""
        pbx = self._numbering.pbx
        self._directory = directory.at(pbx)
        self._agents: dict[str, User] = {}
        """By id: who has an agent's phone here."""
        self._by_extension: dict[str, User] = {}
        for user in directory.users.values():
            if not user.active or user.pbx not in (None, pbx):
                continue
            if user.extension:
                self._by_extension[user.extension] = user
            if any(self._numbering.is_agent(device) for device in user.devices):
                self._agents[user.id] = user

    # --- told

    def connected(self, states: Mapping[str, str], *, restarted: bool) -> None:
        """The list with which a connection begins; `restarted`: the first of this Asterisk.

        A phone that is occupied then was known before: all are that Asterisk has in its own configuration, from its
        start on.
        """
        if restarted:
            self._occupied.clear()
        for device, state in states.items():
            if state not in TOLD and key_of(device) not in self._occupied:
                self.used(device)
        self.listed(states)

    def listed(self, states: Mapping[str, str]) -> Iterable[str]:
        """These are all devices of which Asterisk knows a state. Returns the keys of agents whom it concerns."""
        if not states:
            return ()
        found = set()
        for gone in self._reach.keys() - {key_of(device) for device in states}:
            del self._reach[gone]
            self._names.pop(gone, None)
            found.add(self._owner(gone))
        for device, state in states.items():
            found.update(self.changed(device, state))
        return found

    def changed(self, device: str, state: str) -> Iterable[str]:
        """A device's state is this now. Returns the keys of agents whom it concerns."""
        key = key_of(device)
        now = TOLD.get(state)
        if now is None and key not in self._reach:
            self._occupied.add(key)
        if now is None or (now is Reach.REGISTERED and key in self._occupied):
            return ()
        return self._set(device, now)

    def used(self, device: str) -> Iterable[str]:
        """There is a call at this device, so it can be reached. Returns the keys of agents whom it concerns."""
        return self._set(device, Reach.REGISTERED) if key_of(device) not in self._reach else ()

    def _set(self, device: str, now: Reach) -> Iterable[str]:
        key = key_of(device)
        if key.startswith(NOT_PHONES):
            return ()
        before = self._reach.get(key)
        if now is before:
            return ()
        self._occupied.discard(key)
        self._reach[key] = now
        is_trunk = self._numbering.is_trunk
        if before is None and self._numbering.is_agent(device) and not (is_trunk is not None and is_trunk(device)):
            self._names[key] = device
        return (self._owner(key),)

    # --- asked

    def _owner(self, key: str) -> str:
        user = self._directory.owner_by(key)
        return user.id if user is not None else key

    def key_of(self, device: str) -> str:
        """Whose phone a device is."""
        return self._owner(key_of(device))

    def key_of_member(self, member: QueueMember) -> str:
        """Who a member of a queue is: by the phone whose state counts, or that rings, or else by the extension."""
        for device in (member.state_interface, member.interface):
            if device and not key_of(device).startswith(NOT_PHONES):
                return self.key_of(normalised(device))
        for device in (member.interface, member.state_interface):
            if (found := EXTENSION.match(device)) is not None:
                if (user := self._by_extension.get(found[1])) is not None:
                    return user.id
                if self._numbering.is_agent(f"PJSIP/{found[1]}"):
                    return self.key_of(f"PJSIP/{found[1]}")
        return key_of(member.interface)

    def people(self) -> Collection[str]:
        """The keys of all agents who are known by their phones."""
        return self._agents.keys() | {self._owner(key) for key in self._names}

    def is_agent(self, key: str) -> bool:
        """Whether they are one by their phones; of several PBXes, where a phone of theirs is known."""
        user = self._agents.get(key)
        if user is None:
            return key in self._names and self._directory.owner_by(key) is None
        if self._numbering.is_trunk is None or user.pbx is not None:
            return True
        return any(key_of(device) in self._reach for device in user.devices)

    def reach(self, key: str) -> Reach:
        """The best of their phones' registrations."""
        user = self._directory.users.get(key)
        devices = [key_of(device) for device in user.devices] if user is not None else [key]
        known = [self._reach[device] for device in devices if device in self._reach]
        return next((reach for reach in Reach if reach in known), Reach.UNKNOWN)

    def teams_of(self, user_id: str | None) -> tuple[str, ...]:
        """Ids of the teams of which this account is a member."""
        user = self._directory.users.get(user_id or "")
        return tuple(sorted(user.teams)) if user is not None else ()

    def created_at(self, user_id: str | None) -> datetime | None:
        """When this account was made, where that is known."""
        user = self._directory.users.get(user_id or "")
        return user.created_at if user is not None else None

    def person(self, key: str, calls: Sequence[Call], members: Sequence[QueueMember], known: str) -> Person:
        """Who they are: an account, else as the queue calls them, else as the phone is called. `known`: until now."""
        user = self._directory.users.get(key)
        if user is not None:
            device = user.device or ""
            return Person(user.id, user.name, user.extension or device.partition("/")[2])
        in_call = next((call.agent for call in calls), None)
        device = self._names.get(key) or (in_call.endpoint if in_call is not None else "") or key
        plain = device.partition("/")[2] or device
        if (found := EXTENSION.match(device)) is not None:
            plain = found[1]
        named = next((one.name for one in members if one.name not in ("", one.interface)), "")
        spoken = in_call.name if in_call is not None else known
        return Person(None, named or spoken or plain, in_call.extension if in_call is not None else plain)
