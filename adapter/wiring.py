"""The configuration as each part of the adapter wants it."""

import resource
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from urllib.parse import urlsplit

import structlog

from adapter import config
from adapter.asterisk import chanspy
from adapter.asterisk.ami import AmiAddress
from adapter.asterisk.ari import Ari
from adapter.asterisk.connection import LinkSettings
from adapter.asterisk.endpoints import Endpoints
from adapter.asterisk.fence import UNFENCED, Fence
from adapter.asterisk.pbx import Asterisk
from adapter.config.http import Http
from adapter.config.section import revealed
from adapter.config.settings import NEEDS_POSTGRESQL
from adapter.config.settings import Numbering as Numbers
from adapter.config.tls import Certificate, client_context
from adapter.config.unit import source_of
from adapter.core.bars import Bars
from adapter.core.call import Call
from adapter.core.calls import Numbering
from adapter.core.events import Channel
from adapter.core.legs import LegNames, SpyDialplan, is_leg
from adapter.core.numbering import FREE, CallRules
from adapter.core.people import User
from adapter.core.trunks import TICKET
from adapter.core.unmonitored import Unmonitored
from adapter.errors import ConfigError
from adapter.fleet.claims import Claims
from adapter.fleet.natsaccess import NatsAccess
from adapter.fleet.node import Connect, NodeSettings, OnCall, OnEvents, OnState
from adapter.fleet.ownership import Alone, Ownership
from adapter.fleet.pagenews import PageNews
from adapter.health.retention import Keep
from adapter.monitoring.boards import Boards, OneOfBoards
from adapter.monitoring.consentports import Sounds
from adapter.monitoring.e164 import forms
from adapter.monitoring.floornews import QueueLimit
from adapter.monitoring.limits import Limits
from adapter.monitoring.ports import StartRequest
from adapter.monitoring.shielding import MOVED
from adapter.phones.browser import PREFIX, BrowserPhones, Names
from adapter.phones.browser import Endpoints as PhonesEndpoints
from adapter.phones.pages import PagePhones
from adapter.phones.tickets import Tickets
from adapter.web.coaching import Terms
from adapter.web.ice import Ice
from adapter.web.listener import ConnectionLimits
from adapter.web.proxy import ProxyPolicy, networks
from adapter.web.softphone import Upstream

log = structlog.get_logger(__name__)

NAME = 8
"""Characters of an adapter's id in the names of its pages' endpoints."""
KEPT_FILES = 256
"""Files kept for the PBX, the database, hooks and softphones; each of the latter has one to Asterisk."""


def _matches(patterns: Sequence[str]) -> Callable[[str], bool]:
    return lambda endpoint: any(fnmatchcase(endpoint, pattern) for pattern in patterns)


def remembered(matches: Callable[[str], bool]) -> Callable[[str], bool]:
    """The same, asked once for each endpoint: of trunks it is asked at each event."""
    return lru_cache(maxsize=10_000)(matches)


def numbering(pbx: config.Pbx, key: bytes, numbers: Numbers | None = None, *, several: bool = False) -> Numbering:
    """How this PBX is read. `key` makes ids opaque; `numbers`: of phones; `several`: whether there are other PBXes."""
    numbers = numbers or Numbers()
    words = (*pbx.star_codes.model_dump().values(), TICKET)

    def is_agent(endpoint: str) -> bool:
        return not endpoint.startswith(f"PJSIP/{PREFIX}") and _matches(pbx.endpoints.agents)(endpoint)

    def is_spy(channel: Channel) -> bool:
        return is_leg(channel.uniqueid) or channel.context == pbx.context or channel.extension.startswith(words)

    def country_of(endpoint: str) -> str:
        found = (country for pattern, country in numbers.countries.items() if fnmatchcase(endpoint, pattern))
        return next(found, "")

    return Numbering(
        *(pbx.id, is_agent, _matches(pbx.endpoints.internal), is_spy, key, tuple(numbers.outside_prefixes), country_of),
        name=pbx.shown_name,
        is_trunk=remembered(_matches(pbx.trunk_patterns)) if several else None,
    )


def spy_dialplan(context: str, key: bytes) -> SpyDialplan:
    """How spying is read in this monitor dialplan. `key`: the installation's, which names its legs."""
    return SpyDialplan(
        mode_at=lambda where, name: chanspy.mode_of(name) if where == context else None,
        shielded_at=lambda where, name: where == context and name == chanspy.SHIELDED,
        keypad_at=chanspy.has_keypad,
        mode_of_digit=chanspy.mode_of_digit,
        leave_digit=chanspy.LEAVE_DIGIT,
        over=chanspy.OVER,
        legs=LegNames.of(key),
        waits_at=lambda where, name: where == context and name == chanspy.WAIT,
        skip_digit=chanspy.SKIP_DIGIT,
    )


