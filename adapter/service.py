"""Wiring, start and stop order: the only file that knows all parts."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

import structlog

from adapter import config, wiring
from adapter.cluster import LOOK, Cluster, Membership
from adapter.config.tls import Certificate
from adapter.core.bars import Bars
from adapter.core.numbering import CallRules
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory
from adapter.core.shield import Shields
from adapter.fleet.members import Members
from adapter.fleet.node import Connect, Node, Shared
from adapter.fleet.nodes import Nodes
from adapter.fleet.ownership import Alone
from adapter.fleet.pagenews import PageNews
from adapter.fleet.people import KnownPeople
from adapter.fleet.process import this_member
from adapter.health.database import DatabaseHealth
from adapter.health.heads import Heads
from adapter.health.metrics import Metrics
from adapter.health.readiness import Readiness
from adapter.health.retention import Retention
from adapter.monitoring.board import Board
from adapter.monitoring.boards import Boards
from adapter.monitoring.halves import FarHalves
from adapter.monitoring.history import History
from adapter.monitoring.marks import MarkWatch
from adapter.monitoring.policy import Policy
from adapter.monitoring.ports import Pbx
from adapter.monitoring.recorder import Recorder
from adapter.monitoring.reservations import Reservations
from adapter.monitoring.shields import ShieldKeeper
from adapter.monitoring.takeup import take_up
from adapter.monitoring.unrecorded import Unrecorded
from adapter.phones.browser import Endpoints
from adapter.store import Store
from adapter.store.marks import PEOPLE
from adapter.tasks import BackgroundTasks, KeyedLocks, close_all
from adapter.web import (
    audit,
    calls,
    cluster,
    events,
    floor,
    health,
    monitors,
    operations,
    session,
    softphone,
    stopall,
    teams,
    timeline,
    tokens,
    users,
    webhooks,
)
from adapter.web.access import Access
from adapter.web.app import Groups
from adapter.web.coaching import Coaching
from adapter.web.embedded import EmbedSessions, Sites
from adapter.web.expiry import Expiry
from adapter.web.revocation import Revocation
from adapter.web.stream import Streams
from adapter.web.throttle import Throttle
from adapter.web.ttl_cache import SESSION_SECONDS, TtlCache
from adapter.webhooks.dispatcher import Dispatcher
from adapter.webhooks.guard import Guard
from adapter.webhooks.sender import Sender

log = structlog.get_logger(__name__)

LAST = 3.0
"""Seconds of each step of a stop once the record is written; all together fit into systemd's TimeoutStopSec."""
PATIENCE = 12.0
"""Seconds that a request with an Idempotency-Key is waited for which another adapter carries out."""


def now() -> datetime:
    """The adapter's one clock."""
    return datetime.now(UTC)


ConnectTo = Callable[[config.Pbx, Callable[[], datetime]], Connect]


