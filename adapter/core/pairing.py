"""Who called whom, as far as a list of channels tells: after a restart nobody saw it begin. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from adapter.core.events import Channel, KnownChannel, endpoint_of

DIALS = frozenset({"Dial", "RetryDial", "FollowMe"})
"""Applications that call somebody, and then talk to whoever answers (apps/app_dial.c, app_followme.c)."""
QUEUE, QUEUE_MEMBER = "Queue", "AppQueue"
"""What a caller is in, and what the members that it rings are in (apps/app_queue.c)."""
TELLS_DIALLED = ("PJSIP/", "SIP/", "IAX2/")
"""Channels that always have what they dialled when they called in (chan_pjsip.c, chan_sip.c, chan_iax2.c)."""


def was_called(known: KnownChannel) -> bool:
    """Whether somebody dialled it. A channel that called in knows what it dialled, wherever it was sent since."""
    if known.dialled is None or known.was_dialled:
        return known.was_dialled
    return not known.dialled and known.channel.name.startswith(TELLS_DIALLED)


def callers(channels: Sequence[KnownChannel]) -> Mapping[str, str]:
    """Uniqueids of channels that were dialled, and of who dialled each."""
    together: dict[str, list[KnownChannel]] = {}
    for known in channels:
        key = known.bridge or f"linked {known.channel.linkedid}"
        together.setdefault(key, []).append(known)
    return {called: caller for group in together.values() for called, caller in _pairs(group)}


def _pairs(group: Sequence[KnownChannel]) -> Iterator[tuple[str, str]]:
    """Those who share a bridge, or, without one, a linkedid while it rings."""
    dialling = [known for known in group if known.application in DIALS or known.application == QUEUE]
    for known in group:
        if not known.was_dialled:
            continue
        found = [one for one in dialling if one is not known and _rings(one, known)]
        if len(found) == 1:
            yield known.channel.uniqueid, found[0].channel.uniqueid


def _rings(caller: KnownChannel, called: KnownChannel) -> bool:
    if caller.application == QUEUE:
        return called.application in ("", QUEUE_MEMBER)
    return called.application != QUEUE_MEMBER and (caller.application != "Dial" or _names(caller.data, called.channel))


def _names(data: str, called: Channel) -> bool:
    """Whether Dial's arguments name the endpoint of a channel: `PJSIP/101&PJSIP/201@trunk,60,t`."""
    technology, _, endpoint = endpoint_of(called.name).partition("/")
    for target in data.partition(",")[0].split("&"):
        kind, _, rest = target.strip().partition("/")
        parts = (rest, rest.partition("/")[0], rest.partition("@")[2].partition("/")[0], rest.removesuffix("/n"))
        if kind == technology and endpoint in parts:
            return True
    return False
