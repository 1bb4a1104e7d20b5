"""How an endpoint is written: its technology as Asterisk writes it in channel names, and which ones are the same."""

from collections.abc import Iterable

TECHNOLOGIES = {
    name.lower(): name
    for name in (
        "PJSIP SIP IAX2 DAHDI Local Console Motif MGCP OOH323 SCCP Skinny USTM Phone Mobile Dongle Quectel WebSocket"
    ).split()
}
"""Types of channel technologies (`ast_channel_tech.type` of Asterisk's channels/chan_*.c, and of the common ones that
are built outside of it)."""


def normalised(device: str) -> str:
    """`pjsip/301` as `PJSIP/301`: no event ever names an endpoint by another technology than Asterisk's own word."""
    technology, slash, resource = device.partition("/")
    return TECHNOLOGIES.get(technology.lower(), technology) + slash + resource


def key_of(device: str) -> str:
    """Equal for endpoints that are one, whatever the case they are written in."""
    return device.lower()


def distinct(devices: Iterable[str]) -> tuple[str, ...]:
    """Each once, normalised, in their order."""
    found: dict[str, str] = {}
    for device in devices:
        found.setdefault(key_of(device), normalised(device))
    return tuple(found.values())


def with_first(device: str | None, devices: tuple[str, ...]) -> tuple[str, ...]:
    """The devices of somebody who gets another first one; None takes the first away."""
    rest = devices[1:]
    return rest if device is None else distinct((device, *rest))
