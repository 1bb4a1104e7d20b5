"""Events in, calls out: derives calls, as people see them, from agents' channels, their bridges and their far ends.

Usage: `apply` every event in order, then `settle` once per batch to get the changes. No I/O, no clock.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from adapter.core import events as ev
from adapter.core import visits
from adapter.core.call import Call, CallState
from adapter.core.channels import Channels
from adapter.core.lines import TrackedChannel
from adapter.core.numbering import Numbering
from adapter.core.parties import Parties
from adapter.core.people import Directory
from adapter.core.shield import Rules, rules_of
from adapter.core.sides import Side, Sides
from adapter.core.sighting import Sighting
from adapter.core.talk import Talk
from adapter.core.told import TOLD
from adapter.core.trunks import Dialog, Half, Trunks

__all__ = ["CallChange", "Calls", "Numbering"]


class CallChange(NamedTuple):
    """A call before and after a batch of events; None if it did not exist yet, or has ended."""

    before: Call | None
    after: Call | None


NOBODY: frozenset[str] = frozenset()
Ends = tuple[TrackedChannel, Sequence[TrackedChannel]]
"""A line, and the real parties at its other end."""


class Calls:
    """All calls of one PBX."""

    def __init__(self, numbering: Numbering, directory: Directory) -> None:
        self._numbering = numbering
        self._directory = directory
        self._lines = Channels(numbering.is_agent, numbering.is_spy)
        here = directory.at(numbering.pbx), numbering.is_internal, numbering.prefixes
        self._parties_of = Parties(self._lines, *here, numbering.country_of, numbering.is_trunk)
        self._sides = Sides(self._lines, self._parties_of, numbering.opaque)
        self.trunks = Trunks(self._lines, numbering.is_trunk, numbering.secret) if numbering.is_trunk else None
        """None where there is no other PBX."""
        self.halves: list[Half] = []
        """Far halves of legs that the last `settle` found changed."""
        self._past: dict[str, TrackedChannel] = {}
        self._calls: dict[str, Call] = {}
        self._by_conversation: dict[str, dict[str, Call]] = {}
        self._linkedids: dict[str, str] = {}
        """By conversation: those that have a channel."""
        self._conversation_ids: dict[str, str] = {}
        """The same by linkedid."""
        self.talks: dict[str, Talk] = {}
        """Who talks, by call: whoever changes it has the calls looked at again."""
        self.sightings: list[Sighting] = []
        """Who the last `settle` found in which conversation."""

    # --- events in

    def apply(self, event: ev.Event) -> None:
        """Apply one event. Events about spying and digits are ignored here."""
        if (tell := TOLD.get(type(event))) is not None:
            tell(self._lines, event)
        elif isinstance(event, ev.Snapshot):
            self._lines.load(event, {} if event.restarted else {**self._past, **self._lines.clear()})
            visits.listed(self._lines, event)
            self._past = {}
        if self.trunks is not None:
            self._follow(self.trunks, event)

    def _follow(self, trunks: Trunks, event: ev.Event) -> None:
        """Ask for, and take in, what joins two PBXes' halves of a call."""
        match event:
            case ev.ChannelCreated(_, channel):
                self._ask(channel.uniqueid)
            case ev.Snapshot():
                trunks.loaded(event)
                for uniqueid in self._lines.uniqueids():
                    self._ask(uniqueid)
            case ev.DialogTold(_, uniqueid, call_id, leg):
                if (line := trunks.told(uniqueid, Dialog(call_id, leg))) is not None:
                    self._lines.dirty.add(line.channel.linkedid)

    def adopt(self, channel: ev.Channel, at: datetime) -> None:
        """A supervisor's leg took a call over and is a party of it now."""
        self._lines.adopt(channel, at)
        self._ask(channel.uniqueid)

    def _ask(self, uniqueid: str) -> None:
        """Of a new channel it is to be asked where it leads, unless it is a phone's."""
        trunks, line = self.trunks, self._lines.get(uniqueid)
        if trunks is not None and line is not None and self.phones.owner_by(line.key) is None:
            trunks.noticed(line.channel, called=line.called)

    def release(self, leg: str) -> None:
        """This leg took a call over: what was its far half here is a party's line from now on."""
        for line in self.trunks.released(leg) if self.trunks is not None else ():
            self._lines.dirty.add(line.channel.linkedid)

    def suspend(self) -> None:
        """The connection to the PBX was lost: no call is known until the next snapshot."""
        self._past = {**self._past, **self._lines.clear()}

    def rename(self, directory: Directory) -> None:
        """Accounts changed: use names and participants from the new directory."""
        self._directory, self._parties_of.directory = directory, directory.at(self._numbering.pbx)
        self._lines.dirty.update(self._linkedids.values())

    def look_again(self, conversations: Iterable[str]) -> None:
        """What decides about these, and is no event of this PBX, is another now."""
        self._lines.dirty.update(self._linkedids[one] for one in conversations if one in self._linkedids)

    # --- calls out

    def settle(self, at: datetime) -> list[CallChange]:
        """The changes since the last call. Only conversations that events touched are examined."""
        if not self._lines.dirty:
            return []
        dirty = self._lines.with_rooms(self._lines.dirty)
        self._lines.dirty = set()
        self.sightings, self.halves = [], []
        joined, departed = self._taken()
        before: dict[str, Call] = {}
        after: dict[str, Call] = {}
        for linkedid in dirty:
            conversation = self._conversation(linkedid)
            before.update(self._by_conversation.pop(conversation, {}))
            lines = [(line, self._lines.far(line)) for line in self._lines.conversation(linkedid)]
            people, present = self._people(lines, departed.get(linkedid, ()))
            others = frozenset(joined.get(linkedid, ()))
            if self.trunks is None:
                now = self._read(lines, conversation, present, at)
                sighting = Sighting(conversation, people, present, frozenset(now), others)
            else:
                trunks = self.trunks.read([line for line, _ in lines], departed.get(linkedid, ()))
                if trunks.half is not None:  # whoever is at it is in no conversation by that
                    self.halves.append(trunks.half)
                    people = present = NOBODY
                now = {} if trunks.withheld else self._read(lines, conversation, present, at)
                known_by = frozenset(now) | trunks.dialogs
                ends = (trunks.open, trunks.gone)
                sighting = Sighting(conversation, people, present, known_by, others, *ends, across=True)
            after.update(now)
            if now:
                self._by_conversation[conversation] = now
            self.sightings.append(sighting)
        return self._changes(before, after)

    def _conversation(self, linkedid: str) -> str:
        """The id of this conversation, which is kept for as long as it has a channel."""
        conversation = self._conversation_ids.get(linkedid) or self._numbering.opaque(linkedid)
        if self._lines.has_conversation(linkedid):
            self._conversation_ids[linkedid] = conversation
            self._linkedids[conversation] = linkedid
        else:
            self._conversation_ids.pop(linkedid, None)
            self._linkedids.pop(conversation, None)
        return conversation

    def _taken(self) -> tuple[dict[str, set[str]], dict[str, list[TrackedChannel]]]:
        """What happened since the last time, by linkedid: conversations that came to it, and lines that hung up."""
        joined: dict[str, set[str]] = {}
        for old, new in self._lines.moved:
            joined.setdefault(new, set()).add(self._numbering.opaque(old))
        departed: dict[str, list[TrackedChannel]] = {}
        for line in self._lines.departed:
            departed.setdefault(line.channel.linkedid, []).append(line)
        self._lines.moved, self._lines.departed = [], []
        return joined, departed

    def _people(
        self, lines: Sequence[Ends], departed: Sequence[TrackedChannel]
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Ids of users who are, or were just now, connected in it; and of all in it now: one set if they can."""
        parties = {party.channel.uniqueid: party for line, far in lines for party in (line, *far)}.values()
        connected = [line for line in (*parties, *departed) if line.channel.state is ev.ChannelState.UP]
        people = self._owners(connected)
        if not departed and len(connected) == len(parties):
            return people, people
        return people, self._owners(parties)

    def lives(self, conversation_id: str) -> bool:
        """Whether any channel of this conversation is up."""
        return conversation_id in self._linkedids

    def _changes(self, before: dict[str, Call], after: dict[str, Call]) -> list[CallChange]:
        changes = []
        for call_id, old in before.items():
            if call_id not in after:
                self._calls.pop(call_id, None)
                changes.append(CallChange(old, None))
        for call_id, new in after.items():
            known = self._calls.get(call_id)
            if known is not new:  # `_call` gives back what is known as long as it looks the same
                self._calls[call_id] = new
                changes.append(CallChange(known, new))
        return changes

    @property
    def calls(self) -> Collection[Call]:
        """All calls as of the last `settle`."""
        return self._calls.values()

    def of_conversation(self, conversation_id: str) -> Collection[str]:
        """Ids of the calls of a conversation as of the last `settle`."""
        return self._by_conversation.get(conversation_id, {})

    @property
    def phones(self) -> Directory:
        """Whose phones the endpoints of this PBX are."""
        return self._parties_of.directory

    def channels(self) -> Collection[str]:
        """Uniqueids of all channels but legs."""
        return self._lines.uniqueids()

    def get(self, call_id: str) -> Call | None:
        """One call as of the last `settle`."""
        return self._calls.get(call_id)

    def peers(self, uniqueid: str) -> frozenset[str] | None:
        """The channels that share the bridge with this one now, settled or not; None if the channel is gone."""
        return None if (line := self._lines.get(uniqueid)) is None else self._lines.peers(line)

    def conversation_of(self, uniqueid: str) -> str | None:
        """The id of the conversation that a channel is in as of the last `settle`."""
        line = self._lines.get(uniqueid)
        return self._conversation_ids.get(line.channel.linkedid) if line is not None else None

    def bridge_of(self, uniqueid: str) -> str | None:
        """The bridge that this channel is in right now."""
        return line.bridge if (line := self._lines.get(uniqueid)) is not None else None

    def endpoint_of(self, uniqueid: str) -> str | None:
        """The endpoint behind a channel, such as PJSIP/101; None if it is gone."""
        return line.endpoint if (line := self._lines.get(uniqueid)) is not None else None

    def was_called(self, uniqueid: str) -> bool:
        """Whether somebody called this channel, rather than it them."""
        return (line := self._lines.get(uniqueid)) is not None and line.called

    def met_others(self, uniqueid: str) -> bool:
        """Whether this channel may have been in a bridge with others than now."""
        line = self._lines.get(uniqueid)
        return line is None or not line.knows_partners or bool(line.partners - self._lines.peers(line))

    def participants(self, conversation_id: str) -> frozenset[str]:
        """Ids of the users whose phones are in this conversation."""
        lines = self._lines.conversation(self._linkedids.get(conversation_id, ""))
        return self._people([(line, self._lines.far(line)) for line in lines], ())[1]

    def _owners(self, lines: Iterable[TrackedChannel]) -> frozenset[str]:
        """Also of whoever has an endpoint of that name at another PBX: rather one person too many than one too few."""
        return frozenset([user.id for line in lines if (user := self._directory.owner_by(line.key)) is not None])

    def _read(
        self, lines: Sequence[Ends], conversation: str, participants: frozenset[str], at: datetime
    ) -> dict[str, Call]:
        sides = [side for line, far in lines if line.is_agent for side in self._sides.of(line, far, self._calls)]
        numbers = (one for side in sides for one in self._parties_of.numbers(side.line, side.far))
        free = not (sides and self._numbering.forbids(conversation, participants, numbers))
        rules = rules_of(self._numbering.in_force(conversation), monitorable=free)
        return {side.call_id: self._call(side, conversation, participants, rules, at) for side in sides}

    def _call(self, side: Side, conversation: str, participants: frozenset[str], rules: Rules, at: datetime) -> Call:
        """The call of an agent's side; the one that is known, where it still looks the same."""
        line, far, other, known = side.line, side.far, side.other, self._calls.get(side.call_id)
        answered_at = self._answered(side, known, at)
        state = self._state(line, far, answered_at)
        visit = visits.brought_by(self._lines, line, other, side.began, persistent=side.persistent)
        call = Call(
            id=side.call_id,
            conversation_id=conversation,
            pbx=self._numbering.pbx,
            agent=self._parties_of.agent(line),
            customer=self._parties_of.customer(line, other, known),
            direction=self._parties_of.direction(line, other, known),
            state=state,
            started_at=side.began,
            answered_at=answered_at,
            barge_reaches_customer=answered_at is not None and self._lines.has_one_peer(line),
            audible=state is CallState.ACTIVE and self._lines.has_company(line) and not line.hears_music,
            uniqueid=line.channel.uniqueid,
            peers=self._lines.peers(line),
            participants=participants,
            far=other.channel.uniqueid if other is not None else "",
            queue=visit.queue if visit is not None else None,
            waited_seconds=visit.seconds if visit is not None else None,
            **rules,
            talk=self.talks.get(side.call_id),
        )
        return known if known == call else call

    def _answered(self, side: Side, known: Call | None, at: datetime) -> datetime | None:
        if not side.persistent:
            return self._answered_at(side.line, side.far, at)
        return known.answered_at if known is not None else at

    def _answered_at(self, line: TrackedChannel, far: Sequence[TrackedChannel], at: datetime) -> datetime | None:
        if line.answered_at is None and line.channel.state is ev.ChannelState.UP:
            rings_somebody = not line.bridge and bool(far) and (bool(line.dials) or not line.called)
            line.answered_at = None if rings_somebody else at
        return line.answered_at

    def _state(self, line: TrackedChannel, far: Sequence[TrackedChannel], answered_at: datetime | None) -> CallState:
        if answered_at is None:
            return CallState.RINGING
        held = line.held or (line.bridge is not None and any(other.held for other in far))
        return CallState.HELD if held else CallState.ACTIVE
