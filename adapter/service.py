"""Wiring, start and stop order: the only file that knows all parts."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from adapter import config, wiring
from adapter.config.http import Http
from adapter.config.tls import Certificate
from adapter.core.bars import Bars
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory
from adapter.errors import AdapterError
from adapter.fleet.node import Connect, Node, Shared
from adapter.fleet.nodes import Nodes
from adapter.fleet.ownership import Alone, Ownership
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
from adapter.monitoring.policy import Policy
from adapter.monitoring.ports import Pbx
from adapter.monitoring.recorder import Recorder
from adapter.monitoring.reservations import Reservations
from adapter.monitoring.takeup import take_up
from adapter.monitoring.unrecorded import Unrecorded
from adapter.store import Store
from adapter.store.address import in_words
from adapter.store.durability import Survives
from adapter.tasks import BackgroundTasks, KeyedLocks, close_all
from adapter.web import (
    audit,
    calls,
    events,
    health,
    monitors,
    operations,
    session,
    softphone,
    stopall,
    timeline,
    tokens,
    users,
    webhooks,
)
from adapter.web.access import Access
from adapter.web.app import Groups, make_app
from adapter.web.coaching import Coaching
from adapter.web.expiry import Expiry
from adapter.web.listener import Listener, in_url
from adapter.web.revocation import Revocation
from adapter.web.stream import Streams
from adapter.web.throttle import Throttle
from adapter.web.ttl_cache import SESSION_SECONDS, TtlCache
from adapter.webhooks.dispatcher import Dispatcher
from adapter.webhooks.guard import Guard
from adapter.webhooks.sender import Sender

log = structlog.get_logger(__name__)

PEOPLE_POLL = 0.5
"""Seconds between looks for changes of accounts that another process made (the command line)."""

LAST = 3.0
"""Seconds of each step of a stop once the record is written; all together fit into systemd's TimeoutStopSec."""


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
    ) -> None:
        self.settings, self.store, self.clock, self.ownership = settings, store, clock, ownership or Alone()
        started_at, unmonitored = clock(), wiring.unmonitored(settings, bars)
        read = [(pbx, wiring.node_settings(pbx, settings, key, unmonitored.forbids)) for pbx in settings.pbx]
        connecting = PbxState(LinkState.CONNECTING, started_at)
        boards = {pbx.id: Board(node.numbering, directory, connecting, node.dialplan, bars) for pbx, node in read}
        self.boards = Boards(boards.values(), directory, started_at)
        self.recorder = Recorder(self.boards, store.monitors, store.records.within(self.ownership.terms), clock)
        self.metrics = Metrics(self.boards)
        self.streams = Streams(self.boards)
        links: dict[str, Pbx] = {}
        places, is_at_page = Reservations(self.boards), self.streams.is_connected
        self.tickets = wiring.tickets(settings, Policy(self.boards, settings.numbering.country).decide)
        shared = Shared(
            *(self.recorder, places, self.metrics, clock, is_at_page, self.ownership.need, links.get),
            tickets=self.tickets if len(settings.pbx) > 1 else None,
        )
        nodes = [Node(node, boards[pbx.id], connect_to(pbx, clock), shared) for pbx, node in read]
        links.update((node.id, node.pbx.link) for node in nodes)
        self.nodes = Nodes(nodes, self.boards, settings.numbering.country)
        FarHalves(self.boards, clock, self.tickets.leg_of)
        country, find = settings.numbering.country, self.recorder.find
        self.coaching = Coaching(self.boards, self.nodes, store, unmonitored, country, clock, find)
        self.readiness = Readiness({"database": True, **self.nodes.parts}, self._problems, clock)
        self.ownership.lost.subscribe(self.nodes.give_up)
        self.database_health = DatabaseHealth(self.boards, store.installation.beat, clock)
        self.history = History(self.boards)
        self.unrecorded = Unrecorded(self.boards, clock, settings.monitoring.unrecorded_seconds)
        self.guard = Guard(allow_private=settings.webhooks.allow_private)
        sender = Sender(self.guard, clock, settings.webhooks.timeout_seconds)
        self.dispatcher = Dispatcher(
            store.webhooks, store.outbox, sender, clock, lambda answer: self.metrics.tried(answer.delivered)
        )
        self.recorder.written.subscribe(self.dispatcher.wake)
        self.retention = Retention(store, wiring.keep(settings))
        self.heads = Heads(store, key, settings.audit.heads, settings.audit.heads_file, self.dispatcher.wake, clock)
        self._tasks = BackgroundTasks("service")
        sessions = TtlCache(store.sessions.find, SESSION_SECONDS)
        api_tokens = TtlCache(store.tokens.find)
        with_phones = next((pbx for pbx in settings.pbx if pbx.softphone.enabled), None)
        self.browser_phones = next(
            (node.browser_phones for node in nodes if with_phones and node.id == with_phones.id), None
        )
        self.revocation = Revocation(
            (sessions, api_tokens), store.sessions, store.tokens, self.streams, self.browser_phones, clock
        )
        self.expiry = Expiry(self.revocation)
        self.access = Access(
            boards=self.boards,
            sessions=sessions,
            tokens=api_tokens,
            clock=clock,
            note=self.recorder.note,
            count_refusal=self.metrics.refused,
            write_now=self.recorder.write_now,
            proxies=wiring.proxies(settings),
        )
        self.groups = self._groups(with_phones or settings.pbx[-1])

    def _groups(self, phones_pbx: config.Pbx) -> Groups:
        """What each group of routes works with. `phones_pbx`: where pages' phones register."""
        store, boards, nodes, locks = self.store, self.boards, self.nodes, KeyedLocks()
        return Groups(
            operations=operations.Deps(
                self.readiness, store.outbox, self.streams, self.recorder, self.metrics, self.clock
            ),
            session=session.Deps(
                boards=boards,
                nodes=nodes,
                people=store.people,
                sessions=store.sessions,
                audit=store.audit,
                installation=store.installation,
                throttle=Throttle(),
                locks=locks,
                revocation=self.revocation,
                secure_cookies=self.settings.http.secure_cookies,
            ),
            users=users.Deps(
                nodes, store.people, self.revocation, wiring.star_codes(self.settings), wiring.pbxes(self.settings)
            ),
            calls=calls.Deps(boards),
            timeline=timeline.Deps(boards, self.history),
            coaching=self.coaching.groups,
            monitors=monitors.Deps(
                boards, nodes, self.recorder.find, store.answers, locks, on_switch=self.metrics.switched
            ),
            stopall=stopall.Deps(boards, nodes, self.recorder.committed),
            events=events.Deps(self.streams),
            softphone=softphone.Deps(
                phones=self.browser_phones,
                ice=wiring.ice(phones_pbx),
                sip_upstream=wiring.sip_upstream(phones_pbx),
                sip_tls=wiring.ari_tls(phones_pbx),
                tasks=self._tasks,
            ),
            audit=audit.Deps(store.audit),
            webhooks=webhooks.Deps(self.guard, store.webhooks, store.outbox, self.dispatcher),
            tokens=tokens.Deps(boards, store.tokens, self.revocation),
            health=health.Deps(self.readiness, self.nodes.remarks),
        )

    def _problems(self) -> list[str]:
        """What is not usable now, as `part: text`. Reads only what the parts know of themselves."""
        found = self.nodes.problems() + self.ownership.problems()
        return found if self.boards.record_state.writable else ["database: nothing can be written", *found]

    async def start(self) -> None:
        """What a former run left open is taken up or ended, then the PBXes are connected."""
        self.recorder.start(await self.store.records.open_calls())
        unfinished, latest = await self.store.monitors.unfinished(), await self.store.audit.latest()
        take_up(self.boards, self.recorder, unfinished, latest, self.clock())
        await self.coaching.start()
        await self.dispatcher.start()
        self.nodes.start()
        self.database_health.start()
        self.readiness.start()
        self._tasks.keep(self._follow_people, "people")
        self.expiry.start()
        self.retention.start()
        self.heads.start()

    async def _follow_people(self) -> None:
        """Notice changes of accounts that the command line makes."""
        known: object = None
        while True:
            try:
                current = await self.store.people.version()
                if current != known:
                    self.nodes.people_changed(await self.store.people.all(), self.clock())
                    await self.revocation.apply()
                    known = current
            except AdapterError as problem:
                log.warning("accounts could not be read; the last known rights apply", why=str(problem))
            await asyncio.sleep(PEOPLE_POLL)

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
        await close_all(LAST, self._tasks, self.coaching, self.expiry, self.nodes)
        await close_all(LAST, self.readiness, self.database_health, self.retention)
        await self.recorder.close(LAST)
        await close_all(LAST, self.heads)  # of all that is written, and while it can be delivered
        await close_all(LAST, self.dispatcher)


