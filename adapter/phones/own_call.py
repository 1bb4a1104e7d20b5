"""Is this call the phone's own? A microphone is opened by its owner only: by a call that their phone made, to the code.

Everything is asked anew when a code is dialled, of what Asterisk told us since the channel began and of Asterisk now.
What is not known counts as no.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from adapter.core.events import endpoint_of
from adapter.core.legs import HandedCall
from adapter.errors import AdapterError
from adapter.monitoring.ports import Pbx

TECHNOLOGY = "PJSIP/"
"""Channels of phones whose endpoint Asterisk has authenticated. `Message/ast_msg_queue` runs dialplan for a SIP
MESSAGE, `Local/` for somebody else."""
TOLD_LATE = 1.0
"""Seconds that AMI may tell of a channel later than ARI: some 90 ms under load (p99)."""
LOOK_EVERY = 0.01
REFUSED_BY_DIALPLAN = "not-own"
"""What the dialplan says instead of a mode where its own gate refuses (extensions_call_monitor.conf)."""
OTHERS = ("BLINDTRANSFER", "TRANSFERERNAME", "FORWARDERNAME", "ATTENDEDTRANSFER")
"""Variables by which Asterisk names the channel that transferred or forwarded (main/bridge.c, app_dial.c)."""
MUST_BE_EMPTY = (*OTHERS, "SIPTRANSFER", "DIALEDPEERNUMBER", "REDIRECTING(from-num)", "REDIRECTING(from-name)")


class Doubt(NamedTuple):
    """Why a call is not its phone's own."""

    why: str
    about: str
    """The endpoint that is behind it, as far as Asterisk says; otherwise the one that it seems to be."""


class Origins(Protocol):
    """What became of channels (`adapter.core.origins`)."""

    def __contains__(self, uniqueid: str) -> bool: ...

    def doubt(self, uniqueid: str, extension: str) -> str | None:
        """Why this channel is not its phone's own call to this extension; None when it is."""


class OwnCalls:
    """Judges calls that were handed over."""

    def __init__(self, origins: Origins, pbx: Pbx) -> None:
        self._origins, self._pbx = origins, pbx

    async def doubt(self, call: HandedCall) -> Doubt | None:
        """Why it is not its phone's own call; None when it is."""
        told = await self._told(call)
        about = _about(call, told)
        if call.arguments[:1] == (REFUSED_BY_DIALPLAN,):
            return Doubt("the dialplan's own gate refused it", about)
        if not call.endpoint.startswith(TECHNOLOGY):
            return Doubt("no phone made it", about)
        if call.replaced:
            return Doubt("it was transferred here", about)
        for _ in range(round(TOLD_LATE / LOOK_EVERY)):
            if call.uniqueid in self._origins:
                break
            await asyncio.sleep(LOOK_EVERY)
        why = self._origins.doubt(call.uniqueid, call.extension) or _why(call, told)
        return Doubt(why, about) if why else None

    async def _told(self, call: HandedCall) -> Mapping[str, str] | None:
        """What Asterisk says of the channel now; None where it doesn't."""
        try:
            return await self._pbx.variables(call.uniqueid, ("CHANNEL(state)", "CHANNEL(linkedid)", *MUST_BE_EMPTY))
        except AdapterError:
            return None


def _why(call: HandedCall, told: Mapping[str, str] | None) -> str | None:
    if told is None:
        return "Asterisk did not say what it is"
    if named := next((name for name in MUST_BE_EMPTY if told.get(name)), None):
        return f"it carries {named}"
    if told.get("CHANNEL(state)") != "Ring":
        return "it was answered before"
    return None if told.get("CHANNEL(linkedid)") == call.uniqueid else "it is part of another call"


def _about(call: HandedCall, told: Mapping[str, str] | None) -> str:
    if call.replaced:
        return endpoint_of(call.replaced)
    named = next((name for name in OTHERS if told and told.get(name)), None)
    return endpoint_of(told[named]) if told and named else call.endpoint
