"""How the channels that are there came to be, which CoreShowChannels doesn't tell: asked once, when we connect."""

import asyncio
from contextlib import suppress

from adapter.asterisk import wire
from adapter.asterisk.ami import AmiConnection
from adapter.asterisk.splitter import Message
from adapter.errors import PbxRefused

URI = "CHANNEL(pjsip,remote_uri)"
"""To whom a channel was called, `"Name" <sip:2025550101@host>` (channels/pjsip/dialplan_functions.c)."""
AT_ONCE = 50
"""Channels that are asked at the same time."""


async def statuses(ami: AmiConnection, deadline: float) -> list[Message]:
    """Status of every channel. Raises as `AmiConnection.action`.

    Of one that was called, and sent on since (a transfer), Dial's variable tells whom it called itself; only its SIP
    session still knows at which number it was reached. `DialString` is that.
    """
    listed = await ami.listing(*wire.STATUS, deadline=deadline)
    lacking = [one for one in listed if one.get("DNID") == "" and one.get("Type") == "PJSIP" and not _told(one)]
    for first in range(0, len(lacking), AT_ONCE):
        await asyncio.gather(*(_ask(ami, one, deadline) for one in lacking[first : first + AT_ONCE]))
    return listed


def _told(status: Message) -> bool:
    peer = status.get("Variable", "").removeprefix(f"{wire.PEER}=")
    return bool(peer) and status.get("Application") in wire.DIALLED_APPS


async def _ask(ami: AmiConnection, status: Message, deadline: float) -> None:
    fields = (("Channel", status.get("Channel", "")), ("Variable", URI))
    with suppress(PbxRefused):  # it may have gone meanwhile
        told = (await ami.action("Getvar", fields, deadline=deadline)).get("Value", "")
        status["DialString"] = told.rpartition("<")[2].partition(">")[0]
