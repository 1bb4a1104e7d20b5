"""Wiring, start and stop order: the only file that knows all parts."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import structlog

from adapter import config, wiring
from adapter.asterisk.endpoints import Endpoints
from adapter.asterisk.link import Link
from adapter.asterisk.stasis import Stasis
from adapter.config.http import Http
from adapter.config.tls import Certificate
from adapter.core import lifecycle
from adapter.core.changes import MonitorChange
from adapter.core.events import Event
from adapter.core.monitor import EndReason, Monitor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory
from adapter.core.permissions import monitor_survives
from adapter.core.record import Record
from adapter.errors import AdapterError, StoreUnavailable
from adapter.health.database import DatabaseHealth
from adapter.health.heads import Heads
from adapter.health.metrics import Metrics
from adapter.health.retention import Keep, Retention
from adapter.health.watchdog import Watchdog
from adapter.monitoring.board import Board
from adapter.monitoring.recorder import Recorder
from adapter.monitoring.supervise import Supervision
from adapter.phones.browser import BrowserPhones
from adapter.phones.dtmf import DtmfModes
from adapter.phones.messages import PhoneMessages
from adapter.phones.starcodes import StarCodes
from adapter.store import Store
from adapter.tasks import BackgroundTasks
from adapter.web.api import Web
from adapter.web.app import make_app
from adapter.web.auth import SESSION_SECONDS, TtlCache
from adapter.web.listener import ConnectionLimits, Listener
from adapter.web.operations import metrics_app
from adapter.web.session import access_ended
from adapter.web.stream import Streams
from adapter.web.throttle import Throttle
from adapter.webhooks.dispatcher import Dispatcher
from adapter.webhooks.guard import Guard
from adapter.webhooks.sender import Sender

log = structlog.get_logger(__name__)

PEOPLE_POLL = 0.5
"""Seconds between looks for changes of accounts that another process made (the command line)."""

IDLE_POLL = 60.0
"""Seconds between looks for sessions that have become idle."""


def now() -> datetime:
    """The adapter's one clock."""
    return datetime.now(UTC)


class Service:
    """One running adapter."""

    def __init__(self, settings: config.Settings, store: Store, key: bytes, directory: Directory) -> None:
        self.settings, self.store = settings, store
        pbx = settings.pbx[0]
        numbering, words = wiring.numbering(settings, key), wiring.spy_dialplan(pbx.context)
        self.board = Board(numbering, directory, PbxState(LinkState.CONNECTING, now()), words)
        self.recorder = Recorder(self.board, store.monitors, store.records, now)
        self.record_watch = DatabaseHealth(self.board, store.installation.beat, now)
        self.metrics = Metrics(self.board)
        self.link = Link(wiring.link_settings(settings), self._events, self._state, now)
        lifetime = timedelta(hours=settings.softphone.lifetime_hours)
        endpoints = Endpoints(self.link.ari, settings.softphone.context)
        self.softphones = BrowserPhones(self.board, endpoints, now, lifetime, self._device_gone)
        self.monitoring = Supervision(
            self.board, self.link, self.recorder, now, wiring.limits(settings), self.softphones.device_of
        )
        self.watchdog = Watchdog(
            self.board,
            self.link,
            self.monitoring.ending,
            words,
            numbering.is_spy,
            now,
            pbx.watch_interval_seconds,
        )
        self.keypad = DtmfModes(self.board, self.monitoring, self.recorder, now)
        self.star_codes = StarCodes(self.board, self.monitoring, self.link, self.recorder, now)
        self.stasis = Stasis(self.link.ari, self.star_codes.take)
        self.streams = Streams(self.board)
        self.messages = PhoneMessages(self.board, self.link.ari.message, self.streams.is_connected)
        guard = Guard(allow_private=settings.webhooks.allow_private)
        sender = Sender(guard, now, settings.webhooks.timeout_seconds)
        self.dispatcher = Dispatcher(store.webhooks, store.outbox, sender, now)
        self.watchdog.on_look = self.metrics.looked
        self.dispatcher.tried = lambda answer: self.metrics.tried(answer.delivered)
        self.recorder.written = self.dispatcher.wake
        self.retention = Retention(store, Keep.of(settings.audit, settings.webhooks))
        self.heads = Heads(store, key, settings.audit.heads, settings.audit.heads_file, self.dispatcher.wake, now)
        self._tasks = BackgroundTasks("service")
        self.web = Web(
            board=self.board,
            monitoring=self.monitoring,
            recorder=self.recorder,
            store=store,
            streams=self.streams,
            dispatcher=self.dispatcher,
            guard=guard,
            metrics=self.metrics,
            sessions=TtlCache(store.sessions.find, SESSION_SECONDS),
            tokens=TtlCache(store.tokens.find),
            throttle=Throttle(),
            clock=now,
            problems=self._problems,
            softphones=self.softphones if settings.softphone.enabled else None,
            softphone_tasks=self._tasks,
            ice=wiring.ice(settings),
            sip_upstream=wiring.sip_upstream(settings),
            sip_tls=wiring.ari_tls(settings),
            secure_cookies=settings.http.secure_cookies,
            proxies=wiring.proxies(settings),
        )

    def _device_gone(self, device: str) -> None:
        self.monitoring.ending.device_gone(device)

    def _events(self, events: Sequence[Event]) -> None:
        self.watchdog.hear(events)
        self.board.take(events)
        self.metrics.took(events, (now() - events[-1].at).total_seconds() if events else 0.0)

    def _state(self, state: PbxState) -> None:
        self.metrics.link_changed(state.state)
        self.board.set_pbx(state)
        self.monitoring.ending.pbx_changed()

    async def _problems(self) -> list[str]:
        found = await self.link.problems()
        if self.watchdog.blind:
            found.append("ami: Asterisk keeps events from us; compare read= and eventfilter in manager.conf")
        if self.board.takes_up:
            found.append("monitors: those of a former run are being taken up")
        if not self.board.record_state.writable:
            found.append("database: nothing can be written")
        try:
            await self.store.people.version()
        except StoreUnavailable as problem:
            found.append(f"database: {problem}")
        return found

    async def start(self) -> None:
        """Begin: what a former run left open is taken up or ended, then the PBX is connected."""
        self.recorder.start(await self.store.records.open_calls())
        self._take_up(await self.store.monitors.unfinished())
        await self.dispatcher.start()
        self.link.start()
        self.stasis.start()
        self.watchdog.start()
        self.record_watch.start()
        self._tasks.start(self._follow_people(), "people")
        self._tasks.start(self._end_idle_streams(), "idle streams")
        self.retention.start()
        self.heads.start()

    def _take_up(self, left: Sequence[Monitor]) -> None:
        """What a former run left open: legs of phones may live on, a page's phone went with its socket."""
        at, alive = now(), []
        for monitor in left:
            user = self.board.directory.users.get(monitor.supervisor.user_id)
            entitled = monitor_survives(user, monitor.mode, keypad=monitor.keypad)
            if monitor.ring and entitled:
                alive.append(lifecycle.taken_up(monitor, at))
                continue
            reason = EndReason.ADAPTER_STOPPED if entitled else EndReason.PERMISSION_REVOKED
            record = Record()
            over = MonitorChange(monitor, lifecycle.ended(monitor, reason, at).monitor)
            self.recorder.ledger.monitor(over, at, record)
            self.recorder.note(record)
        self.board.take_up(alive)

    async def _end_idle_streams(self) -> None:
        """A page that nobody uses is signed out though its stream stands."""
        while True:
            await asyncio.sleep(IDLE_POLL)
            try:
                await access_ended(self.web)
            except AdapterError as problem:
                log.warning("sessions could not be read; streams go on", why=str(problem))

    async def _follow_people(self) -> None:
        """Notice changes of accounts that the command line makes."""
        known = await self.store.people.version()
        while True:
            await asyncio.sleep(PEOPLE_POLL)
            try:
                current = await self.store.people.version()
                if current != known:
                    await self.monitoring.ending.people_changed(await self.store.people.all())
                    await access_ended(self.web)
                    known = current
            except AdapterError as problem:
                log.warning("accounts could not be read; the last known rights hold", why=str(problem))

    def follow(self, certificate: Certificate) -> None:
        """Take up renewals of our certificate."""
        self._tasks.start(certificate.follow(), "certificate")

    async def close(self) -> None:
        """End: monitors first, then the rest, the record last."""
        await self.watchdog.close()
        await self.monitoring.close()
        self.streams.close()
        await self.softphones.close()
        await self._tasks.close()
        await self.stasis.close()
        await self.keypad.close()
        await self.messages.close()
        await self.link.close()
        await self.record_watch.close()
        await self.retention.close()
        await self.recorder.close()
        await self.heads.close()
        await self.dispatcher.close()


