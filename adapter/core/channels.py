"""Channels and bridges of one PBX, tracked from events: the basis from which calls are derived.

Mutable, but without I/O or clock: it changes only through the methods below, and `dirty` lists the conversations they
changed.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from adapter.core.call import Party
from adapter.core.devices import key_of
from adapter.core.events import BridgeKind, Channel, ChannelState, KnownChannel, Snapshot, endpoint_of
from adapter.core.lines import Bridge, Lines, TrackedChannel
from adapter.core.linked import Linked, age
from adapter.core.pairing import callers, was_called


class Channels(Lines):
    """All channels and bridges of a PBX, as events change them."""

    def __init__(self, is_agent: Callable[[str], bool], is_spy: Callable[[Channel], bool]) -> None:
        super().__init__()
        self._is_agent, self._is_spy = is_agent, is_spy
        self._linked = Linked()
        self.dirty: set[str] = set()
        """Linkedids whose calls may have changed; the reader clears it."""
        self.moved: list[tuple[str, str]] = []
        """From which linkedid to which a channel went: two conversations became one; the reader clears it."""
        self.departed: list[TrackedChannel] = []
        """Channels that were hung up; the reader clears it."""

    def clear(self) -> dict[str, TrackedChannel]:
        """Forget everything; returns the known channels, so that `load` can recognise those that still exist."""
        before, self._lines = self._lines, {}
        self.dirty.update(self._conversations)
        self._bridges, self._names, self._conversations = {}, {}, {}
        self._linked.clear()
        self._rooms.clear()
        return before

    def load(self, snapshot: Snapshot, before: dict[str, TrackedChannel]) -> None:
        """Replace everything by a snapshot. Start time, direction and answer time of known channels are kept."""
        self.clear()
        dialled_by = callers(snapshot.channels)
        for known in snapshot.channels:
            self._load_one(known, snapshot, before.get(known.channel.uniqueid))
        for known in snapshot.channels:
            if known.bridge:
                technology = snapshot.technologies.get(known.bridge, "simple_bridge")
                self._join(known.bridge, technology, known.channel.uniqueid, snapshot.kinds.get(known.bridge))
        for called, caller in dialled_by.items():
            self._load_dial(caller, called)

    def _load_dial(self, caller: str, called: str) -> None:
        """One called the other, as far as a list tells; what was seen when it happened counts more."""
        source, target = self._lines.get(caller), self._lines.get(called)
        if source is None or target is None or target.dialled_by is not None:
            return
        target.dialled_by = caller
        if target.bridge is None and target.channel.state is not ChannelState.UP:
            source.dials.append(called)

    def _load_one(self, known: KnownChannel, snapshot: Snapshot, old: TrackedChannel | None) -> None:
        channel = known.channel
        if self._is_spy(channel) and not known.bridge:
            return  # it spies; a leg in a bridge has taken a call over and is a party of it
        line = self._add(channel, old.created_at if old else known.created_at)
        if old and old.channel.linkedid != channel.linkedid:
            self.moved.append((old.channel.linkedid, channel.linkedid))
        line.called = old.called if old else was_called(known)
        line.dialled = old.dialled if old else "" if line.called else known.dialled or channel.extension
        line.dial_string = old.dial_string if old else known.dial_string
        if known.own_number is not None:
            line.own = Party(known.own_number, known.own_name)
        line.logged_in = known.application == "AgentLogin"
        line.answered_at = old.answered_at if old else None
        line.holds_in = known.bridge if line.endpoint in snapshot.held_endpoints else None
        line.hears_music = old.hears_music if old else False
        line.partners, line.knows_partners = (
            (old.partners, old.knows_partners) if old else (set(), known.bridge is None)
        )
        if old:
            line.dialled_by, line.dials, line.reached, line.own = old.dialled_by, old.dials, old.reached, old.own
            line.visit, line.brought, line.rung_by_queue = old.visit, old.brought, old.rung_by_queue
        if line.answered_at is None and channel.state is ChannelState.UP:
            line.answered_at = snapshot.at if known.bridge is None else known.created_at

    def _add(self, channel: Channel, at: datetime) -> TrackedChannel:
        if (home := self._linked.now.get(channel.linkedid)) is not None:
            channel = channel._replace(linkedid=home)
        endpoint = endpoint_of(channel.name)
        called = channel.state is not ChannelState.DIALLING
        line = TrackedChannel(
            channel,
            endpoint,
            self._is_agent(endpoint),
            at,
            dialled="" if called else channel.extension,
            called=called,
            key=key_of(endpoint),
            own=Party(channel.number, channel.caller_name),
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
        if (home := self._linked.now.get(channel.linkedid)) is not None:
            channel = channel._replace(linkedid=home)
        line.channel = channel
        self.dirty.add(channel.linkedid)
        if old.name != channel.name:
            self._names.pop(old.name, None)
            self._names[channel.name] = channel.uniqueid
            line.endpoint = endpoint_of(channel.name)
            line.key = key_of(line.endpoint)
            line.is_agent = self._is_agent(line.endpoint)
        if old.linkedid != channel.linkedid:
            self._move(channel.uniqueid, old.linkedid, channel.linkedid)
        return line

    def _move(self, uniqueid: str, old: str, new: str) -> None:
        self.dirty.update((old, new))
        self.moved.append((old, new))
        self._conversations.setdefault(new, set()).add(uniqueid)
        self._part_with(old, uniqueid)

    def _part_with(self, linkedid: str, uniqueid: str) -> None:
        rest = self._conversations.get(linkedid)
        if rest is not None:
            rest.discard(uniqueid)
            if not rest:
                del self._conversations[linkedid]
                self._linked.forget(linkedid)

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
        self._part_with(linkedid, uniqueid)
        return line

    def dial(self, caller: Channel | None, called: Channel, dial_string: str = "") -> None:
        """A channel, or the PBX itself, started to ring another."""
        target = self.see(called)
        source = self.see(caller) if caller else None
        if target is not None:
            target.dial_string = dial_string or target.dial_string
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

    def pick_up(self, rang: Iterable[str], uniqueid: str) -> None:
        """A channel takes the place of those that rang: it is called by whoever called them (main/pickup.c)."""
        line = self._lines.get(uniqueid)
        for target in filter(None, map(self._lines.get, rang)):
            if line is None or line is target:
                continue
            line.called, line.dialled, line.dialled_by = True, "", target.dialled_by
            source = self._lines.get(target.dialled_by or "")
            if source is not None and uniqueid not in source.dials:
                source.dials.append(uniqueid)
            self._unite({line.channel.linkedid, target.channel.linkedid})
            self.dirty.add(line.channel.linkedid)

    def enter(self, bridge_id: str, technology: str, channel: Channel, kind: BridgeKind = BridgeKind.CALL) -> None:
        """A channel entered a bridge. A supervisor's leg that enters one counts as a peer."""
        if self.see(channel) is not None or self._is_spy(channel):
            self._join(bridge_id, technology, channel.uniqueid, kind)

    def _join(self, bridge_id: str, technology: str, uniqueid: str, kind: BridgeKind | None = None) -> None:
        line = self._lines.get(uniqueid)
        if line is not None and line.bridge not in (None, bridge_id):
            self._part(line.bridge or "", uniqueid)
        bridge = self._bridges.setdefault(bridge_id, Bridge(technology))
        bridge.technology, bridge.kind = technology or bridge.technology, kind or bridge.kind
        if bridge.kind is BridgeKind.ROOM:
            self._rooms.add(bridge_id)
        if uniqueid not in bridge.members:
            bridge.members.append(uniqueid)
        if line is not None:
            line.bridge = bridge_id
            line.logged_in = line.logged_in or bridge.kind is BridgeKind.LOGIN
        self._meet(bridge, uniqueid)
        if bridge.kind is BridgeKind.CALL and len(bridge.members) > 1:
            self._unite({one.channel.linkedid for one in map(self._lines.get, bridge.members) if one})
        self._touch(bridge)

    def _meet(self, bridge: Bridge, uniqueid: str) -> None:
        """Keep for agents whom they were in a bridge with: they alone are listened to."""
        line = self._lines.get(uniqueid)
        for other in bridge.members:
            if other == uniqueid:
                continue
            if line is not None and line.is_agent:
                line.partners.add(other)
            if (known := self._lines.get(other)) is not None and known.is_agent:
                known.partners.add(uniqueid)

    def is_now(self, bridge_id: str, technology: str) -> None:
        """A bridge has this technology, as Asterisk said when it was asked."""
        bridge = self._bridges.get(bridge_id)
        if bridge is not None and technology and bridge.technology != technology:
            bridge.technology = technology
            self._touch(bridge)

    def _unite(self, linkedids: Collection[str]) -> None:
        """These have become one conversation, the oldest, as Asterisk has it (Linked)."""
        if len(linkedids) < 2:
            return
        oldest = min(linkedids, key=self._age)
        for linkedid in set(linkedids) - {oldest}:
            for uniqueid in list(self._conversations.get(linkedid, ())):
                line = self._lines[uniqueid]
                line.channel = line.channel._replace(linkedid=oldest)
                self._move(uniqueid, linkedid, oldest)
            self._linked.join(linkedid, oldest)

    def _age(self, linkedid: str) -> tuple[int, float, int]:
        """The least is the oldest; what doesn't tell its own age has that of its first channel."""
        if (told := age(linkedid)) is not None:
            return (0, *told)
        began = min(line.created_at for line in self.conversation(linkedid))
        return (1, began.timestamp(), 0)

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
        self._rooms.discard(bridge_id)
        for uniqueid in bridge.members if bridge else ():
            line = self._lines.get(uniqueid)
            if line is not None and line.bridge == bridge_id:
                line.bridge = None
                self.dirty.add(line.channel.linkedid)

    def _touch(self, bridge: Bridge) -> None:
        for uniqueid in bridge.members:
            if (line := self._lines.get(uniqueid)) is not None:
                self.dirty.add(line.channel.linkedid)

    def touch(self, linkedid: str | None) -> None:
        """Something of this conversation is different; None: of none."""
        if linkedid is not None:
            self.dirty.add(linkedid)

    def hold(self, channel: Channel, held: bool) -> None:
        """The party behind this channel put the other on hold, or resumed the call."""
        line = self.see(channel)
        if line is not None and line.held != (held and line.bridge is not None):
            line.holds_in = line.bridge if held else None
            self.dirty.add(channel.linkedid)
            if line.bridge:
                self._touch(self._bridges[line.bridge])

    def music(self, channel: Channel, plays: bool) -> None:
        """Music on hold began or ceased to play to this channel."""
        line = self.see(channel)
        if line is not None and line.hears_music != plays:
            line.hears_music = plays
            self.dirty.add(channel.linkedid)
