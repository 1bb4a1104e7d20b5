"""Running an adapter: claim what is ours, start, listen, and stop on a signal."""

import asyncio
import signal
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

import structlog

from adapter import config, wiring
from adapter.cluster import Membership
from adapter.config.http import Http
from adapter.core.people import Directory
from adapter.fleet.ownership import Ownership
from adapter.fleet.process import this_member
from adapter.service import Service, now
from adapter.store import Store
from adapter.store.address import in_words
from adapter.store.durability import Survives
from adapter.web.app import make_app
from adapter.web.listener import ConnectionLimits, Listener, in_url
from adapter.web.operations import metrics_app

log = structlog.get_logger(__name__)


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
        membership = Membership.of(settings, store, now)
        ownership = membership.claims if membership else await _alone(settings, store, stop, standby=standby)
        if ownership is None:
            return 0
        stack.push_async_callback(ownership.close)
        directory = Directory.of(await store.people.all())
        key, bars = await store.installation.key(), await store.records.bars()
        connect_to = partial(wiring.asterisk, ownership=ownership)
        service = Service(
            *(settings, store, key, directory, bars),
            connect_to=connect_to,
            ownership=ownership,
            membership=membership,
        )
        stack.push_async_callback(service.close)
        await service.start()
        await _listen(service, settings.http, stack)
        if settings.metrics.port:
            await _listen_for_metrics(service, settings.metrics, stack)
        await _tell_setup(settings, store)
        await stop.wait()
        log.info("stopping")
        service.streams.close()
    return 0 if service.ownership.deposed is None else 1


async def _alone(settings: config.Settings, store: Store, stop: asyncio.Event, *, standby: bool) -> Ownership | None:
    """The ownership of all PBXes; None when `stop` came first. Raises as `serve`."""
    ownership = Ownership(store.owners, this_member(now()), wiring.pbxes(settings), now)
    ownership.lost.subscribe(stop.set)
    if await ownership.claim(stop, standby=standby):
        return ownership
    await ownership.close()
    return None


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


async def _listen_for_metrics(service: Service, metrics: config.Metrics, stack: AsyncExitStack) -> None:
    listener = Listener(metrics_app(service.groups.operations), limits=ConnectionLimits(total=100, each=100))
    stack.push_async_callback(listener.cleanup)
    await listener.start(metrics.host, metrics.port)
    log.info("listening for Prometheus", host=in_url(metrics.host), port=metrics.port)


async def _tell_setup(settings: config.Settings, store: Store) -> None:
    token = await store.installation.begin_setup()
    if token is not None:
        http = settings.http
        scheme = "https" if http.tls_certificate else "http"
        origin = http.public_origin or f"{scheme}://{in_url(http.host)}:{http.port}"
        log.warning("there is no account yet", setup=f"POST {origin}/api/v1/setup with this token", token=token)
