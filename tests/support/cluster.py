"""Adapters of one installation, as far as the bus concerns them: one owns a PBX, the others show it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from adapter.core.agent import AgentStatus, QueueStatus
from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.core.monitor import Monitor
from adapter.core.ownership import Term
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, User
from adapter.core.shared_bars import SharedBars
from adapter.core.shield import Shields
from adapter.errors import Forbidden, StoreUnavailable
from adapter.fleet.bus import Bus, Subjects
from adapter.fleet.execute import Executor
from adapter.fleet.follower import Follower
from adapter.fleet.forward import RemoteSupervision
from adapter.fleet.messages import Command, Sealer
from adapter.fleet.mirror import Publisher
from adapter.fleet.people import KnownPeople
from adapter.monitoring.board import Board
from adapter.monitoring.boards import Boards
from adapter.monitoring.coachmessages import CoachMessages
from adapter.monitoring.limits import Limits
from adapter.monitoring.shielding import Shielding
from adapter.monitoring.shields import ShieldKeeper
from adapter.monitoring.supervise import Supervision
from tests.fake.pbx import WORDS, FakePbx
from tests.fake.scene import PEOPLE, START, numbering
from tests.fake.world import Memory

KEY = b"k" * 32
PBX = "lab"
SUBJECTS = Subjects("0123abcd", PBX)
LIMITS = Limits(ring_timeout=0.2, confirm=0.5, lost_after=0.1)


@dataclass
class Accounts:
    """The accounts in the database, and who has them in effect."""

    users: Sequence[User] = PEOPLE
    mark: str = "1"
    away: bool = False

    def change(self, *users: User) -> None:
        """Accounts are other ones now, in the database."""
        changed = {user.id: user for user in users}
        self.users = [changed.get(user.id, user) for user in self.users]
        self.mark = str(int(self.mark) + 1)


class Known(KnownPeople):
    """The accounts as one process knows them."""

    def __init__(self, accounts: Accounts, boards: Callable[[], Boards]) -> None:
        super().__init__(accounts.mark, self._look)
        self._accounts, self._boards = accounts, boards
        self.reads = 0

    async def _look(self) -> str:
        self.reads += 1
        await asyncio.sleep(0)
        if self._accounts.away:
            raise StoreUnavailable("away")
        return self.take()

    def take(self) -> str:
        """Bring them in effect."""
        self.took(self._accounts.mark)
        everyone = frozenset(user.id for user in self._accounts.users)
        self._boards().set_directory(Directory.of(self._accounts.users), everyone, START)
        return self.mark


class Owner:
    """The adapter that owns the PBX."""

    def __init__(self, bus: Bus, accounts: Accounts, boot: Callable[[], float] = time.monotonic) -> None:
        self.bus = bus
        self.pbx, self.bars, self.sealer = FakePbx(PBX), SharedBars(), Sealer(KEY)
        connected, directory = PbxState(LinkState.CONNECTED, START), Directory.of(accounts.users)
        held = Shields(self.bars)
        reading = replace(numbering(PBX), in_force=held.in_force)
        self.board = Board(reading, directory, connected, WORDS, self.bars)
        self.pbx.board = self.board
        self.pbx.connect(self.board.apply, self.board.set_pbx, _nobody)
        self.boards = Boards([self.board], directory, START)
        self.people = Known(accounts, lambda: self.boards)
        self.record = Memory()
        self.supervision = Supervision(self.board, self.pbx, self.record, lambda: START, LIMITS)
        self.holds = True
        self.publisher = Publisher(
            self.board,
            self.bars,
            self.boards,
            bus,
            self.sealer,
            SUBJECTS,
            people=self.people,
            holds=lambda: self.holds,
            boot=boot,
            clock=lambda: START,
        )
        self.shields = ShieldKeeper(self.boards, held, self.record.note, lambda: START)
        self.shielding = Shielding(self.board, self.pbx, self.shields, LIMITS.answer, recordings=False)
        self.messages = CoachMessages(self.board, lambda: START)
        self.executor = Executor(
            self.supervision,
            self.shielding,
            self.messages,
            self.publisher,
            bus,
            self.sealer,
            SUBJECTS,
            who=self._who,
            people=self.people,
            boot=boot,
        )

    def _who(self, command: Command) -> User:
        user = self.board.directory.users.get(command.user)
        if user is None:
            raise Forbidden("There is no such account.")
        return user

    async def close(self) -> None:
        await self.executor.close()
        await self.publisher.close()
        await self.supervision.close()


async def _nobody(call: object) -> None:
    """Nobody hands a call over."""


class Other:
    """An adapter that shows what the owner tells."""

    def __init__(self, bus: Bus, accounts: Accounts, boot: Callable[[], float] = time.monotonic) -> None:
        self.bus = bus
        self.bars, self.sealer = SharedBars(), Sealer(KEY)
        directory = Directory.of(accounts.users)
        self.people = Known(accounts, lambda: self.boards)
        self.follower = Follower(
            directory,
            self.bars,
            bus,
            self.sealer,
            SUBJECTS,
            people=self.people,
            boot=boot,
            clock=lambda: START,
        )
        self.board = self.follower.board
        self.boards = Boards([self.board], directory, START)
        self.remote = RemoteSupervision(self.follower, bus, self.sealer, SUBJECTS, self.people)
        self.heard: list[Changes] = []
        self.boards.subscribe(self.heard.append)
        self.follower.start()

    def shows(self, owner: Owner) -> bool:
        """Whether it shows exactly what the owner has."""
        return self.board.in_sight and picture(self.board, self.bars) == picture(owner.board, owner.bars)

    async def close(self) -> None:
        self.remote.close()
        await self.follower.close()


class Picture(NamedTuple):
    """All that can be read of a PBX."""

    state: PbxState
    takes_up: bool
    calls: dict[str, Call]
    monitors: dict[str, Monitor]
    barred: dict[str, frozenset[str]]
    was_in: dict[tuple[str, str], bool]
    agents: dict[str, AgentStatus]
    queues: dict[str, QueueStatus]


def picture(board: object, bars: SharedBars) -> Picture:
    """All that can be read of a PBX; what was asked of Asterisk is nobody's business until it is confirmed."""
    assert isinstance(board, Board) or hasattr(board, "in_sight")
    read: Board = board  # type: ignore[assignment]
    conversations = sorted(one for bar in bars.of_pbx(PBX).bars for one in bar.ids)
    return Picture(
        read.pbx_state,
        read.takes_up,
        {call.id: call for call in read.calls()},
        {monitor.id: replace(monitor, asked=None) for monitor in read.monitors()},
        {one: bars.barred_from(one) for one in conversations},
        {(user.id, one): bars.was_in(user.id, one) for user in PEOPLE for one in conversations},
        {agent.id: agent for agent in read.agents()},
        {queue.id: queue for queue in read.queues()},
    )


def term(number: int, token: str = "") -> Term:
    """A term, with a token of its own."""
    return Term(number, token or f"token {number}")
