"""The configuration as each part of the adapter wants it."""

import ssl
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from adapter import config
from adapter.asterisk import chanspy
from adapter.asterisk.ami import AmiAddress
from adapter.asterisk.link import LinkSettings
from adapter.core.calls import Numbering
from adapter.core.events import Channel
from adapter.core.legs import SpyWords, is_leg
from adapter.limits import Limits
from adapter.softphones import PREFIX
from adapter.web.ice import Ice


def _matches(patterns: Sequence[str]) -> Callable[[str], bool]:
    return lambda endpoint: any(fnmatchcase(endpoint, pattern) for pattern in patterns)


def numbering(settings: config.Settings, key: bytes) -> Numbering:
    """How this PBX is read."""
    endpoints = settings.endpoints
    context = settings.pbx[0].context
    codes = tuple(settings.star_codes.model_dump().values())

    def is_agent(endpoint: str) -> bool:
        return not endpoint.startswith(f"PJSIP/{PREFIX}") and _matches(endpoints.agents)(endpoint)

    def is_spy(channel: Channel) -> bool:
        return is_leg(channel.uniqueid) or channel.context == context or channel.extension.startswith(codes)

    return Numbering(settings.pbx[0].id, is_agent, _matches(endpoints.internal), is_spy, key)


def spy_words(context: str) -> SpyWords:
    """How spying is read in this monitor dialplan."""
    return SpyWords(
        mode_at=lambda where, name: chanspy.mode_of(name) if where == context else None,
        keypad_at=chanspy.has_keypad,
        mode_of_digit=chanspy.mode_of_digit,
        leave_digit=chanspy.LEAVE_DIGIT,
        over=chanspy.OVER,
    )


def link_settings(settings: config.Settings) -> LinkSettings:
    """Where the PBX is, with secrets revealed. Raises ConfigError."""
    pbx = settings.pbx[0]
    tls = ssl.create_default_context(cafile=pbx.ami.tls_ca) if pbx.ami.tls else None
    return LinkSettings(
        id=pbx.id,
        ami=AmiAddress(pbx.ami.host, pbx.ami.port, pbx.ami.username, pbx.ami.reveal(), tls),
        ari_url=pbx.ari.url,
        ari_username=pbx.ari.username,
        ari_password=pbx.ari.reveal(),
        context=pbx.context,
        answer_style=settings.auto_answer.style,
        answer_styles=settings.auto_answer.devices,
        connect_deadline=pbx.connect_deadline_seconds,
        action_deadline=pbx.action_deadline_seconds,
        ping_interval=pbx.ping_interval_seconds,
        ping_deadline=pbx.ping_deadline_seconds,
        longest_pause=pbx.longest_pause_seconds,
    )


def ice(settings: config.Settings) -> Ice:
    """STUN and TURN servers, with the secret revealed."""
    phone = settings.softphone
    secret = phone.turn_secret.get_secret_value() if phone.turn_secret else ""
    return Ice(tuple(phone.stun), tuple(phone.turn), secret)


def sip_upstream(settings: config.Settings) -> str:
    """Asterisk's WebSocket: as configured, else /ws of the server that has ARI (http.conf)."""
    if settings.softphone.websocket_url:
        return settings.softphone.websocket_url
    parts = urlsplit(settings.pbx[0].ari.url)
    return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}/ws"


def limits(settings: config.Settings) -> Limits:
    """Deadlines and manners of monitoring."""
    monitoring = settings.monitoring
    return Limits(
        ring_timeout=monitoring.ring_timeout_seconds,
        confirm=monitoring.confirm_deadline_seconds,
        lost_after=monitoring.lost_after_seconds,
        leave_on_stop=monitoring.on_stop == "leave",
        country=settings.numbering.country,
    )
