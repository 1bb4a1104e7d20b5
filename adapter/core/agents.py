"""Agents and what they do now: by their calls, their phones' registration, and their queues' pauses. Pure.

Whether somebody talks is read of calls alone, never of a device's state: a supervisor's leg occupies a phone as well,
and would show in it. Of a device's state only whether it is registered counts, as long as nothing occupies it.

Usage: `apply` every event, then `settle` once per batch.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from adapter.core import queueevents as qe
from adapter.core.agent import AgentState, AgentStatus, Membership, QueueStatus
from adapter.core.call import Call, CallState
from adapter.core.events import Snapshot
from adapter.core.numbering import Numbering
from adapter.core.people import Directory
from adapter.core.phones import Phones, Reach
from adapter.core.queues import MemberId, Queues


class Settled(NamedTuple):
    """What the last events changed, by id."""

    agents: frozenset[str]
    queues: frozenset[str]


NOTHING = Settled(frozenset(), frozenset())
ORDER = (CallState.ACTIVE, CallState.HELD, CallState.RINGING)


class Agents:
    """All agents and queues of one PBX. `was_called`: whether a channel, by its uniqueid, was called by others."""

    def __init__(self, numbering: Numbering, directory: Directory, was_called: Callable[[str], bool]) -> None:
        self._numbering, self._was_called = numbering, was_called
        self._phones = Phones(numbering, directory)
        self._queues = Queues()
        self._calls: dict[str, dict[str, Call]] = {}
        self._members: dict[str, set[MemberId]] = {}
        self._member_of: dict[MemberId, str] = {}
        self._agents: dict[str, AgentStatus] = {}
        self._by_id: dict[str, AgentStatus] = {}
        self._counts: dict[str, Counter[AgentState]] = {}
        self._statuses: dict[str, QueueStatus] = {}
        self._queue_by_id: dict[str, QueueStatus] = {}
        self._dirty: set[str] = set()
        self._listed = self._hidden = False
        """Whether a list came since the last `settle`: what is different then changed at a time that nobody knows; and
        whether the PBX is out of sight."""

    # --- read

    @property
    def agents(self) -> Collection[AgentStatus]:
        """All, as of the last `settle`; none while the PBX is out of sight, until it was listed anew."""
        return () if self._hidden else self._agents.values()

    @property
    def queues(self) -> Collection[QueueStatus]:
        """All, likewise."""
        return () if self._hidden else self._statuses.values()

    def agent(self, agent_id: str) -> AgentStatus | None:
        """One agent."""
        return None if self._hidden else self._by_id.get(agent_id)

    def queue(self, queue_id: str) -> QueueStatus | None:
        """One queue."""
        return None if self._hidden else self._queue_by_id.get(queue_id)

    def has_queue(self, name: str) -> bool:
        """Whether this queue is known."""
        return name in self._queues

    # --- told

    def apply(self, event: object) -> None:
        """Take one event in; those that tell nothing of agents or queues are ignored."""
        if isinstance(event, qe.DeviceChanged):
            self._dirty.update(self._phones.changed(event.device, event.state))
        elif isinstance(event, qe.DevicesListed):
            self._dirty.update(self._phones.listed(event.states))
        elif isinstance(event, Snapshot):
            self._load(event)
        else:
            self._queues.apply(event)

    def _load(self, snapshot: Snapshot) -> None:
        if snapshot.restarted:
            self._agents, self._by_id, self._counts = {}, {}, {}
        self._queues.list_all(snapshot.queues or ())
        self._phones.connected(snapshot.devices, restarted=snapshot.restarted)
        self._listed, self._hidden = True, False
        self._all_dirty()

    def rename(self, directory: Directory) -> None:
        """Accounts changed: phones may be others' now, and people be called otherwise."""
        calls = [call for of_it in self._calls.values() for call in of_it.values()]
        self._all_dirty()
        self._phones.rename(directory)
        self._calls = {}
        for call in calls:
            self._calls.setdefault(self._phones.key_of(call.agent.endpoint), {})[call.id] = call
        self._queues.touched.update(self._member_of)
        self._all_dirty()

    def _all_dirty(self) -> None:
        self._dirty.update(self._agents, self._calls, self._members, self._phones.people())
        self._queues.dirty.update(self._queues)

    def suspend(self) -> Settled:
        """The PBX is out of sight. Everybody's state is kept until the next list, for the time since when it holds.

        Returns all there was.
        """
        self._hidden = True
        return self._everything()

    def _everything(self) -> Settled:
        agents = frozenset(agent.id for agent in self._agents.values())
        return Settled(agents, frozenset(queue.id for queue in self._statuses.values()))

    # --- settle

    def settle(self, at: datetime, calls: Iterable[tuple[Call | None, Call | None]]) -> Settled:
        """What has changed since the last time. `calls`: those that changed, before and after."""
        for before, after in calls:
            self._call(before, after)
        if self._queues.touched:
            self._regroup()
        if self._hidden or not (self._dirty or self._queues.dirty):
            return NOTHING
        resynced, self._listed = self._listed, False
        known = self._everything() if resynced else NOTHING
        dirty, self._dirty = self._dirty, set()
        agents = {changed for key in dirty if (changed := self._refresh(key, at, resynced=resynced))}
        names, self._queues.dirty = self._queues.dirty, set()
        queues = {changed for name in names if (changed := self._refresh_queue(name))}
        if resynced:  # they were hidden until now
            now = self._everything()
            return Settled(known.agents | now.agents, known.queues | now.queues)
        return Settled(frozenset(agents), frozenset(queues))

    def _call(self, before: Call | None, after: Call | None) -> None:
        for call, there in ((before, False), (after, True)):
            if call is None:
                continue
            key = self._phones.key_of(call.agent.endpoint)
            of_it = self._calls.setdefault(key, {})
            if there:
                of_it[call.id] = call
                self._dirty.update(self._phones.used(call.agent.endpoint))
            else:
                of_it.pop(call.id, None)
            if not of_it:
                del self._calls[key]
            self._dirty.add(key)

    def _regroup(self) -> None:
        """Whose the members are that changed."""
        touched, self._queues.touched = self._queues.touched, set()
        for one in touched:
            old, member = self._member_of.pop(one, None), self._queues.member(one)
            if old is not None:
                self._members[old].discard(one)
                if not self._members[old]:
                    del self._members[old]
                self._dirty.add(old)
            if member is not None:
                key = self._phones.key_of_member(member)
                self._member_of[one] = key
                self._members.setdefault(key, set()).add(one)
                self._dirty.add(key)

    def _refresh(self, key: str, at: datetime, *, resynced: bool) -> str | None:
        """Bring one agent up to date; returns their id if anything is different."""
        old, new = self._agents.get(key), self._status(key, at, resynced=resynced)
        if old == new:
            return None
        if old is not None:
            del self._agents[key], self._by_id[old.id]
        if new is not None:
            self._agents[key] = self._by_id[new.id] = new
        self._count(old, -1)
        self._count(new, 1)
        found = new or old
        return found.id if found is not None else None

    def _count(self, agent: AgentStatus | None, by: int) -> None:
        if agent is None:
            return
        for place in agent.queues:
            self._counts.setdefault(place.name, Counter())[agent.state] += by
            self._queues.dirty.add(place.name)

    def _refresh_queue(self, name: str) -> str | None:
        old = self._statuses.get(name)
        if name not in self._queues:
            self._counts.pop(name, None)
            if old is None:
                return None
            del self._statuses[name], self._queue_by_id[old.id]
            return old.id
        counts = self._counts.get(name, Counter())
        completed, abandoned, service_level = self._queues.figures(name)
        new = QueueStatus(
            id=old.id if old is not None else self._numbering.opaque(f"queue {name}"),
            name=name,
            pbx=self._numbering.pbx,
            callers=tuple(self._queues.callers(name)),
            available=counts[AgentState.AVAILABLE],
            on_call=counts[AgentState.ON_CALL],
            paused=counts[AgentState.PAUSED],
            completed=completed,
            abandoned=abandoned,
            service_level_percent=service_level,
        )
        self._statuses[name] = self._queue_by_id[new.id] = new
        return new.id if new != old else None

    # --- one agent

    def _status(self, key: str, at: datetime, *, resynced: bool) -> AgentStatus | None:
        calls = list(self._calls.get(key, {}).values())
        members = self._memberships(key)
        if not calls and not members and not self._phones.is_agent(key):
            return None
        state, call = self._state(calls, members, self._phones.reach(key))
        old = self._agents.get(key)
        person = self._phones.person(key, calls, members, old.name if old is not None else "")
        if old is not None and old.state is state:
            since = old.since
        else:
            since = _since(state, call, members, at, was=None if resynced or old is None else old.state)
        return AgentStatus(
            id=old.id if old is not None else self._numbering.opaque(f"agent {key}"),
            pbx=self._numbering.pbx,
            user_id=person.user_id,
            name=person.name,
            extension=person.extension,
            state=state,
            since=since,
            call_id=call.id if call is not None else None,
            queues=_places(members),
            team_ids=self._phones.teams_of(person.user_id),
            account_created_at=self._phones.created_at(person.user_id),
        )

    def _memberships(self, key: str) -> list[qe.QueueMember]:
        found = (self._queues.member(one) for one in sorted(self._members.get(key, ())))
        return [member for member in found if member is not None]

    def _state(
        self, calls: Sequence[Call], members: Sequence[qe.QueueMember], reach: Reach
    ) -> tuple[AgentState, Call | None]:
        """The call that counts most, and what it makes of them; without one, what their phones and queues do."""
        if calls:
            call = min(calls, key=lambda one: (ORDER.index(one.state), one.started_at, one.id))
            if call.state is CallState.HELD:
                return AgentState.HELD, call
            rings = call.state is CallState.RINGING and self._was_called(call.uniqueid)
            return (AgentState.RINGING if rings else AgentState.ON_CALL), call
        if reach is Reach.OFFLINE:
            return AgentState.OFFLINE, None
        if any(member.paused for member in members):
            return AgentState.PAUSED, None
        return (AgentState.AVAILABLE if reach is Reach.REGISTERED else AgentState.UNKNOWN), None


def _since(
    state: AgentState, call: Call | None, members: Sequence[qe.QueueMember], at: datetime, was: AgentState | None
) -> datetime:
    """When it began. `was`: what they did before; None where nobody saw the change: then Asterisk's word counts."""
    if state is AgentState.ON_CALL and call is not None and was is not AgentState.HELD:
        return call.answered_at or call.started_at
    if state is AgentState.RINGING and call is not None:
        return call.started_at
    if state is AgentState.PAUSED and was is None:
        told = [moment for one in members if one.paused for moment in (one.paused_at, one.last_call_at) if moment]
        return min(at, max(told, default=at))
    return at


def _places(members: Sequence[qe.QueueMember]) -> tuple[Membership, ...]:
    """One for each queue, also for somebody who is in it twice."""
    by_queue: dict[str, list[qe.QueueMember]] = {}
    for member in members:
        by_queue.setdefault(member.queue, []).append(member)
    return tuple(
        Membership(
            name,
            any(one.paused for one in of_it),
            next((one.reason for one in of_it if one.paused and one.reason), None),
            sum(one.calls_taken for one in of_it),
            max((one.last_call_at for one in of_it if one.last_call_at), default=None),
        )
        for name, of_it in by_queue.items()
    )
