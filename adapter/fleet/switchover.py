"""One PBX of several adapters: looked after here, or shown as its owner tells; and the change from one to the other.

Nothing of a PBX ends for a change of its owner: what a former owner left is taken up, and who is deposed ends nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog

from adapter.core.bars import Bar
from adapter.core.follow import Follow
from adapter.core.monitor import Monitor
from adapter.core.ownership import Term
from adapter.core.people import User
from adapter.core.record import OpenCall, Record
from adapter.core.shared_bars import SharedBars
from adapter.core.shield import Shield
from adapter.errors import AdapterError, Forbidden, StoreUnavailable
from adapter.fleet.bus import Bus, Subjects
from adapter.fleet.claims import Claims
from adapter.fleet.execute import Executor
from adapter.fleet.follower import Follower
from adapter.fleet.forward import RemoteSupervision
from adapter.fleet.forwardmessages import RemoteMessages
from adapter.fleet.messages import Command, Sealer
from adapter.fleet.mirror import Publisher
from adapter.fleet.node import Node
from adapter.fleet.people import KnownPeople
from adapter.fleet.process import boot_time
from adapter.monitoring.boards import Boards
from adapter.monitoring.recorder import Recorder
from adapter.monitoring.shields import ShieldKeeper
from adapter.monitoring.takeup import take_up
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

AGAIN = 0.3
"""Seconds between tries to read what a former owner left."""
CLOSING = 3.0
"""Seconds for what was ours to be given up in order."""


class Left(Protocol):
    """What a former owner of a PBX left in the database (`adapter.store.left.Left`)."""

    @property
    def open_calls(self) -> Mapping[str, OpenCall]:
        """Calls of whose end programs are still to be told."""

    @property
    def monitors(self) -> Sequence[Monitor]:
        """Monitors that had not ended."""

    @property
    def follows(self) -> Sequence[Follow]:
        """Follows that had not ended."""

    @property
    def latest(self) -> datetime | None:
        """The time of the audit's last entry."""

    @property
    def bars(self) -> Sequence[Bar]:
        """Conversations that were not over."""

    @property
    def shields(self) -> Sequence[Shield]:
        """Shields that had not ended."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What all PBXes of this process have in common."""

    claims: Claims
    bus: Bus
    sealer: Sealer
    installation: str
    """Its tag, as subjects have it."""
    people: KnownPeople
    boards: Boards
    bars: SharedBars
    recorder: Recorder
    shields: ShieldKeeper
    clock: Callable[[], datetime]
    make: Callable[[str], Node]
    """Makes all of one PBX, to be fed by its own events."""
    page_of: Callable[[str, str], str | None]
    """What to ring at a PBX for a user's (by id) page that is a phone through this adapter."""
    page_lives: Callable[[str, str], bool]
    """Whether a page may be behind a device of a PBX."""
    left: Callable[[str], Awaitable[Left]]
    """Reads what a former owner left. Raises StoreUnavailable."""


@dataclass(frozen=True, slots=True)
class Owned:
    """What a PBX of ours needs."""

    node: Node
    publisher: Publisher
    executor: Executor


@dataclass(frozen=True, slots=True)
class Followed:
    """What another adapter's PBX needs."""

    follower: Follower
    supervision: RemoteSupervision


