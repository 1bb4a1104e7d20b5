"""Queues of one PBX as events and QueueStatus tell of them: who waits, who is a member, what was counted. Pure.

Who waits and what was counted are Asterisk's own word. What its members do is not asked of it: a supervisor's leg
occupies a phone too (`core.agents`).
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from adapter.core import queueevents as qe
from adapter.core.agent import Caller
from adapter.core.events import HandedOn


class MemberId(NamedTuple):
    """A member: the same person can be one of several queues, and twice of one."""

    queue: str
    interface: str


class _Queue:
    """One queue, as it is kept up."""

    __slots__ = ("callers", "figures", "members")

    def __init__(self) -> None:
        self.figures: tuple[int, int, float] = (0, 0, 0.0)
        self.members: dict[str, qe.QueueMember] = {}
        self.callers: list[Caller] = []


class Queues:
    """All queues of a PBX. `dirty` and `touched` say what has changed; the reader clears them."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}
        self.dirty: set[str] = set()
        """Names of queues that may look otherwise."""
        self.touched: set[MemberId] = set()
        """Members that came, went, or are not as they were."""

    def __contains__(self, name: str) -> bool:
        return name in self._queues

    def __iter__(self) -> Iterator[str]:
        return iter(self._queues)

    def member(self, one: MemberId) -> qe.QueueMember | None:
        """A member as it is now; None if it is none any more."""
        queue = self._queues.get(one.queue)
        return queue.members.get(one.interface) if queue is not None else None

    def callers(self, name: str) -> Collection[Caller]:
        """Who waits there, by position."""
        return self._queues[name].callers

    def figures(self, name: str) -> tuple[int, int, float]:
        """What was completed and abandoned, and the service level in percent."""
        return self._queues[name].figures

    # --- events in

    def apply(self, event: object) -> None:
        """Take one event in; those that tell nothing of queues are ignored."""
        if (tell := _TOLD.get(type(event))) is not None:
            tell(self, event)

    def list_all(self, queues: Collection[qe.QueueListed]) -> None:
        """These are all queues there are."""
        for gone in self._queues.keys() - {queue.name for queue in queues}:
            self._drop(gone)
        for queue in queues:
            self._put(queue)

    def _listed(self, event: qe.QueuesListed) -> None:
        if event.only is None:
            self.list_all(event.queues)
        elif event.queues:
            for queue in event.queues:
                self._put(queue)
        else:
            self._drop(event.only)

    def _drop(self, name: str) -> None:
        queue = self._queues.pop(name, None)
        if queue is not None:
            self.dirty.add(name)
            self.touched.update(MemberId(name, interface) for interface in queue.members)

    def _put(self, listed: qe.QueueListed) -> None:
        """What is as it was stays the same: a list is asked for again and again."""
        queue = self._queues.get(listed.name)
        if queue is None:
            queue = self._queues[listed.name] = _Queue()
            self.dirty.add(listed.name)
        figures = (listed.completed, listed.abandoned, listed.service_level_percent)
        callers = self._callers(queue, listed.callers)
        if (queue.figures, queue.callers) != (figures, callers):
            queue.figures, queue.callers = figures, callers
            self.dirty.add(listed.name)
        members = {member.interface: member for member in listed.members}
        if members != queue.members:
            for interface in queue.members.keys() | members.keys():
                if queue.members.get(interface) != members.get(interface):
                    self.touched.add(MemberId(listed.name, interface))
            queue.members = members

    def _callers(self, queue: _Queue, listed: Collection[qe.QueueCaller]) -> list[Caller]:
        """A list counts whole seconds: since when somebody waits stays as it was seen first."""
        since = {caller.uniqueid: caller.since for caller in queue.callers}
        return [Caller(one.number, one.name, since.get(one.uniqueid, one.since), one.uniqueid) for one in listed]

    def _joined(self, event: qe.CallerJoined) -> None:
        queue = self._queues.get(event.queue)
        if queue is None or any(caller.uniqueid == event.uniqueid for caller in queue.callers):
            return
        caller = Caller(event.number, event.name, event.at, event.uniqueid)
        queue.callers.insert(max(0, event.position - 1), caller)
        self.dirty.add(event.queue)

    def _left(self, event: qe.CallerLeft) -> None:
        queue = self._queues.get(event.queue)
        rest = [caller for caller in queue.callers if caller.uniqueid != event.uniqueid] if queue is not None else []
        if queue is not None and len(rest) != len(queue.callers):
            queue.callers = rest
            self.dirty.add(event.queue)

    def _handed_on(self, event: HandedOn) -> None:
        """Another channel waits in the place of one that did (an attended transfer): nothing else tells of it."""
        for name, queue in self._queues.items() if event.to_id and not event.picked_up else ():
            if any(caller.uniqueid in event.channels for caller in queue.callers):
                queue.callers = [
                    replace(caller, uniqueid=event.to_id) if caller.uniqueid in event.channels else caller
                    for caller in queue.callers
                ]
                self.dirty.add(name)

    def _changed(self, event: qe.MemberChanged) -> None:
        queue, member = self._queues.get(event.member.queue), event.member
        if queue is not None and queue.members.get(member.interface) != member:
            queue.members[member.interface] = member
            self.touched.add(MemberId(member.queue, member.interface))

    def _gone(self, event: qe.MemberGone) -> None:
        queue = self._queues.get(event.queue)
        if queue is not None and queue.members.pop(event.interface, None) is not None:
            self.touched.add(MemberId(event.queue, event.interface))


_TOLD: Mapping[type, Callable[[Queues, Any], None]] = {
    qe.QueuesListed: Queues._listed,
    qe.CallerJoined: Queues._joined,
    qe.CallerLeft: Queues._left,
    qe.MemberChanged: Queues._changed,
    qe.MemberGone: Queues._gone,
    HandedOn: Queues._handed_on,
}