def link_settings(pbx: config.Pbx) -> LinkSettings:
    """Where the PBX is, with secrets revealed. Raises ConfigError."""
    tls = client_context(pbx.ami.tls_ca) if pbx.ami.tls else None
    return LinkSettings(
        id=pbx.id,
        ami=AmiAddress(pbx.ami.host, pbx.ami.port, pbx.ami.username, pbx.ami.reveal(), tls),
        ari_url=pbx.ari.url,
        ari_username=pbx.ari.username,
        ari_password=pbx.ari.reveal(),
        ari_tls=ari_tls(pbx),
        context=pbx.context,
        answer_style=pbx.auto_answer.style,
        answer_styles=pbx.auto_answer.devices,
        is_trunk=_matches(pbx.trunk_patterns),
        connect_deadline=pbx.connect_deadline_seconds,
        action_deadline=pbx.action_deadline_seconds,
        ping_interval=pbx.ping_interval_seconds,
        ping_deadline=pbx.ping_deadline_seconds,
        longest_pause=pbx.longest_pause_seconds,
    )


def asterisk(pbx: config.Pbx, clock: Callable[[], datetime], ownership: Ownership | Claims | None = None) -> Connect:
    """What connects to this PBX, as far as we own it. Raises ConfigError."""
    settings = link_settings(pbx)
    fence = Fence(partial(ownership.need, pbx.id), partial(ownership.doubt, pbx.id)) if ownership else UNFENCED

    def connect(on_events: OnEvents, on_state: OnState, on_call: OnCall) -> Asterisk:
        return Asterisk(settings, on_events, on_state, on_call, clock, fence)

    return connect


def node_settings(pbx: config.Pbx, settings: config.Settings, key: bytes, rules: CallRules = FREE) -> NodeSettings:
    """How this PBX is read and treated."""
    reading = numbering(pbx, key, settings.numbering, several=len(settings.pbx) > 1)
    return NodeSettings(
        numbering=replace(reading, **rules._asdict()),
        dialplan=spy_dialplan(pbx.context, key),
        limits=limits(settings),
        watch_interval=pbx.watch_interval_seconds,
        reach=pbx.reach,
        queue_limits={one.name: QueueLimit(one.waiting, one.longest_wait_seconds) for one in settings.queue},
        detect_talk=settings.talk.detect,
        sounds=Sounds(settings.consent.beep, settings.consent.announcement, settings.consent.longest_seconds),
    )


def unmonitored(settings: config.Settings, bars: Bars) -> Unmonitored:
    """Whom nobody may monitor: nobody, until that is read from the database."""
    country = settings.numbering.country
    return Unmonitored(bars, lambda number, where: forms(number, where or country))


def proxies(settings: config.Settings) -> ProxyPolicy:
    """Who is believed what about where they come from."""
    http = settings.http
    return ProxyPolicy(
        networks(http.trusted_proxies), http.public_origin, frozenset(name.lower() for name in http.hosts)
    )


def ari_tls(pbx: config.Pbx) -> ssl.SSLContext | None:
    """Whom to believe at ARI and at Asterisk's WebSocket beside it; None without TLS. Raises ConfigError."""
    ari, websocket = pbx.ari, pbx.softphone.websocket_url
    return client_context(ari.tls_ca) if ari.url.startswith("https:") or websocket.startswith("wss:") else None


def certificate(http: Http) -> Certificate | None:
    """Our own certificate; None where we listen without TLS. Raises ConfigError."""
    if http.tls_certificate is None or http.tls_key is None:
        return None
    return Certificate(http.tls_certificate, http.tls_key)


def raise_file_limit() -> int:
    """Let this process have as many files open as it may; returns how many (getrlimit(2))."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def connection_limits(http: Http, files: int) -> ConnectionLimits:
    """How many connections there may be, so that the PBX and the database never lack a file."""
    most = files - KEPT_FILES if files != resource.RLIM_INFINITY else http.max_connections
    if most < http.max_connections:
        log.warning("fewer connections than configured, because this process may open few files", files=files)
    total = max(KEPT_FILES // 4, min(http.max_connections, most))
    return ConnectionLimits(total, min(http.max_connections_each, total))


def ice(pbx: config.Pbx) -> Ice:
    """STUN and TURN servers, with the secret revealed. Raises ConfigError."""
    phone = pbx.softphone
    secret = revealed(phone.turn_secret, phone.turn_secret_file)
    return Ice(tuple(phone.stun), tuple(phone.turn), secret)


def endpoints(pbx: config.Pbx) -> Endpoints:
    """Where pages' phones are made at this PBX: by any adapter, whichever looks after it. Raises ConfigError."""
    settings = link_settings(pbx)
    ari = Ari(
        *(settings.ari_url, settings.ari_username, settings.ari_password, settings.action_deadline),
        tls=settings.ari_tls,
    )
    return Endpoints(ari, pbx.softphone.context)


