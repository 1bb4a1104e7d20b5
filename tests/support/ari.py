"""A program of somebody's at ARI: it calls phones, joins them in bridges of its own, records and eavesdrops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.support.client import Json
from tests.support.lab import Lab

APP = "somebodys"
DEADLINE = 10.0


class AriProgram:
    """One Stasis application that is not the adapter's."""

    def __init__(self, http: aiohttp.ClientSession, base: str, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._http, self._base, self._socket = http, base, socket

    @classmethod
    @asynccontextmanager
    async def at(cls, lab: Lab) -> AsyncIterator["AriProgram"]:
        """Connected for the length of a block."""
        headers = {"Authorization": aiohttp.encode_basic_auth(lab.pbx.username, lab.pbx.ari_secret)}
        async with aiohttp.ClientSession(headers=headers) as http:
            url = f"{lab.pbx.ari_url}/events?app={APP}"
            async with http.ws_connect(url) as socket:
                yield cls(http, lab.pbx.ari_url, socket)

    async def ask(self, method: str, path: str, **parameters: str) -> Json:
        """One request, which must be taken."""
        async with self._http.request(method, f"{self._base}{path}", params=parameters) as answer:
            body = await answer.text()
            assert answer.status < 300, (method, path, answer.status, body)
            found: Json = await answer.json() if body else {}
            return found

    async def until(self, kind: str, channel: str = "") -> Json:
        """The next event of this kind, of this channel where one is named."""
        async with asyncio.timeout(DEADLINE):
            while True:
                event: Any = await self._socket.receive_json()
                if event["type"] == kind and event.get("channel", {}).get("id", "") in ("", channel):
                    return dict(event)

    async def call(self, number: str) -> str:
        """Ring a phone, which answers; the id of its channel."""
        made = await self.ask("POST", "/channels", endpoint=f"PJSIP/{number}", app=APP, callerId=number)
        await self.until("StasisStart", made["id"])
        return str(made["id"])

    async def mix(self, *channels: str) -> str:
        """These talk to each other; the id of their bridge."""
        bridge = await self.ask("POST", "/bridges", type="mixing")
        await self.ask("POST", f"/bridges/{bridge['id']}/addChannel", channel=",".join(channels))
        return str(bridge["id"])
