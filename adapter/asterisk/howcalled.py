"""How the channels that are there came to be, which CoreShowChannels doesn't tell: asked once, when we connect."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from adapter.asterisk import dialog, wire
from adapter.asterisk.ami import AmiConnection
from adapter.asterisk.splitter import Message
from adapter.core.events import endpoint_of
from adapter.errors import PbxRefused

OWN = "PJSIP_ENDPOINT({},callerid)"
"""What an endpoint is called, `"Name" <number>` (funcs/func_pjsip_endpoint.c)."""
URI = "CHANNEL(pjsip,remote_uri)"
"""To whom a channel was called, `"Name" <sip:2025550101@host>` (channels/pjsip/dialplan_functions.c)."""
AT_ONCE = 50
"""Channels that are asked at the same time."""


async def statuses(
    ami: AmiConnection, deadline: float, is_trunk: Callable[[str], bool] = lambda endpoint: False
) -> list[Message]:
    """Status of every channel. Raises as `AmiConnection.action`.

    Of one that was called, and sent on since (a transfer), Dial's variable tells whom it called itself; only its SIP
    session still knows at which number it was reached. `DialString` is that. And of one that called in, and is shown
    to others by another number than its endpoint's, the endpoint's own is `OwnCallerid`. Of trunks to other PBXes of
    ours (`is_trunk`) the dialog is `CallId` and `LegHeader`: asked later, their calls would seem to have ended
    meanwhile.
    """
    listed = await ami.listing(*wire.STATUS, deadline=deadline)
    phones = [one for one in listed if one.get("Type") == "PJSIP" and "DNID" in one]
    questions = [(_ask_number, one) for one in phones if not one["DNID"] and not _told(one)]
    questions += [(_ask_own, one) for one in phones if one["DNID"] and _endpoint(one) != _number(one)]
    trunks = [one for one in phones if is_trunk(endpoint_of(one.get("Channel", "")))]
    questions += [(_ask_dialog, one) for one in trunks]
    for first in range(0, len(questions), AT_ONCE):
        await asyncio.gather(*(ask(ami, one, deadline) for ask, one in questions[first : first + AT_ONCE]))
    return listed


def _endpoint(status: Message) -> str:
    return endpoint_of(status.get("Channel", "")).partition("/")[2]


def _number(status: Message) -> str:
    return status.get("CallerIDNum", "")


def _told(status: Message) -> bool:
    peer = status.get("Variable", "").removeprefix(f"{wire.PEER}=")
    return bool(peer) and status.get("Application") in wire.DIALLED_APPS


async def _ask_own(ami: AmiConnection, status: Message, deadline: float) -> None:
    fields = [("Variable", OWN.format(_endpoint(status)))]
    with suppress(PbxRefused):
        status["OwnCallerid"] = (await ami.action("Getvar", fields, deadline=deadline)).get("Value", "")


async def _ask_dialog(ami: AmiConnection, status: Message, deadline: float) -> None:
    names = {"CallId": dialog.CALL_ID, **({"LegHeader": dialog.LEG} if status["DNID"] else {})}
    with suppress(PbxRefused):  # it may have gone meanwhile
        for key, name in names.items():
            fields = (("Channel", status.get("Channel", "")), ("Variable", name))
            status[key] = (await ami.action("Getvar", fields, deadline=deadline)).get("Value", "")


async def _ask_number(ami: AmiConnection, status: Message, deadline: float) -> None:
    fields = (("Channel", status.get("Channel", "")), ("Variable", URI))
    with suppress(PbxRefused):  # it may have gone meanwhile
        told = (await ami.action("Getvar", fields, deadline=deadline)).get("Value", "")
        status["DialString"] = told.rpartition("<")[2].partition(">")[0]
