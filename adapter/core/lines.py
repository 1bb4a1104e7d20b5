"""Channels and bridges of one PBX as they are now, and who is at the other end of each. Only read here."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from adapter.core.call import Party
from adapter.core.events import BridgeKind, Channel, ChannelState, local_partner

ONE_TO_ONE = frozenset({"simple_bridge", "native_rtp", "native_dahdi"})
"""Bridge technologies with the 1TO1MIX or NATIVE capability: only there does a channel have a bridge peer that barge
can reach (main/bridge.c, ast_bridge_peer_nolock)."""


NOBODY = Party("", "")
SILENT = frozenset({BridgeKind.LOGIN, BridgeKind.WAITING})
"""Bridges in which nobody talks to anybody."""


@dataclass(slots=True)
class Visit:
    """A channel in a queue (`adapter.core.visits`)."""

    queue: str
    joined_at: datetime | None
    """None where it was there before we looked, and waits no longer."""
    left_at: datetime | None = None
    """None while it waits, and where nobody saw it leave."""
    waits: bool = True
    taker: str | None = None
    """Uniqueid of the agent's line that took it."""

    @property
    def seconds(self) -> int | None:
        """How long it waited; None while it waits, and where that is not known."""
        if self.joined_at is None or self.left_at is None:
            return None
        return max(0, int((self.left_at - self.joined_at).total_seconds()))


@dataclass(slots=True)
class TrackedChannel:
    """One channel, with its history as far as calls need it."""

    channel: Channel
    endpoint: str
    is_agent: bool
    created_at: datetime
    dialled: str
    """What it dialled when it called in; empty for a channel that was called."""
    called: bool
    """Whether another channel (or the PBX for it) dialled this one."""
    key: str
    """By which its endpoint's owner is found (`adapter.core.devices`)."""
    dialled_by: str | None = None
    dials: list[str] = field(default_factory=list)
    bridge: str | None = None
    holds_in: str | None = None
    """The bridge in which the party behind it put the others on hold: there is no Unhold when it goes to another."""
    hears_music: bool = False
    partners: set[str] = field(default_factory=set)
    """Uniqueids of those who were in a bridge with it."""
    knows_partners: bool = True
    """Whether these are all: not where it existed before we looked."""
    answered_at: datetime | None = None
    own: Party = NOBODY
    """What its endpoint is called, before the dialplan called it otherwise."""
    dial_string: str = ""
    """What was dialled to reach it, without the technology; empty for a channel that called in."""
    reached: str = ""
    """The number at which it was reached, once that is known: it stays, whoever talks to it later."""
    last_far: str = ""
    """The uniqueid of whoever was at its far end last."""
    call_id: str = ""
    """The public id of its one call, once there is one."""
    logged_in: bool = False
    """Whether an agent waits with it for calls, each of which is a call of its own (AgentLogin)."""
    visit: Visit | None = None
    """The queue that it waits in, or waited in last."""
    brought: Visit | None = None
    """Of an agent's line: the visit by which a queue brought its call."""
    rung_by_queue: bool = False
    """Whether a list says that app_queue dialled it."""

    @property
    def held(self) -> bool:
        """Whether the party behind it has put those in its bridge on hold."""
        return self.holds_in is not None and self.holds_in == self.bridge

    @property
    def is_local(self) -> bool:
        """Whether it is half of a Local channel, which is internal to the PBX and not a phone."""
        return self.channel.name.startswith("Local/")


@dataclass(slots=True)
class Bridge:
    """One bridge: its technology, what it is for, and the uniqueids in it, oldest first."""

    technology: str
    kind: BridgeKind = BridgeKind.CALL
    members: list[str] = field(default_factory=list)