async def serve(settings: config.Settings, *, standby: bool = False) -> int:
    """Run until SIGINT or SIGTERM (exit status 0), or until another adapter took over (1).

    Raises ConfigError, StoreUnavailable, or AlreadyOwned, for which `standby` waits instead, at the start.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        idle = timedelta(minutes=settings.session.idle_minutes)
        log.info("database", database=in_words(settings.database_url))
        store = await Store.open(settings.database_url, idle, Survives(settings.database.survives), clock=now)
        stack.push_async_callback(store.close)
        ownership = Ownership(store.owners, this_member(now()), [pbx.id for pbx in settings.pbx], now)
        stack.push_async_callback(ownership.close)
        ownership.lost.subscribe(stop.set)
        if not await ownership.claim(stop, standby=standby):
            return 0
        directory = Directory.of(await store.people.all())
        key, bars = await store.installation.key(), await store.records.bars()
        connect_to = partial(wiring.asterisk, ownership=ownership)
        service = Service(settings, store, key, directory, bars, connect_to=connect_to, ownership=ownership)
        stack.push_async_callback(service.close)
        await service.start()
        await _listen(service, settings.http, stack)
        if settings.metrics.port:
            await operations.listen(service.groups.operations, settings.metrics.host, settings.metrics.port, stack)
        await _tell_setup(settings, store)
        await stop.wait()
        log.info("stopping")
        service.streams.close()
    return 0 if ownership.deposed is None else 1


async def _listen(service: Service, http: Http, stack: AsyncExitStack) -> None:
    certificate = wiring.certificate(http)
    limits = wiring.connection_limits(http, wiring.raise_file_limit())
    listener = Listener(
        make_app(service.access, service.groups),
        limits=limits,
        proxies=service.access.proxies,
        tls=certificate.context if certificate else None,
    )
    stack.push_async_callback(listener.cleanup)
    await listener.start(http.host, http.port)
    if certificate is not None:
        service.follow(certificate)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, certificate.refresh)
    if http.plain_and_open:
        log.warning("passwords are sent unencrypted over the network", host=http.host, way_out="docs/tls.md")
    log.info("listening", host=in_url(http.host), port=http.port, tls=certificate is not None)


async def _tell_setup(settings: config.Settings, store: Store) -> None:
    token = await store.installation.begin_setup()
    if token is not None:
        http = settings.http
        scheme = "https" if http.tls_certificate else "http"
        origin = http.public_origin or f"{scheme}://{in_url(http.host)}:{http.port}"
        log.warning("there is no account yet", setup=f"POST {origin}/api/v1/setup with this token", token=token)
