"""Keeps a mirrored board like its owner's: changes in their order, a snapshot where one is missing, else nothing.

How fresh the picture is, beats tell (`freshness`): they are read in order with the changes.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import TypeGuard

import structlog

from adapter.core.ownership import Term
from adapter.core.people import Directory
from adapter.core.shared_bars import SharedBars
from adapter.errors import StoreUnavailable
from adapter.fleet.asking import SnapshotRequests
from adapter.fleet.bus import Bus, Subjects
from adapter.fleet.freshness import Freshness, Milestones
from adapter.fleet.messages import (
    Answer,
    Beat,
    Change,
    Ignored,
    Message,
    Sealer,
    SnapshotPart,
    Why,
)
from adapter.fleet.ownership import LEASE
from adapter.fleet.people import KnownPeople
from adapter.fleet.remote import MirroredBoard
from adapter.fleet.snapshots import Gathering
from adapter.tasks import BackgroundTasks, Listeners

log = structlog.get_logger(__name__)

READING = 2.0
"""Seconds for reading the accounts, when the owner knows others than we."""
MOST_WAITING = 10_000
"""Messages that may wait for that; with more of them all is asked for anew."""


class Follower:
    """Follows the owner of one PBX."""

    def __init__(
        self,
        directory: Directory,
        bars: SharedBars,
        bus: Bus,
        sealer: Sealer,
        subjects: Subjects,
        *,
        people: KnownPeople,
        boot: Callable[[], float],
        clock: Callable[[], datetime],
    ) -> None:
        """`boot`: the machine's boot-time clock, which decides; `clock`: for people to read."""
        self.board = MirroredBoard(subjects.pbx, directory, bars, clock(), self.sees)
        self._bus, self._sealer, self._subjects = bus, sealer, subjects
        self._people, self._boot, self._clock = people, boot, clock
        self.term: Term | None = None
        self.number = 0
        """Of the last change that was taken in."""
        self.gaps = 0
        """How often something was missing."""
        self.answers: Listeners[[Answer]] = Listeners()
        """Who is told of outcomes of commands, in their order among the changes."""
        self._synced = False
        self._freshness = Freshness(boot)
        self._milestones = Milestones()
        self._waiting: deque[Message] = deque()
        self._reads = False
        self._parts = Gathering()
        self._requests = SnapshotRequests(bus, sealer, subjects)
        self._timer: asyncio.TimerHandle | None = None
        self._told_newer = False
        self._hidden_at = boot()
        self._ends: list[Callable[[], None]] = []
        self._tasks = BackgroundTasks("follower")

    def start(self) -> None:
        """Follow, from the owner's next snapshot on."""
        self._ends.append(self._bus.subscribe(self._subjects.all_by_owner, self._heard))
        self._ends.append(self._bus.changed.subscribe(lambda connected: self._requests.anew()))
        self._watch()  # so long it is `connecting`, then down
        self._tasks.keep(self._requests.run, "snapshots")
        self._requests.want()

    async def close(self) -> None:
        """Follow no more; nothing is shown any more."""
        for end in self._ends:
            end()
        if self._timer is not None:
            self._timer.cancel()
        self._milestones.reach(None, 0)
        await self._tasks.close()
        self.board.hide(self._clock())

    def sees(self) -> bool:
        """Whether the owner's latest beat is so young that its picture may be shown at this moment."""
        return not self._freshness.is_over()

    @property
    def age(self) -> float:
        """Seconds since the owner was heard last; infinite while it is out of sight."""
        return self._freshness.age

    @property
    def stamp(self) -> float:
        """That of the owner's latest beat, by the owner's boot-time clock."""
        return self._freshness.stamp

    async def reached(self, term: Term, number: int, deadline: float) -> bool:
        """Wait until this change of this term is taken in. False after `deadline` seconds, or when the term is over."""
        if self.term != term or (self._synced and self.number >= number):
            return self.term == term
        return await self._milestones.reached(term, number, deadline)

    def owner_is(self, term: Term) -> None:
        """The database has this term. A higher one is believed at once; a lower one (the database was put back) when
        of the one that is known nothing was heard for as long as a lease holds."""
        if term == self.term:
            return
        higher = self.term is None or term.number > self.term.number
        if higher or self._silent_for(LEASE):
            self._begin(term)

    def _silent_for(self, seconds: float) -> bool:
        return not self.board.shown and self._boot() - self._hidden_at > seconds

    # --- messages in

    def _heard(self, subject: str, data: bytes) -> None:
        try:
            message = self._sealer.read(subject, data)
        except Ignored as ignored:
            if ignored.why is Why.NEWER and not self._told_newer:
                self._told_newer = True
                log.error("another adapter is too new for this one; its PBX is not shown here", pbx=self.board.id)
            return
        if not isinstance(message, Change | Beat | Answer | SnapshotPart) or message.pbx != self.board.id:
            self._count(Why.FOREIGN)
            return
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            self._miss()
        self._waiting.append(message)
        self._take_in()

    def _take_in(self) -> None:
        while self._waiting and not self._reads:
            message = self._waiting[0]
            if self._is_behind(message):
                self._reads = True
                self._tasks.start(self._read_people(message.people), "people")
                return
            self._waiting.popleft()
            self._take(message)

    def _is_behind(self, message: Message) -> TypeGuard[Change | SnapshotPart]:
        """Whether the owner knew accounts that we don't know."""
        return isinstance(message, Change | SnapshotPart) and not self._people.knows(message.people)

    async def _read_people(self, mark: str) -> None:
        """Before what tells of them is shown. Where that fails, nothing is."""
        try:
            await self._people.catch_up(mark, READING)
        except StoreUnavailable as problem:
            log.warning("the accounts could not be read; a PBX is not shown", pbx=self.board.id, why=str(problem))
            self._waiting.clear()
            self._hide()
        finally:
            self._reads = False
        self._take_in()

    def _take(self, message: Message) -> None:
        if self.term is not None and message.term != self.term and message.term.number <= self.term.number:
            self._count(Why.OLD_TERM)
        elif isinstance(message, SnapshotPart):
            self._part(message)
        else:
            if message.term != self.term:
                self._begin(message.term)
            match message:
                case Change():
                    self._change(message)
                case Beat():
                    self._beat(message)
                case Answer():
                    self.answers.tell(message)

    def _begin(self, term: Term) -> None:
        """Another term: what was known is no longer what its owner says."""
        self.term, self.number = term, 0
        self._parts.clear()
        self._freshness.begin()
        self._hide()
        self._milestones.reach(term, 0)

    def _change(self, change: Change) -> None:
        if not self._synced:
            return  # a snapshot is on its way
        if change.number <= self.number:
            self._count(Why.REPLAYED)
        elif change.number > self.number + 1:
            self._miss()
        else:
            try:
                self.board.apply(change)
            except ValueError:
                self._count(Why.FOREIGN)
                self._miss()
                return
            self.number = change.number
            self._milestones.reach(self.term, self.number)

    def _beat(self, beat: Beat) -> None:
        if beat.stamp <= self.stamp:
            self._count(Why.REPLAYED)
            return
        if self._synced and beat.number > self.number:
            self._miss()
        if self._synced and beat.number == self.number:
            self._fresh(beat.stamp)

    # --- snapshots

    def _part(self, part: SnapshotPart) -> None:
        whole = self._parts.add(part)
        if whole is None:
            return
        if self._may_take(whole):
            self._snapshot(whole)
        elif not self._requests.are_answered(whole.answers):
            self._count(Why.REPLAYED)

    def _may_take(self, whole: SnapshotPart) -> bool:
        """What a newer owner begins with, what stands for the next change, what we asked for: nothing that is older."""
        if self.term is not None and whole.term != self.term:
            return True
        if self._synced:
            return whole.number == self.number + 1
        return self._requests.are_answered(whole.answers) and whole.number >= self.number

    def _snapshot(self, whole: SnapshotPart) -> None:
        if whole.term != self.term:
            self.term = whole.term
            self._freshness.begin()
        self._fresh(whole.stamp)
        try:
            self.board.replace(
                *(whole.calls, whole.monitors, whole.bars, whole.state, whole.at),
                takes_up=whole.takes_up,
                floor=whole.floor,
                follows=whole.follows,
                messages=whole.messages,
            )
        except ValueError:
            self._count(Why.FOREIGN)
            self._hide()
            return
        self.number, self._synced = whole.number, True
        self._requests.done()
        self._milestones.reach(self.term, self.number)

    def _miss(self) -> None:
        """Something is missing: nothing more is taken in until a snapshot is there."""
        if self._synced:
            self.gaps += 1
        self._synced = False
        self._requests.want()

    # --- how fresh it is

    def _fresh(self, stamp: float) -> None:
        self._freshness.heard(stamp)
        self._watch()

    def _watch(self) -> None:
        """See to it that it is told when it is out of sight."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._freshness.left, self._look)

    def _look(self) -> None:
        self._timer = None
        if self.sees():
            self._watch()
        else:
            self._hide()

    def _hide(self) -> None:
        self._freshness.lost()
        self._synced = False
        self._requests.want()
        if self.board.shown:
            self._hidden_at = self._boot()
        self.board.hide(self._clock())

    def _count(self, why: Why) -> None:
        self._sealer.ignored[why] += 1
