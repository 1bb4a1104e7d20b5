"""Channels and bridges of one PBX, tracked from events: the basis from which calls are derived.

Mutable, but without I/O or clock: it changes only through the methods below, and `dirty` lists the conversations they
changed.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from adapter.core.events import Channel, ChannelState, KnownChannel, Snapshot, endpoint_of, local_partner

ONE_TO_ONE = frozenset({"simple_bridge", "native_rtp", "native_dahdi"})
"""Bridge technologies with the 1TO1MIX or NATIVE capability: only there does a channel have a bridge peer that barge
can reach (main/bridge.c, ast_bridge_peer_nolock)."""


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
    dialled_by: str | None = None
    dials: list[str] = field(default_factory=list)
    bridge: str | None = None
    held: bool = False
    answered_at: datetime | None = None
    call_id: str = ""
    """The public id of its call, once there is one."""

    @property
    def is_local(self) -> bool:
        """Whether it is half of a Local channel, which is internal to the PBX and not a phone."""
        return self.channel.name.startswith("Local/")


@dataclass(slots=True)
class Bridge:
    """One bridge: its technology and the uniqueids in it, oldest first."""

    technology: str
    members: list[str] = field(default_factory=list)


class Channels:
    """All channels and bridges of a PBX."""

    def __init__(self, is_agent: Callable[[str], bool], is_spy: Callable[[Channel], bool]) -> None:
        self._is_agent, self._is_spy = is_agent, is_spy
        self._lines: dict[str, TrackedChannel] = {}
        self._bridges: dict[str, Bridge] = {}
        self._names: dict[str, str] = {}
        self._conversations: dict[str, set[str]] = {}
        self.dirty: set[str] = set()
        """Linkedids whose calls may have changed; the reader clears it."""
        self.moved: list[tuple[str, str]] = []
        """From which linkedid to which a channel went: two conversations became one; the reader clears it."""
        self.departed: list[TrackedChannel] = []
        """Channels that were hung up; the reader clears it."""

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

    def clear(self) -> dict[str, TrackedChannel]:
        """Forget everything; returns the known channels, so that `load` can recognise those that still exist."""
        before, self._lines = self._lines, {}
        self.dirty.update(self._conversations)
        self._bridges, self._names, self._conversations = {}, {}, {}
        return before

    def load(self, snapshot: Snapshot, before: dict[str, TrackedChannel]) -> None:
        """Replace everything by a snapshot. Start time, direction and answer time of known channels are kept."""
        self.clear()
        for known in snapshot.channels:
            self._load_one(known, snapshot, before.get(known.channel.uniqueid))
        for known in snapshot.channels:
            if known.bridge:
                technology = snapshot.technologies.get(known.bridge, "simple_bridge")
                self._join(known.bridge, technology, known.channel.uniqueid)

    def _load_one(self, known: KnownChannel, snapshot: Snapshot, old: TrackedChannel | None) -> None:
        channel = known.channel
        if self._is_spy(channel) and not known.bridge:
            return  # it spies; a leg in a bridge has taken a call over and is a party of it
        line = self._add(channel, old.created_at if old else known.created_at)
        if old and old.channel.linkedid != channel.linkedid:
            self.moved.append((old.channel.linkedid, channel.linkedid))
        line.called = old.called if old else known.was_dialled
        line.dialled = old.dialled if old else "" if known.was_dialled else channel.extension
        line.answered_at = old.answered_at if old else None
        line.held = line.endpoint in snapshot.held_endpoints
        if old:
            line.dialled_by, line.dials = old.dialled_by, old.dials
        if line.answered_at is None and channel.state is ChannelState.UP:
            line.answered_at = snapshot.at if known.bridge is None else known.created_at

    def _add(self, channel: Channel, at: datetime) -> TrackedChannel:
        endpoint = endpoint_of(channel.name)
        called = channel.state is not ChannelState.DIALLING
        line = TrackedChannel(
            channel,
            endpoint,
            self._is_agent(endpoint),
            at,
            dialled="" if called else channel.extension,
            called=called,
        )
        self._lines[channel.uniqueid] = line
        self._names[channel.name] = channel.uniqueid
        self._conversations.setdefault(channel.linkedid, set()).add(channel.uniqueid)
        self.dirty.add(channel.linkedid)
        return line

    def create(self, channel: Channel, at: datetime) -> None:
        """Add a new channel. A supervisor's leg is ignored."""
        if self.see(channel) is None and not self._is_spy(channel):
            self._add(channel, at)

    def adopt(self, channel: Channel, at: datetime) -> None:
        """Add a supervisor's leg that took a call over: from now on it is a line like any other, already answered."""
        if self.see(channel) is None:
            self._add(channel, at).answered_at = at

    def see(self, channel: Channel) -> TrackedChannel | None:
        """Update a channel from an event.

        None if it is not known: an event that arrives after the channel's Hangup must not add it again.
        """
        line = self._lines.get(channel.uniqueid)
        if line is None:
            return None
        old = line.channel
        if old == channel:
            return line
        line.channel = channel
        self.dirty.add(channel.linkedid)
        if old.name != channel.name:
            self._names.pop(old.name, None)
            self._names[channel.name] = channel.uniqueid
            line.endpoint = endpoint_of(channel.name)
            line.is_agent = self._is_agent(line.endpoint)
        if old.linkedid != channel.linkedid:
            self._move(channel.uniqueid, old.linkedid, channel.linkedid)
        return line

    def _move(self, uniqueid: str, old: str, new: str) -> None:
        self.dirty.update((old, new))
        self.moved.append((old, new))
        rest = self._conversations.get(old)
        if rest is not None:
            rest.discard(uniqueid)
            if not rest:
                del self._conversations[old]
        self._conversations.setdefault(new, set()).add(uniqueid)

    def remove(self, uniqueid: str) -> TrackedChannel | None:
        """Remove a channel that was hung up."""
        line = self._lines.pop(uniqueid, None)
        for bridge_id in [line.bridge] if line else list(self._bridges):
            if bridge_id:
                self._part(bridge_id, uniqueid)
        if line is None:
            return None
        self._names.pop(line.channel.name, None)
        self.departed.append(line)
        linkedid = line.channel.linkedid
        self.dirty.add(linkedid)
        rest = self._conversations.get(linkedid, set())
        rest.discard(uniqueid)
        if not rest:
            self._conversations.pop(linkedid, None)
        return line

    def dial(self, caller: Channel | None, called: Channel) -> None:
        """A channel, or the PBX itself, started to ring another."""
        target = self.see(called)
        source = self.see(caller) if caller else None
        if target is None or source is None:
            return
        target.called, target.dialled_by = True, source.channel.uniqueid
        if called.uniqueid not in source.dials:
            source.dials.append(called.uniqueid)
        self.dirty.update((called.linkedid, source.channel.linkedid))

    def dial_over(self, caller: Channel | None, called: Channel) -> None:
        """The ringing has ended; bridges show who is connected."""
        source = self.see(caller) if caller else None
        if source is not None and called.uniqueid in source.dials:
            source.dials.remove(called.uniqueid)
            self.dirty.add(source.channel.linkedid)

    def enter(self, bridge_id: str, technology: str, channel: Channel) -> None:
        """A channel entered a bridge. A supervisor's leg that enters one counts as a peer."""
        if self.see(channel) is not None or self._is_spy(channel):
            self._join(bridge_id, technology, channel.uniqueid)

    def _join(self, bridge_id: str, technology: str, uniqueid: str) -> None:
        line = self._lines.get(uniqueid)
        if line is not None and line.bridge not in (None, bridge_id):
            self._part(line.bridge or "", uniqueid)
        bridge = self._bridges.setdefault(bridge_id, Bridge(technology))
        bridge.technology = technology or bridge.technology
        if uniqueid not in bridge.members:
            bridge.members.append(uniqueid)
        if line is not None:
            line.bridge = bridge_id
        self._touch(bridge)

    def leave(self, bridge_id: str, channel: Channel) -> None:
        """A channel left a bridge."""
        self.see(channel)
        self._part(bridge_id, channel.uniqueid)

    def _part(self, bridge_id: str, uniqueid: str) -> None:
        line = self._lines.get(uniqueid)
        if line is not None and line.bridge == bridge_id:
            line.bridge = None
            self.dirty.add(line.channel.linkedid)
        bridge = self._bridges.get(bridge_id)
        if bridge is not None and uniqueid in bridge.members:
            self._touch(bridge)
            bridge.members.remove(uniqueid)

    def destroy(self, bridge_id: str) -> None:
        """Remove a bridge; channels that were still in it are in none."""
        bridge = self._bridges.pop(bridge_id, None)
        for uniqueid in bridge.members if bridge else ():
            line = self._lines.get(uniqueid)
            if line is not None and line.bridge == bridge_id:
                line.bridge = None
                self.dirty.add(line.channel.linkedid)

    def _touch(self, bridge: Bridge) -> None:
        for uniqueid in bridge.members:
            if (line := self._lines.get(uniqueid)) is not None:
                self.dirty.add(line.channel.linkedid)

    def hold(self, channel: Channel, held: bool) -> None:
        """The party behind this channel put the other on hold, or resumed the call."""
        line = self.see(channel)
        if line is not None and line.held != held:
            line.held = held
            self.dirty.add(channel.linkedid)
            if line.bridge:
                self._touch(self._bridges[line.bridge])

    def peers(self, line: TrackedChannel) -> frozenset[str]:
        """Uniqueids of the other channels in this line's bridge, supervisors' legs included."""
        bridge = self._bridges.get(line.bridge) if line.bridge else None
        return frozenset(bridge.members) - {line.channel.uniqueid} if bridge else frozenset()

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
            partner = self._lines.get(self._names.get(local_partner(other.channel.name) or "", ""))
            if partner is not None and partner.channel.uniqueid not in seen:
                seen.add(partner.channel.uniqueid)
                self._follow(partner, found, seen)

    def _neighbours(self, line: TrackedChannel) -> list[str]:
        if line.bridge and (bridge := self._bridges.get(line.bridge)):
            return bridge.members
        return [line.dialled_by, *line.dials] if line.dialled_by else line.dials