class Switchover:
    """One PBX, as this process has it now."""

    def __init__(self, pbx: str, parts: Parts) -> None:
        self.id, self._parts = pbx, parts
        self._subjects = Subjects(parts.installation, pbx)
        self.owned: Owned | None = None
        self._followed = self._followed_one()
        self._tasks = BackgroundTasks(f"switchover {pbx}")

    @property
    def node(self) -> Node | None:
        """All of the PBX, while it is ours."""
        return self.owned.node if self.owned else None

    @property
    def behind(self) -> float:
        """Seconds since its owner was heard last; none while it is ours."""
        return 0.0 if self.owned else self._followed.follower.age

    @property
    def supervision(self) -> RemoteSupervision:
        """What asks its owner, while it is another adapter's."""
        return self._followed.supervision

    @property
    def shielding(self) -> RemoteSupervision:
        """What asks its owner to pause or resume monitoring."""
        return self._followed.supervision

    @property
    def coach_messages(self) -> RemoteMessages:
        """What asks its owner to send text between a supervisor and an agent."""
        return self._followed.supervision.messages

    def device_gone(self, device: str) -> None:
        """A page of ours that was a phone there is gone: its owner is told, and ends what it served."""
        self._tasks.start(self._tell_gone(device), "page gone")

    async def _tell_gone(self, device: str) -> None:
        try:
            await self.supervision.device_gone(device)
        except AdapterError as problem:  # Asterisk notices it by itself: no sound comes
            log.warning("the owner of a PBX was not told that a page is gone", pbx=self.id, why=problem.detail)

    def start(self) -> None:
        """Follow its owner until it is ours."""
        self._parts.boards.swap(self._followed.follower.board, self._parts.clock())
        self._followed.follower.start()

    # --- ours

    def gained(self, term: Term) -> None:
        """A term of ours begins."""
        if self.owned is not None:
            self.owned.publisher.begin(term)
        else:
            self._tasks.start(self._take(term), f"take over in term {term.number}")

    async def _take(self, term: Term) -> None:
        left = await self._read_left(term)
        if left is None or self.owned is not None:
            return
        parts, at = self._parts, self._parts.clock()
        node = parts.make(self.id)
        changed = parts.bars.take(self.id, left.bars)
        followed = self._followed
        parts.recorder.take_over(self.id, left.open_calls)
        parts.recorder.note(Record(barred=changed, pbxes={self.id}))
        unfinished = (left.monitors, left.latest, at, node.board, parts.page_lives)
        take_up(parts.boards, parts.recorder, *unfinished, follows=left.follows)
        parts.boards.swap(node.board, at)
        parts.shields.take_up(left.shields)
        self.owned = self._own(node)
        node.start()
        self.owned.publisher.begin(term)
        self._tasks.start(_leave(followed), "follow no more")

    async def _read_left(self, term: Term) -> Left | None:
        """None where this term was over before all was read: what another did since is not among it."""
        told = False
        while self._parts.claims.term(self.id) == term:
            try:
                left = await self._parts.left(self.id)
                return left if self._parts.claims.term(self.id) == term else None
            except StoreUnavailable as problem:
                if not told:
                    log.warning("what a former owner left can't be read; trying again", pbx=self.id, why=str(problem))
                told = True
                await asyncio.sleep(AGAIN)
        return None

    def _own(self, node: Node) -> Owned:
        parts = self._parts
        common = (parts.bus, parts.sealer, self._subjects)
        publisher = Publisher(
            node.board,
            parts.bars,
            parts.boards,
            *common,
            people=parts.people,
            holds=partial(self._holds, node),
            boot=boot_time,
            clock=parts.clock,
        )
        executor = Executor(
            *(node.supervision, node.shielding, node.coach_messages, publisher, *common),
            who=self._who,
            people=parts.people,
            boot=boot_time,
        )
        return Owned(node, publisher, executor)

    def _holds(self, node: Node) -> bool:
        """Whether what this node shows may be told now."""
        return self.node is node and self._parts.claims.holds(self.id)

    def _who(self, command: Command) -> User:
        user = self._parts.boards.directory.users.get(command.user)
        if user is None:
            raise Forbidden("There is no such account.")
        return user

    # --- another's

    def given_up(self) -> None:
        """Another adapter looks after it now: at once nothing here acts there any more, nor tells of it."""
        owned, self.owned = self.owned, None
        if owned is None:
            return
        owned.node.give_up()
        self._parts.recorder.give_up(self.id)
        self._parts.bars.give_up(self.id)
        self._followed = self._followed_one()
        self.start()
        self._tasks.start(_give_up(owned), "give up")

    def _followed_one(self) -> Followed:
        parts = self._parts
        common = (parts.bus, parts.sealer, self._subjects)
        before = parts.boards.board(self.id)
        follower = Follower(
            parts.boards.directory, parts.bars, *common, people=parts.people, boot=boot_time, clock=parts.clock
        )
        if before is not None:
            follower.board.name = before.name
        return Followed(follower, RemoteSupervision(follower, *common, parts.people, partial(parts.page_of, self.id)))

    def owner_is(self, term: Term) -> None:
        """The database has this term. Where messages told of another one, that may have been lost with a failover."""
        if self.owned is None:
            self._followed.follower.owner_is(term)

    async def close(self) -> None:
        """Tell nothing, follow nobody. What is ours is closed by whoever ends it."""
        await self._tasks.close()
        if self.owned is not None:
            await self.owned.executor.close()
            await self.owned.publisher.close()
            await self.owned.node.close()
        else:
            await _leave(self._followed)


async def _leave(followed: Followed) -> None:
    followed.supervision.close()
    await followed.follower.close()


async def _give_up(owned: Owned) -> None:
    await owned.executor.close()
    await owned.publisher.close()
    try:
        async with asyncio.timeout(CLOSING):
            await owned.node.close()
    except TimeoutError:
        log.warning("a PBX that is another adapter's could not be given up in order", pbx=owned.node.id)