class Service:
    """One running adapter. `bars`: as the former run kept them; `connect_to`: what connects to a PBX."""

    def __init__(
        self,
        settings: config.Settings,
        store: Store,
        key: bytes,
        directory: Directory,
        bars: Bars,
        *,
        connect_to: ConnectTo = wiring.asterisk,
        clock: Callable[[], datetime] = now,
        ownership: Alone | None = None,
        membership: Membership | None = None,
        endpoints_of: Callable[[config.Pbx], Endpoints] = wiring.endpoints,
    ) -> None:
        self.unmonitored, shielded = wiring.unmonitored(settings, bars), Shields(bars)
        rules = CallRules(self.unmonitored.forbids, shielded.in_force)
        self._node_settings = partial(wiring.node_settings, settings=settings, key=key, rules=rules)
        self.settings, self.store, self.clock, self._key, self.bars = settings, store, clock, key, bars
        self.ownership = ownership or (membership.claims if membership else Alone(this_member(clock())))
        self._connect_to, started_at = connect_to, clock()
        self.cluster = Cluster(membership, settings, store, key, bars, clock) if membership else None
        boards = self.cluster.boards(directory) if self.cluster else [self._board(p, directory) for p in settings.pbx]
        terms, days = self.ownership.terms, settings.coaching.message_keep_days
        self.boards = Boards(boards, directory, started_at, days)
        is_one = self.cluster.does_chores if self.cluster else lambda: True
        written, kept = store.records.within(terms), store.coach_messages.within(terms) if days else None
        self.recorder = Recorder(self.boards, store.monitors, written, clock, self.ownership.owns)
        self.metrics = Metrics(self.boards)
        if self.cluster is not None:
            self.metrics.registry.register(self.cluster.figures(self.boards))
        self.shields = ShieldKeeper(self.boards, shielded, self.recorder.note, clock)
        self.streams, places = Streams(self.boards), Reservations(self.boards)
        names = wiring.page_names(key, self.ownership)
        pages = (settings, self.boards, names, clock, PageNews(lambda: self.nodes), endpoints_of)
        self.page_phones = wiring.page_phones(*pages)
        self.tickets = wiring.tickets(settings, Policy(self.boards, settings.numbering.country).decide)
        owner = self.ownership.need, self._link_of, self._page_of
        self._shared = Shared(
            *(self.recorder, places, self.metrics, clock, self.streams.is_connected, *owner),
            tickets=self.tickets if len(settings.pbx) > 1 else None,
            shields=self.shields,
            message_log=kept,
        )
        self.accounts, country = KnownPeople("", self._read_accounts), settings.numbering.country
        seen = self.accounts, self.boards
        self.nodes: Nodes = (
            self.cluster.nodes(*seen, self.recorder, self.shields, self._make, self._pages, country)
            if self.cluster
            else Nodes([self._node(board) for board in self.boards.own], self.boards, country)
        )
        self.halves = FarHalves(self.boards, clock, self.tickets.leg_of)
        self.coaching = Coaching(
            *(self.boards, self.nodes, store, self.unmonitored, wiring.coaching(settings), clock, self.recorder.find),
            *(self.shields, lambda: self.recorder.committed(""), self._shared.consent),
        )
        self._shared.help_asked.subscribe(self.coaching.desk.pressed)
        self._shared.shield_asked.subscribe(self.coaching.shields.asked)
        self.readiness = Readiness({"database": True, **self.nodes.parts}, self._problems, clock)
        self.ownership.lost.subscribe(self.nodes.give_up)
        self.database_health = DatabaseHealth(self.boards, store.installation.beat, clock)
        self.unrecorded = Unrecorded(self.boards, clock, settings.monitoring.unrecorded_seconds)
        self.history, self.guard = History(self.boards), Guard(allow_private=settings.webhooks.allow_private)
        sender = Sender(self.guard, clock, settings.webhooks.timeout_seconds)
        self.dispatcher = Dispatcher(
            *(store.webhooks, store.outbox, sender, clock, lambda answer: self.metrics.tried(answer.delivered)),
            is_sender=is_one,
        )
        self.recorder.written.subscribe(self.dispatcher.wake)
        self._shared.consent.changed.subscribe(self.dispatcher.wake)
        self.retention = Retention(store, wiring.keep(settings), is_one)
        heads = settings.audit.heads, settings.audit.heads_file
        self.heads = Heads(store, key, *heads, self.dispatcher.wake, clock, is_one)
        self._tasks = BackgroundTasks("service")
        known, sites = self.cluster, Sites(settings.embed.origins, settings.embed.ancestors)
        sessions = TtlCache(known.after_makings(store.sessions.find) if known else store.sessions.find, SESSION_SECONDS)
        api_tokens = TtlCache(known.after_makings(store.tokens.find) if known else store.tokens.find)
        embeds = TtlCache(known.after_makings(store.embeds.find) if known else store.embeds.find)
        upstreams, ended = wiring.upstreams(settings), (sessions, api_tokens, embeds)
        self.revocation = Revocation(ended, store.sessions, store.tokens, self.streams, self.page_phones, clock)
        self.expiry = Expiry(self.revocation)
        self.marks = MarkWatch(store.marks.read)
        self.marks.on(PEOPLE, self._people_changed, "accounts could not be read; the last known rights apply")
        self.coaching.follow(self.marks)
        self.access = Access(
            boards=self.boards,
            sessions=sessions,
            tokens=api_tokens,
            clock=clock,
            note=self.recorder.note,
            count_refusal=self.metrics.refused,
            write_now=self.recorder.write_now,
            proxies=wiring.proxies(settings),
            embeds=EmbedSessions(self.boards, embeds, sites, self.recorder.find, store.clock.elapsed),
            number_making=self.cluster.number_making if self.cluster else None,
        )
        self.groups = self._groups(upstreams)

    # --- one PBX

    def _board(self, pbx: config.Pbx, directory: Directory) -> Board:
        node, connecting = self._node_settings(pbx), PbxState(LinkState.CONNECTING, self.clock())
        return Board(node.numbering, directory, connecting, node.dialplan, self.bars)

    def _node(self, board: Board) -> Node:
        pbx = next(pbx for pbx in self.settings.pbx if pbx.id == board.id)
        return Node(self._node_settings(pbx), board, self._connect_to(pbx, self.clock), self._shared)

    def _make(self, pbx_id: str) -> Node:
        """All of a PBX that is ours from now on."""
        board = self._board(next(pbx for pbx in self.settings.pbx if pbx.id == pbx_id), self.boards.directory)
        self.halves.watch(board)
        return self._node(board)

    def _link_of(self, pbx: str) -> Pbx | None:
        return node.pbx.link if (node := self.nodes.node(pbx)) else None

    @property
    def _pages(self) -> tuple[Callable[[str, str], str | None], Callable[[str, str], bool]]:
        return self._page_of, lambda pbx, device: self.page_phones.lives(pbx, device)  # noqa: PLW0108 - made later

    def _page_of(self, pbx: str, user_id: str) -> str | None:
        return self.page_phones.device_of(pbx, user_id)

    def _groups(self, upstreams: Mapping[str, softphone.Upstream]) -> Groups:
        """What each group of routes works with. `upstreams`: how pages' phones reach each PBX."""
        store, boards, nodes, locks = self.store, self.boards, self.nodes, KeyedLocks()
        return Groups(
            operations=operations.Deps(
                self.readiness, store.outbox, self.streams, self.recorder, self.metrics, self.clock
            ),
            session=session.Deps(
                boards=boards,
                people=store.people,
                accounts=self.accounts,
                sessions=store.sessions,
                audit=store.audit,
                installation=store.installation,
                throttle=Throttle(),
                locks=locks,
                revocation=self.revocation,
                secure_cookies=self.settings.http.secure_cookies,
                guesses=store.guesses if self.cluster else None,
            ),
            users=users.Deps(
                *(store.people, self.accounts, self.revocation),
                wiring.star_codes(self.settings),
                wiring.pbxes(self.settings),
            ),
            teams=teams.Deps(store.people, store.teams, self.accounts, self.revocation),
            calls=calls.Deps(boards, self.settings.numbering.country, self._key),
            floor=floor.Deps(boards),
            timeline=timeline.Deps(boards, self.history),
            coaching=self.coaching.groups,
            monitors=monitors.Deps(
                *(boards, nodes, self.recorder.find, store.answers, locks, self.metrics.switched),
                *(store.coach_messages.of, PATIENCE if self.cluster else 0.0),
            ),
            stopall=stopall.Deps(boards, nodes, self.recorder.committed),
            events=events.Deps(self.streams),
            softphone=softphone.Deps(self.page_phones, upstreams, self._tasks),
            audit=audit.Deps(store.audit),
            webhooks=webhooks.Deps(self.guard, store.webhooks, store.outbox, self.dispatcher),
            tokens=tokens.Deps(boards, store.tokens, self.revocation),
            health=health.Deps(self.readiness, self.nodes.remarks),
            cluster=cluster.Deps(Members(boards, lambda: self.ownership.seen)),
        )

    def _problems(self) -> list[str]:
        """What is not usable now, as `part: text`. Reads only what the parts know of themselves."""
        found = self.nodes.problems() + self.ownership.problems()
        return found if self.boards.record_state.writable else ["database: nothing can be written", *found]

    async def start(self) -> None:
        """What a former run left open is taken up or ended, then the PBXes are connected."""
        if self.cluster is None:
            self.recorder.start(await self.store.records.open_calls())
            unfinished, latest = await self.store.monitors.unfinished(), await self.store.audit.latest()
            left = (self.boards, self.recorder, unfinished, latest, self.clock())
            take_up(*left, follows=await self.store.follows.unfinished())
        else:  # what others left is taken up with each PBX that becomes ours
            self.recorder.start(None)
            await self.accounts.read()
            self.dispatcher.look_often(LOOK)
        await self.coaching.start(alone=self.cluster is None)
        await self.dispatcher.start()
        await self.nodes.start()
        self.database_health.start()
        self.readiness.start()
        self.marks.start()
        self.expiry.start()
        self.retention.start()
        self.heads.start()

    async def _people_changed(self) -> None:
        """Accounts were changed by the command line, or at another adapter."""
        await self.accounts.read()
        await self.revocation.apply()

    async def _read_accounts(self) -> str:
        """Bring in effect what is in the database. Raises StoreUnavailable."""
        mark, users = await self.store.people.version(), await self.store.people.all()
        if self.cluster is not None:
            await self.cluster.learn_makings()  # by whom they were made, first
        self.accounts.took(mark)
        self.nodes.people_changed(users, self.clock())
        return mark

    def follow(self, certificate: Certificate) -> None:
        """Take up renewals of our certificate."""
        self._tasks.keep(certificate.follow, "certificate")

    async def close(self) -> None:
        """End: monitors first, unless another adapter has them now, and their record; then the rest, by a deadline."""
        if self.ownership.deposed is None:
            await self.nodes.end_monitors()
            await self.recorder.drain()
        self.streams.close()
        self.unrecorded.close()
        await close_all(LAST, self._tasks, self.marks, self.coaching, self.expiry, self.page_phones, self.nodes)
        await close_all(LAST, self.readiness, self.database_health, self.retention)
        await self.recorder.close(LAST)
        if self.cluster is not None:
            await self.cluster.close()
        await close_all(LAST, self.heads)  # of all that is written, and while it can be delivered
        await close_all(LAST, self.dispatcher)
