"""The parts of coaching, put together: what is exempt from monitoring, notes, requests for help, reports."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from adapter.core.monitor import Monitor
from adapter.core.notes import recording_of
from adapter.core.unmonitored import Unmonitored
from adapter.fleet.nodes import Nodes
from adapter.monitoring.boards import Boards
from adapter.monitoring.help import HelpDesk
from adapter.monitoring.policy import Policy
from adapter.monitoring.recentcalls import RecentCalls
from adapter.monitoring.unmonitored import ExemptRules
from adapter.store import Store
from adapter.tasks import BackgroundTasks
from adapter.web import agentdata, exempt, help, notes, reports, scores


@dataclass(frozen=True, slots=True)
class Groups:
    """What each group of coaching's routes works with."""

    exempt: exempt.Deps
    notes: notes.Deps
    scores: scores.Deps
    agentdata: agentdata.Deps
    help: help.Deps
    reports: reports.Deps


@dataclass(frozen=True, slots=True)
class Terms:
    """What the configuration says of it."""

    country: str
    """Of numbers without a country code."""
    recording_url: str = ""


class Coaching:
    """All of it. `unmonitored`: the rules as every board asks them; `find`: one monitor, also an ended one."""

    def __init__(
        self,
        boards: Boards,
        nodes: Nodes,
        store: Store,
        unmonitored: Unmonitored,
        terms: Terms,
        clock: Callable[[], datetime],
        find: Callable[[str], Awaitable[Monitor | None]],
    ) -> None:
        country = terms.country
        self.rules = ExemptRules(boards, unmonitored, store.exempt, clock)
        policy = Policy(boards, country)
        self.desk = HelpDesk(boards, policy, store.help, clock, find)
        self.groups = Groups(
            exempt=exempt.Deps(boards, store.exempt, self.rules, country),
            notes=notes.Deps(
                *(boards, policy, store.notes, store.score_forms, RecentCalls(boards)),
                partial(recording_of, terms.recording_url),
            ),
            scores=scores.Deps(store.score_forms),
            agentdata=agentdata.Deps(store.agent_data),
            help=help.Deps(boards, nodes, policy, self.desk),
            reports=reports.Deps(boards, store.report, store.teams),
        )
        self._tasks = BackgroundTasks("coaching")

    async def start(self) -> None:
        """Take up what the database has, before any call is seen. Raises StoreUnavailable."""
        await self.rules.refresh()
        await self.desk.start()
        self._tasks.keep(self.rules.follow, "do not monitor")

    async def close(self) -> None:
        """Follow nothing any more."""
        await self._tasks.close()
        await self.desk.stop()
