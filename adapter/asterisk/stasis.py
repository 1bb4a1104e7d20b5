"""The Stasis application: calls that the dialplan hands over, over ARI's WebSocket, and handing them back.

While nobody is connected, Asterisk does not know the application and its dialplan goes on by itself: fail closed.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import structlog

from adapter.asterisk.ari import Ari
from adapter.core.events import endpoint_of
from adapter.core.legs import HandedCall
from adapter.errors import AdapterError
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

APPLICATION = "call-monitor"
"""The name in the dialplan: Stasis(call-monitor,…)."""
HEARTBEAT = 5.0
"""Seconds between pings of the WebSocket."""
PAUSE = 1.0
"""Seconds between attempts to connect."""


Handler = Callable[[HandedCall], Coroutine[Any, Any, None]]


class Stasis:
    """Kept connected; every call that comes in is handled by `on_call`, each in a task of its own."""

    def __init__(self, ari: Ari, on_call: Handler) -> None:
        self._ari, self._on_call = ari, on_call
        self._tasks = BackgroundTasks("stasis")

    def start(self) -> None:
        """Register the application with Asterisk, and again after every loss."""
        self._tasks.keep(self._keep_connected, "connection")

    async def close(self) -> None:
        """Stop; Asterisk's dialplan goes on with what comes in after."""
        await self._tasks.close()

    async def _keep_connected(self) -> None:
        told = False
        while True:
            try:
                async with self._ari.events(APPLICATION, HEARTBEAT) as socket:
                    told = False
                    log.info("the Stasis application is registered", application=APPLICATION)
                    await self._listen(socket)
            except AdapterError as problem:
                if not told:
                    log.warning("star codes do not work: ARI's events are not usable", why=str(problem))
                told = True
            await asyncio.sleep(PAUSE)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT and (call := _call(message.data)) is not None:
                self._tasks.start(self._on_call(call), f"call {call.uniqueid}")


def _call(text: str) -> HandedCall | None:
    """A StasisStart in our words; None for everything else."""
    try:
        event: Any = json.loads(text)
        if event["type"] != "StasisStart":
            return None
        channel = event["channel"]
        return HandedCall(
            str(channel["id"]),
            endpoint_of(str(channel["name"])),
            tuple(map(str, event["args"])),
            str(channel["dialplan"]["exten"]),
            str(event["replace_channel"]["name"]) if "replace_channel" in event else "",
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
