"""The parts of coaching, put together: what is exempt from monitoring, notes, requests for help, shields, follows."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.core.monitor import Monitor
from adapter.core.unmonitored import Unmonitored
from adapter.fleet.nodes import Nodes
from adapter.monitoring.boards import Boards
from adapter.monitoring.help import HelpDesk
from adapter.monitoring.marks import MarkWatch
from adapter.monitoring.policy import Policy
from adapter.monitoring.shielddesk import ShieldDesk
from adapter.monitoring.shields import ShieldKeeper
from adapter.monitoring.unmonitored import ExemptRules
from adapter.store import Store
from adapter.store.marks import EXEMPT, HELP
from adapter.web import exempt, follows, help, notes, shield


@dataclass(frozen=True, slots=True)
class Groups:
    """What each group of coaching's routes works with."""

    exempt: exempt.Deps
    notes: notes.Deps
    help: help.Deps
    shield: shield.Deps
    follows: follows.Deps


class Coaching:
    """All of it. `unmonitored`: the rules as every board asks them; `country`: of numbers without a country code;
    `find`: one monitor, also an ended one; `committed`: returns once what has happened is in the database; `answer`:
    seconds until a pause is answered."""

    def __init__(
        self,
        boards: Boards,
        nodes: Nodes,
        store: Store,
        unmonitored: Unmonitored,
        country: str,
        clock: Callable[[], datetime],
        find: Callable[[str], Awaitable[Monitor | None]],
        keeper: ShieldKeeper,
        committed: Callable[[], Awaitable[None]],
        answer: float,
    ) -> None:
        self.rules = ExemptRules(boards, unmonitored, store.exempt, clock)
        policy = Policy(boards, country)
        self.desk = HelpDesk(boards, policy, store.help, clock, find)
        self.keeper, self._shields = keeper, store.shields
        self.shields = ShieldDesk(boards, nodes.shielding_at, keeper, store.shields, committed, clock, answer)
        self.groups = Groups(
            exempt=exempt.Deps(boards, store.exempt, self.rules, country),
            notes=notes.Deps(boards, policy, store.notes),
            help=help.Deps(boards, nodes, policy, self.desk),
            shield=shield.Deps(boards, self.shields),
            follows=follows.Deps(boards, nodes, policy, store.follows.find),
        )

    async def start(self, *, alone: bool) -> None:
        """Take up what the database has, before any call is seen. Raises StoreUnavailable.

        `alone`: no other adapter looks after any PBX; else each PBX's shields are taken up with it.
        """
        if alone:
            self.keeper.take_up(await self._shields.unfinished())
        await self.rules.refresh()
        await self.desk.start()

    def follow(self, marks: MarkWatch) -> None:
        """Notice what other processes change, and what is over."""
        exempt, requests = "what is exempt from monitoring could not be read", "requests for help could not be read"
        marks.on(EXEMPT, self.rules.refresh, exempt)
        marks.on(HELP, self.desk.refresh, requests)
        marks.each(self.rules.forget_over, exempt)
        marks.each(self.desk.reopen_unbegun, requests)

    async def close(self) -> None:
        """Begin nothing any more."""
        await self.shields.close()
        await self.desk.stop()
