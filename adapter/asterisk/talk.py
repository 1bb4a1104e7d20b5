"""Asterisk's TALK_DETECT on channels (funcs/func_talkdetect.c): an audiohook that makes events of who talks."""

import contextlib
from typing import Protocol

from adapter.asterisk.splitter import Message
from adapter.core.talk import TAIL
from adapter.errors import PbxRefused

MARK = "CALL_MONITOR_TALK"
"""The variable that says that we began it: the function can't be asked, and warns when there is nothing to remove."""
GONE = "no such channel"
"""How Setvar and Getvar say that a channel is no more (main/manager.c)."""


class Actor(Protocol):
    """What acts (`adapter.asterisk.connection.Connection`)."""

    async def act(self, name: str, *fields: tuple[str, str]) -> Message:
        """One AMI action. Raises PbxUnavailable, PbxRefused, PbxTimeout."""


class TalkDetection:
    """Begins and ends it. Raises PbxUnavailable, PbxTimeout; PbxRefused where Asterisk doesn't know the function."""

    def __init__(self, connection: Actor) -> None:
        self._connection = connection

    async def begin(self, channel: str) -> bool:
        """Tell from now on who talks there, beginning with `talks`. False: there is no such channel."""
        still = str(round(TAIL.total_seconds() * 1000))
        return await self._set(channel, MARK, "1") and await self._set(channel, "TALK_DETECT(set)", still)

    async def end(self, channel: str) -> bool:
        """Tell no more. False: there is no such channel."""
        with contextlib.suppress(PbxRefused):  # there is none on it any more
            await self._set(channel, "TALK_DETECT(remove)", "")
        return await self._set(channel, MARK, "")

    async def was_begun(self, channel: str) -> bool:
        """Whether we, or a former run, began it on this channel."""
        try:
            said = await self._connection.act("Getvar", ("Channel", channel), ("Variable", MARK))
        except PbxRefused as refusal:
            if str(refusal).lower().startswith(GONE):
                return False
            raise
        return bool(said.get("Value"))

    async def _set(self, channel: str, variable: str, value: str) -> bool:
        fields = (("Channel", channel), ("Variable", variable), ("Value", value))
        try:
            await self._connection.act("Setvar", *fields)
        except PbxRefused as refusal:
            if str(refusal).lower().startswith(GONE):
                return False
            raise
        return True