def page_names(key: bytes, ownership: Alone) -> Names:
    """How pages' phones of this adapter are called. `key`: the installation's."""
    member = ownership.member
    own = member.id[:NAME] if member else "0"
    return Names(LegNames.of(key).tag, own, lambda: {one[:NAME] for one in ownership.peers})


def page_phones(
    settings: config.Settings,
    boards: Boards,
    names: Names,
    clock: Callable[[], datetime],
    news: PageNews,
    endpoints_of: Callable[[config.Pbx], PhonesEndpoints],
) -> PagePhones:
    """Pages as phones at each PBX that allows it. Raises ConfigError."""
    at = {
        pbx.id: BrowserPhones(
            *(OneOfBoards(boards, pbx.id), endpoints_of(pbx), clock, timedelta(hours=pbx.softphone.lifetime_hours)),
            *(partial(news.gone, pbx.id), names, partial(news.left, pbx.id), partial(news.rung, pbx.id)),
        )
        for pbx in settings.pbx
        if pbx.softphone.enabled
    }
    return PagePhones(at)


def upstreams(settings: config.Settings) -> Mapping[str, Upstream]:
    """How pages' phones reach each PBX that allows them, by its id. Raises ConfigError."""
    allowed = [pbx for pbx in settings.pbx if pbx.softphone.enabled]
    return {pbx.id: Upstream(ice(pbx), sip_upstream(pbx), ari_tls(pbx)) for pbx in allowed}


def sip_upstream(pbx: config.Pbx) -> str:
    """Asterisk's WebSocket: as configured, else /ws of the server that has ARI (http.conf)."""
    if pbx.softphone.websocket_url:
        return pbx.softphone.websocket_url
    parts = urlsplit(pbx.ari.url)
    return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}/ws"


def tickets(settings: config.Settings, decide: Callable[[User, StartRequest], Call]) -> Tickets:
    """Star codes for calls at other PBXes, whose clock is this machine's monotonic one."""
    return Tickets(decide, {pbx.id: pbx.reach for pbx in settings.pbx}, time.monotonic)


def pbxes(settings: config.Settings) -> Sequence[str]:
    """Ids of all PBXes."""
    return [pbx.id for pbx in settings.pbx]


def star_codes(settings: config.Settings) -> frozenset[str]:
    """What supervisors dial before an extension, at any PBX."""
    return frozenset(code for pbx in settings.pbx for code in pbx.star_codes.model_dump().values())


def limits(settings: config.Settings) -> Limits:
    """Deadlines and manners of monitoring."""
    monitoring, coaching = settings.monitoring, settings.coaching
    return Limits(
        shielding=MOVED * coaching.shield_answer_seconds,
        answer=coaching.shield_answer_seconds,
        recordings=coaching.shield_pauses_recordings,
        ring_timeout=monitoring.ring_timeout_seconds,
        confirm=monitoring.confirm_deadline_seconds,
        lost_after=monitoring.lost_after_seconds,
        leave_on_stop=monitoring.on_stop == "leave",
        country=settings.numbering.country,
        follow_tone=settings.coaching.follow_tone_seconds,
    )


def keep(settings: config.Settings) -> Keep:
    """What is kept for how long."""
    audit = timedelta(days=settings.audit.keep_days) if settings.audit.keep_days else None
    terms, deliveries = settings.coaching, timedelta(days=settings.webhooks.keep_days)
    notes = timedelta(days=terms.keep_days) if terms.keep_days else None
    return Keep(audit, settings.audit.cut_share, deliveries, notes, timedelta(days=terms.message_keep_days))


def coaching(settings: config.Settings) -> Terms:
    """What coaching goes by."""
    terms, country = settings.coaching, settings.numbering.country
    return Terms(country, terms.recording_url, terms.shield_answer_seconds, bool(settings.consent.announcement))


def nats(settings: config.Settings) -> NatsAccess | None:
    """How the other adapters are reached; None where this one is alone. Raises ConfigError."""
    cluster = settings.cluster
    if not cluster.enabled:
        return None
    if not settings.database_url.startswith("postgresql"):
        raise ConfigError(f"cluster.nats: {NEEDS_POSTGRESQL}.")
    password, key = (file and source_of(file) for file in (cluster.password_file, cluster.tls_key))
    access = NatsAccess(tuple(cluster.nats), cluster.username, password, cluster.tls_ca, cluster.tls_certificate, key)
    access.need_safe()
    return access