async def serve(settings: config.Settings) -> int:
    """Run until SIGINT or SIGTERM. Returns the exit status. Raises ConfigError or StoreUnavailable at the start."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        idle = timedelta(minutes=settings.session.idle_minutes)
        store = await Store.open(settings.database_url, idle, clock=now)
        stack.push_async_callback(store.close)
        directory = Directory.of(await store.people.all())
        service = Service(settings, store, await store.installation.key(), directory)
        stack.push_async_callback(service.close)
        await service.start()
        await _listen(service, settings.http, stack)
        if settings.metrics.port:
            await _listen_for_metrics(service, settings.metrics, stack)
        await _tell_setup(settings, store)
        await stop.wait()
        log.info("stopping")
        service.streams.close()
    return 0


async def _listen(service: Service, http: Http, stack: AsyncExitStack) -> None:
    certificate = wiring.certificate(http)
    room = wiring.room(http, wiring.raise_file_limit())
    listener = Listener(
        make_app(service.web), room=room, proxies=service.web.proxies, tls=certificate.context if certificate else None
    )
    stack.push_async_callback(listener.cleanup)
    await listener.start(http.host, http.port)
    if certificate is not None:
        service.follow(certificate)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, certificate.refresh)
    if http.plain_and_open:
        log.warning("passwords cross the network in plain text", host=http.host, way_out="docs/tls.md")
    log.info("listening", host=http.host, port=http.port, tls=certificate is not None)


async def _listen_for_metrics(service: Service, metrics: config.Metrics, stack: AsyncExitStack) -> None:
    listener = Listener(metrics_app(service.web), room=ConnectionLimits(total=100, each=100))
    stack.push_async_callback(listener.cleanup)
    await listener.start(metrics.host, metrics.port)
    log.info("listening for Prometheus", host=metrics.host, port=metrics.port)


async def _tell_setup(settings: config.Settings, store: Store) -> None:
    token = await store.installation.begin_setup()
    if token is not None:
        http = settings.http
        scheme = "https" if http.tls_certificate else "http"
        origin = http.public_origin or f"{scheme}://{http.host}:{http.port}"
        log.warning("nobody has an account yet", setup=f"POST {origin}/api/v1/setup with this token", token=token)
