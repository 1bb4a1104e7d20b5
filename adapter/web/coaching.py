"""The parts of coaching, put together: exempt from monitoring, notes, requests for help, shields, follows, reports."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from adapter.core.monitor import Monitor
from adapter.core.notes import recording_of
from adapter.core.unmonitored import Unmonitored
from adapter.fleet.nodes import Nodes
from adapter.monitoring.boards import Boards
from adapter.monitoring.consentrules import ConsentRules, ConsentWatch
from adapter.monitoring.help import HelpDesk
from adapter.monitoring.marks import MarkWatch
from adapter.monitoring.policy import Policy
from adapter.monitoring.recentcalls import RecentCalls
from adapter.monitoring.shielddesk import ShieldDesk
from adapter.monitoring.shields import ShieldKeeper
from adapter.monitoring.unmonitored import ExemptRules
from adapter.store import Store
from adapter.store.marks import CONSENT, EXEMPT, HELP
from adapter.web import agentdata, consent, embeds, exempt, follows, help, notes, reports, scores, shield


@dataclass(frozen=True, slots=True)
class Groups:
    """What each group of coaching's routes works with."""

    exempt: exempt.Deps
    consent: consent.Deps
    notes: notes.Deps
    scores: scores.Deps
    agentdata: agentdata.Deps
    help: help.Deps
    shield: shield.Deps
    follows: follows.Deps
    reports: reports.Deps
    embeds: embeds.Deps


@dataclass(frozen=True, slots=True)
class Terms:
    """What the configuration says of it."""

    country: str
    """Of numbers without a country code."""
    recording_url: str = ""
    shield_answer: float = 0.5
    """Seconds until a pause is answered."""
    has_announcement: bool = False
    """Whether the configuration names an announcement of consent."""


class Coaching:
    """All of it. `unmonitored`: the rules as every board asks them; `find`: one monitor, also an ended one;
    `committed`: returns once what has happened is in the database; `rules`: those of consent, as calls have them."""

    def __init__(
        self,
        boards: Boards,
        nodes: Nodes,
        store: Store,
        unmonitored: Unmonitored,
        terms: Terms,
        clock: Callable[[], datetime],
        find: Callable[[str], Awaitable[Monitor | None]],
        keeper: ShieldKeeper,
        committed: Callable[[], Awaitable[None]],
        rules: ConsentRules,
    ) -> None:
        country = terms.country
        self.rules = ExemptRules(boards, unmonitored, store.exempt, clock)
        self._consent = ConsentWatch(rules, store.consent)
        policy = Policy(boards, country)
        self.desk = HelpDesk(boards, policy, store.help, clock, find)
        self.keeper, self._shields = keeper, store.shields
        self.shields = ShieldDesk(
            boards, nodes.shielding_at, keeper, store.shields, committed, clock, terms.shield_answer
        )
        self.groups = Groups(
            exempt=exempt.Deps(boards, store.exempt, self.rules, country),
            consent=consent.Deps(store.consent, self._consent, store.teams, terms.has_announcement),
            notes=notes.Deps(
                *(boards, policy, store.notes, store.score_forms, RecentCalls(boards)),
                partial(recording_of, terms.recording_url),
            ),
            scores=scores.Deps(store.score_forms),
            agentdata=agentdata.Deps(store.agent_data),
            help=help.Deps(boards, nodes, policy, self.desk),
            shield=shield.Deps(boards, self.shields),
            follows=follows.Deps(boards, nodes, policy, store.follows.find),
            reports=reports.Deps(boards, store.report, store.teams),
            embeds=embeds.Deps(boards, policy, store.embeds),
        )

    async def start(self, *, alone: bool) -> None:
        """Take up what the database has, before any call is seen. Raises StoreUnavailable.

        `alone`: no other adapter looks after any PBX; else each PBX's shields are taken up with it.
        """
        if alone:
            self.keeper.take_up(await self._shields.unfinished())
        await self.rules.refresh()
        await self._consent.refresh()
        await self.desk.start()

    def follow(self, marks: MarkWatch) -> None:
        """Notice what other processes change, and what is over."""
        exempt, requests = "what is exempt from monitoring could not be read", "requests for help could not be read"
        marks.on(EXEMPT, self.rules.refresh, exempt)
        marks.on(HELP, self.desk.refresh, requests)
        marks.on(CONSENT, self._consent.refresh, "the rules of consent could not be read; the last known apply")
        marks.each(self.rules.forget_over, exempt)
        marks.each(self.desk.reopen_unbegun, requests)

    async def close(self) -> None:
        """Begin nothing any more."""
        await self.shields.close()
        await self.desk.stop()
