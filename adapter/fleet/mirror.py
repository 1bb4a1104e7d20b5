"""The owner's side of the bus: tells every change of its board, numbered within its term, and that it lives.

A change is told in the same call in which the board tells of it, or not at all. Who missed one finds that by the number
of the next, or of the next beat, and asks for a snapshot.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from adapter.core.agent import Floor
from adapter.core.bars import BarChanges
from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.core.ownership import Term
from adapter.core.shared_bars import SharedBars
from adapter.fleet.bus import Bus, NotSent, Subjects
from adapter.fleet.messages import (
    Answer,
    Beat,
    Change,
    Ignored,
    Sealer,
    SnapshotPart,
    SnapshotWanted,
    TooLarge,
    Why,
    name_of,
)
from adapter.fleet.people import KnownPeople
from adapter.fleet.snapshots import IN_A_PART, cut
from adapter.monitoring.picture import PbxPicture
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

BEAT = 0.25
"""Seconds between beats."""
GATHER = 0.02
"""Seconds for which requests for a snapshot are gathered: after the bus was away everybody asks at once."""
BETWEEN_SNAPSHOTS = 0.1
"""Seconds between two snapshots at least, whoever asks how often."""
MOST_ASKING = 1000
"""Requests that one snapshot answers."""


class Watched(Protocol):
    """Where changes are told, of this PBX and those of none alone: `Boards`, or a single board."""

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        """Be told of every change, synchronously. Returns what ends it."""


class Publisher:
    """Tells others of one PBX for as long as this process owns it."""

    def __init__(
        self,
        board: PbxPicture,
        bars: SharedBars,
        watched: Watched,
        bus: Bus,
        sealer: Sealer,
        subjects: Subjects,
        *,
        people: KnownPeople,
        holds: Callable[[], bool],
        boot: Callable[[], float],
        clock: Callable[[], datetime],
    ) -> None:
        """`people`: the accounts as the board knows them; `holds`: whether the term surely holds now;
        `boot`: the machine's boot-time clock, which decides how old things are; `clock`: for people to read."""
        self._board, self._bars, self._bus = board, bars, bus
        self._sealer, self._subjects = sealer, subjects
        self._people, self._holds, self._boot, self._clock = people, holds, boot, clock
        self.term: Term | None = None
        self.number = 0
        """Of the last change in this term."""
        self._calls: dict[str, Call] = {}
        """As they were told last."""
        self._asking: list[str] = []
        self._ends: list[Callable[[], None]] = []
        self._wanted = asyncio.Event()
        self._tasks = BackgroundTasks("publisher")
        self._watched = watched

    def begin(self, term: Term) -> None:
        """Own the PBX from now on, in this term: tell all there is, and then every change."""
        self.term, self.number = term, 0
        self._calls = {call.id: call for call in self._board.calls()}
        if not self._ends:
            self._ends.append(self._watched.subscribe(self._changed))
            self._ends.append(self._bus.subscribe(self._subjects.to_owner("wanted"), self._asked))
            self._tasks.keep(self._beat, "beats")
            self._tasks.keep(self._answer, "snapshots")
        self._tell_all()

    async def close(self) -> None:
        """Tell nothing any more."""
        self.term = None
        for end in self._ends:
            end()
        await self._tasks.close()

    def tell(self, message: Answer) -> bool:
        """Tell the outcome of a command, among the changes. False where it could not be told."""
        return self._send(message)

    # --- changes

    def _changed(self, changes: Changes) -> None:
        if self.term is None or changes.mirrored:
            return
        known = self._board.id
        here = changes.pbx in (None, known)
        barred = self._of_here(changes.barred)
        if not here and not (barred.bars or barred.touched):  # a conversation can be at several PBXes of ours
            return
        calls, gone = self._differing(changes.calls)
        monitors = tuple(change.after for change in changes.monitors if change.after.pbx == known)
        follows = tuple(change.after for change in changes.follows if change.after.pbx == known)
        messages = tuple(message for message in changes.messages if message.pbx == known)
        floor = self._floor(changes) if here else Floor()
        link, resynced = here and changes.link, here and changes.resynced
        news = calls or gone or monitors or follows or messages or barred.size or barred.touched or floor != Floor()
        if not (news or link or resynced):
            return
        self.number += 1
        change = Change(
            pbx=known,
            term=self.term,
            number=self.number,
            people=self._people.mark,
            at=changes.at,
            state=self._board.pbx_state,
            takes_up=self._board.takes_up,
            link=link,
            resynced=resynced,
            calls=calls,
            gone=gone,
            monitors=monitors,
            barred=barred,
            present=self._bars.present(barred.touched),
            floor=floor,
            follows=follows,
            messages=messages,
        )
        try:
            self._send(change)
        except TooLarge:
            self._tell_all()  # a snapshot with its number takes its place

    def _differing(self, ids: Iterable[str]) -> tuple[tuple[Call, ...], tuple[str, ...]]:
        """Of these calls, those that are not as they were told, and those that are no more."""
        calls, gone = [], []
        for call_id in ids:
            call = self._board.call(call_id)
            if call is None:
                if self._calls.pop(call_id, None) is not None:
                    gone.append(call_id)
            elif self._calls.get(call_id) != call:
                self._calls[call_id] = call
                calls.append(call)
        return tuple(calls), tuple(gone)

    def _floor(self, changes: Changes) -> Floor:
        """The agents and queues that changed, as they are now."""
        agents = {one: self._board.agent(one) for one in sorted(changes.agents)}
        queues = {one: self._board.queue(one) for one in sorted(changes.queues)}
        gone = [one for found in (agents, queues) for one, now in found.items() if now is None]
        return Floor(tuple(filter(None, agents.values())), tuple(filter(None, queues.values())), tuple(gone))

    def _of_here(self, barred: BarChanges) -> BarChanges:
        """Without the bars of conversations that are kept at other PBXes: those are told with theirs."""
        bars = {key: bar for key, bar in barred.bars.items() if bar is None or bar.pbx == self._board.id}
        return replace(barred, bars=bars)

    # --- snapshots

    def _asked(self, subject: str, data: bytes) -> None:
        try:
            wanted: SnapshotWanted = self._sealer.read(subject, data)
        except Ignored:
            return
        if wanted.pbx != self._board.id:
            self._sealer.ignored[Why.FOREIGN] += 1
        elif len(self._asking) < MOST_ASKING:
            self._asking.append(wanted.id)
            self._wanted.set()

    async def _answer(self) -> None:
        while True:
            await self._wanted.wait()
            await asyncio.sleep(GATHER)
            self._wanted.clear()
            asking, self._asking = self._asking, []
            self._tell_all(asking)
            await asyncio.sleep(BETWEEN_SNAPSHOTS)

    def _tell_all(self, asking: Sequence[str] = ()) -> None:
        """All parts in one go: no change can come in between."""
        if self.term is None:
            return
        most = IN_A_PART
        whole = SnapshotPart(
            pbx=self._board.id,
            term=self.term,
            number=self.number,
            people=self._people.mark,
            at=self._clock(),
            stamp=self._boot(),
            id=uuid.uuid4().hex,
            answers=tuple(asking),
            part=0,
            parts=1,
            state=self._board.pbx_state,
            takes_up=self._board.takes_up,
            calls=tuple(self._board.calls()),
            monitors=tuple(self._board.monitors()),
            bars=self._bars.of_pbx(self._board.id),
            floor=Floor(tuple(self._board.agents()), tuple(self._board.queues())),
            follows=tuple(self._board.follows()),
            messages=tuple(self._board.messages),
        )
        while True:
            try:
                sealed = [self._sealed(part) for part in cut(whole, most)]
                break
            except TooLarge:
                if most == 1:
                    log.error("a call or a conversation is too large to be told to other adapters", pbx=self._board.id)
                    return
                most = max(1, most // 4)
        for subject, data in sealed:
            if not self._publish(subject, data):
                return

    # --- beats

    async def _beat(self) -> None:
        while True:
            if self.term is not None:
                beat = Beat(pbx=self._board.id, term=self.term, number=self.number, stamp=self._boot())
                self._send(beat)
            await asyncio.sleep(BEAT)

    # --- out

    def _sealed(self, message: object) -> tuple[str, bytes]:
        subject = self._subjects.by_owner(name_of(message))
        return subject, self._sealer.write(subject, message)

    def _send(self, message: object) -> bool:
        """Raises TooLarge."""
        return self._publish(*self._sealed(message))

    def _publish(self, subject: str, data: bytes) -> bool:
        if not self._holds():
            return False
        try:
            self._bus.publish(subject, data)
        except NotSent:
            return False
        return True
