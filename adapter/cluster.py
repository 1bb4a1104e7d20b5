"""One adapter of several: what it needs besides what an adapter has that is alone (docs/cluster.md)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog

from adapter import config, wiring
from adapter.core import lifecycle
from adapter.core.changes import MonitorChange
from adapter.core.legs import LegNames
from adapter.core.monitor import EndReason
from adapter.core.ownership import Term
from adapter.core.people import Directory
from adapter.core.record import Record
from adapter.core.shared_bars import SharedBars
from adapter.errors import ConfigError, StoreUnavailable
from adapter.fleet.bus import Bus
from adapter.fleet.claims import CHORES, Claims
from adapter.fleet.messages import Sealer
from adapter.fleet.natsbus import NatsBus
from adapter.fleet.node import Node
from adapter.fleet.people import KnownPeople
from adapter.fleet.process import boot_time, this_member
from adapter.fleet.remote import MirroredBoard
from adapter.fleet.shared_nodes import SharedNodes
from adapter.fleet.switchover import Parts
from adapter.health.cluster import ClusterFigures
from adapter.monitoring.boards import Boards
from adapter.monitoring.recorder import Recorder
from adapter.monitoring.shields import ShieldKeeper
from adapter.store import Store
from adapter.store.left import Left
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

LOOK = 0.5
"""Seconds between looks for what other adapters wrote: events to be delivered, receivers, what was made."""
PATIENCE = 60.0
"""Seconds before what is left of a PBX that nobody names is ended: an adapter with a newer configuration may come."""
LEFT_LOOK = 10.0
"""Seconds between looks for such PBXes: the last adapter that names one may stop at any time."""

Found = TypeVar("Found")
Find = Callable[[str, datetime], Awaitable[Found | None]]


@dataclass(frozen=True, slots=True)
class Membership:
    """How this process is one of several adapters."""

    claims: Claims
    bus: Bus

    @classmethod
    def of(cls, settings: config.Settings, store: Store, clock: Callable[[], datetime]) -> "Membership | None":
        """As the configuration says; None where this adapter is alone. Raises ConfigError."""
        access = wiring.nats(settings)
        if access is None:
            return None
        member = this_member(clock())
        claims = Claims(store.owners, member, wiring.pbxes(settings), clock)
        return cls(claims, NatsBus(access, f"call-monitor {member.process.host} {member.process.pid}"))


class Cluster:
    """What several adapters share, as this one has it. `bars`: those of all PBXes, whoever owns them."""

    def __init__(
        self,
        membership: Membership,
        settings: config.Settings,
        store: Store,
        key: bytes,
        bars: object,
        clock: Callable[[], datetime],
    ) -> None:
        if not isinstance(bars, SharedBars):
            raise ConfigError("several adapters need bars that they share")
        self.claims, self.bus, self.bars = membership.claims, membership.bus, bars
        self._settings, self._store, self._key, self._clock = settings, store, key, clock
        self._pbxes, self.sealer = wiring.pbxes(settings), Sealer(key)
        self._nodes: SharedNodes | None = None
        bars.own_none()
        self._tasks = BackgroundTasks("cluster")

    def does_chores(self) -> bool:
        """Whether this adapter is the one that does what one does for all."""
        return self.claims.holds(CHORES)

    def figures(self, boards: Boards) -> ClusterFigures:
        """For Prometheus."""
        claims, bus, counted = self.claims, self.bus, self.sealer.ignored
        return ClusterFigures(
            self._pbxes,
            boards,
            lambda: claims.seen,
            claims.owns,
            lambda: bus.connected,
            lambda: {why.value: times for why, times in counted.items()},
            lambda: self._nodes.behind() if self._nodes else {},
        )

    def boards(self, directory: Directory) -> Sequence[MirroredBoard]:
        """All PBXes, out of sight until their owners are heard, or until they are ours."""
        made = [MirroredBoard(pbx, directory, self.bars, self._clock(), lambda: False) for pbx in self._pbxes]
        for board, pbx in zip(made, self._settings.pbx, strict=True):
            board.name = pbx.shown_name
        return made

    def nodes(
        self,
        people: KnownPeople,
        boards: Boards,
        recorder: Recorder,
        shields: ShieldKeeper,
        make: Callable[[str], Node],
        pages: tuple[Callable[[str, str], str | None], Callable[[str, str], bool]],
        country: str,
    ) -> SharedNodes:
        """The door to all PBXes. `make`: all of one that is ours, by its id; `pages`: `page_of` and `page_lives` of
        `switchover.Parts`."""
        self._boards, self._recorder = boards, recorder
        self.claims.gained.subscribe(lambda pbx, term: self._begin_chores(term) if pbx == CHORES else None)
        parts = Parts(
            self.claims,
            self.bus,
            self.sealer,
            LegNames.of(self._key).tag,
            people,
            boards,
            self.bars,
            recorder,
            shields,
            self._clock,
            make,
            *pages,
            self._left,
        )
        self._nodes = SharedNodes(self._pbxes, parts, country)
        return self._nodes

    async def _left(self, pbx: str) -> Left:
        left = await self._store.left.of(lambda one: one == pbx)
        self.bars.learn(left.makings)
        return left

    async def number_making(self) -> None:
        """What is made next has a number behind all that were given at any adapter. Raises StoreUnavailable."""
        self.bars.number_from(await self._store.left.next_making(self.bars.upcoming))

    async def learn_makings(self) -> None:
        """What was made at other adapters bars here, too, also while they are not heard. Raises StoreUnavailable."""
        self.bars.learn(await self._store.left.makings())

    def after_makings(self, find: Find[Found]) -> Find[Found]:
        """Finds sessions or tokens, and knows before they are believed who made what they sign in with."""

        async def found(secret: str, now: datetime) -> Found | None:
            it = await find(secret, now)
            if it is not None:
                await self.learn_makings()
            return it

        return found

    # --- what one does for all

    def _begin_chores(self, term: Term) -> None:
        self._tasks.start(self._forget_others(term), "forget others")
        self._tasks.start(self._forget_makings(term), "forget makings")

    async def _forget_makings(self, term: Term) -> None:
        """What counts for no conversation, here or elsewhere: judged by what was so a while ago, and in sight since."""
        before: int | None = None
        while self.claims.term(CHORES) == term:
            await asyncio.sleep(PATIENCE)
            oldest = None if self._boards.blind else self.bars.oldest
            if before is not None and oldest is not None:
                with suppress(StoreUnavailable):
                    await self._store.left.forget_makings(min(before, oldest))
            before = oldest

    async def _forget_others(self, term: Term) -> None:
        """What is left of PBXes that no configuration names is over: nobody will tell of its end."""
        since: dict[str, float] = {}
        while self.claims.term(CHORES) == term:
            await asyncio.sleep(LEFT_LOOK)
            try:
                nobodys = [pbx for pbx in await self._store.left.pbxes() if self._is_nobodys(pbx)]
                now = boot_time()
                since = {pbx: since.get(pbx, now) for pbx in nobodys}
                if over := {pbx for pbx, first in since.items() if now - first >= PATIENCE}:
                    self._end_left(await self._store.left.of(lambda pbx, over=over: pbx in over))  # type: ignore[misc]
            except StoreUnavailable:
                since = {}  # nor was seen who came meanwhile

    def _end_left(self, left: Left) -> None:
        at, journal, over = self._clock(), self._recorder.journal, Record(pbxes={CHORES})
        journal.open.update(left.open_calls)
        named = {known.call.pbx for known in journal.open.values() if not self._is_nobodys(known.call.pbx)}
        over.add(journal.forget_others(named, at))
        for monitor in left.monitors:
            ended = MonitorChange(monitor, lifecycle.ended(monitor, EndReason.ADAPTER_STOPPED, at).monitor)
            journal.monitor(ended, at, over)
        bars = {pbx for bar in left.bars for pbx in bar.pbxes}
        over.barred.add(self.bars.forget_others([*self._pbxes, *(pbx for pbx in bars if not self._is_nobodys(pbx))]))
        self._recorder.note(over)

    def _is_nobodys(self, pbx: str) -> bool:
        """Whether no adapter that lives looks after it: another's configuration may be newer than ours."""
        owner = self.claims.seen.owners.get(pbx)
        return pbx not in self._pbxes and (owner is None or owner.member not in self.claims.peers)

    async def close(self) -> None:
        """Begin nothing more."""
        await self._tasks.close()