class Lines:
    """All channels and bridges of a PBX."""

    def __init__(self) -> None:
        self._lines: dict[str, TrackedChannel] = {}
        self._bridges: dict[str, Bridge] = {}
        self._names: dict[str, str] = {}
        self._conversations: dict[str, set[str]] = {}
        self.waiting: set[str] = set()
        """Uniqueids of those who wait in a queue (`adapter.core.visits`), and of some who hung up meanwhile."""
        self._rooms: set[str] = set()
        """Bridges that are conference rooms."""

    def __getitem__(self, uniqueid: str) -> TrackedChannel:
        return self._lines[uniqueid]

    def get(self, uniqueid: str) -> TrackedChannel | None:
        """The line with this uniqueid, if it is up."""
        return self._lines.get(uniqueid)

    def uniqueids(self) -> Collection[str]:
        """All lines that are up."""
        return self._lines.keys()

    def conversation(self, linkedid: str) -> Iterator[TrackedChannel]:
        """The lines that share this linkedid."""
        return (self._lines[uniqueid] for uniqueid in self._conversations.get(linkedid, ()))

    def has_conversation(self, linkedid: str) -> bool:
        """Whether any line of this conversation is up."""
        return linkedid in self._conversations

    def peers(self, line: TrackedChannel) -> frozenset[str]:
        """Uniqueids of the other channels in this line's bridge, supervisors' legs included."""
        bridge = self._bridges.get(line.bridge) if line.bridge else None
        return frozenset([one for one in bridge.members if one != line.channel.uniqueid]) if bridge else frozenset()

    def has_company(self, line: TrackedChannel) -> bool:
        """Whether somebody else is in its bridge, and people talk in it."""
        bridge = self._bridges.get(line.bridge) if line.bridge else None
        return bridge is not None and len(bridge.members) > 1 and bridge.kind not in SILENT

    def is_left_alone(self, line: TrackedChannel) -> bool:
        """Whether it is in no bridge, or the only one in a bridge in which people talk."""
        bridge = self._bridges.get(line.bridge) if line.bridge else None
        return bridge is None or (len(bridge.members) == 1 and bridge.kind not in SILENT)

    def has_one_peer(self, line: TrackedChannel) -> bool:
        """Whether barge would reach the other side: a bridge with exactly two channels and a technology with peers."""
        bridge = self._bridges.get(line.bridge) if line.bridge else None
        return bridge is not None and len(bridge.members) == 2 and bridge.technology in ONE_TO_ONE

    def far(self, line: TrackedChannel) -> list[TrackedChannel]:
        """The real parties at the other end, oldest first; Local channels are followed to the phones behind them."""
        found: dict[str, TrackedChannel] = {}
        self._follow(line, found, {line.channel.uniqueid})
        return sorted(found.values(), key=lambda other: other.created_at)

    def _follow(self, line: TrackedChannel, found: dict[str, TrackedChannel], seen: set[str]) -> None:
        for uniqueid in self._neighbours(line):
            other = self._lines.get(uniqueid)
            if uniqueid in seen or other is None:
                continue
            seen.add(uniqueid)
            if not other.is_local:
                found[uniqueid] = other
                continue
            partner = self.partner(other)
            if partner is not None and partner.channel.uniqueid not in seen:
                seen.add(partner.channel.uniqueid)
                self._follow(partner, found, seen)

    def reached(self, line: TrackedChannel) -> Iterator[TrackedChannel]:
        """Everybody on the way to the other end, nearest first, Local channels included.

        Of a Local channel only the half that this line is connected with, or was dialled by, is one of them: the other
        half is where it leads to.
        """
        seen, left = {line.channel.uniqueid}, [line]
        while left:
            for uniqueid in self._neighbours(left.pop(0)):
                other = self._lines.get(uniqueid)
                if uniqueid in seen or other is None:
                    continue
                seen.add(uniqueid)
                yield other
                if other.is_local and (partner := self.partner(other)) is not None:
                    seen.add(partner.channel.uniqueid)
                    left.append(partner)

    def partner(self, line: TrackedChannel) -> TrackedChannel | None:
        """The other half of a Local channel, if this is one."""
        return self._lines.get(self._names.get(local_partner(line.channel.name) or "", ""))

    def _neighbours(self, line: TrackedChannel) -> list[str]:
        if line.bridge and (bridge := self._bridges.get(line.bridge)):
            return [] if bridge.kind in SILENT else bridge.members
        if line.dialled_by or line.dials:
            return [line.dialled_by, *line.dials] if line.dialled_by else line.dials
        return self._undialled(line)

    def _undialled(self, line: TrackedChannel) -> list[str]:
        """For whom a program (ARI) makes it ring: those of the same conversation, where nobody dialled anybody."""
        if line.is_local or (line.called and line.channel.state is ChannelState.UP):
            return []
        return [
            other.channel.uniqueid
            for other in self.conversation(line.channel.linkedid)
            if other.called is not line.called and not other.is_local and not other.dialled_by and not other.dials
        ]

    def with_rooms(self, linkedids: set[str]) -> set[str]:
        """These, and those of everybody who is in a conference room with one of them."""
        for room in self._rooms:
            members = map(self._lines.get, self._bridges[room].members)
            there = {line.channel.linkedid for line in members if line is not None}
            if not there.isdisjoint(linkedids):
                linkedids = linkedids | there
        return linkedids

    def is_persistent(self, line: TrackedChannel) -> bool:
        """Whether others come to this line and go, each a call of its own: a conference room, or logged in."""
        bridge = self._bridges.get(line.bridge) if line.bridge else None
        return line.logged_in or (bridge is not None and bridge.kind is BridgeKind.ROOM)

    def has_dialled(self, line: TrackedChannel, other: TrackedChannel) -> bool:
        """Whether one itself called the other, be it through Local channels."""
        seen: set[str] = set()
        by = other.dialled_by
        while by and by not in seen and (caller := self._lines.get(by)) is not None:
            if caller is line:
                return True
            seen.add(by)
            partner = self.partner(caller)
            by = partner.dialled_by if partner is not None else None
        return False
