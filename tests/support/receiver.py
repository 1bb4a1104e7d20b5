"""A receiver of webhooks on a real socket: checks signatures, keeps what it accepted, and can be in many moods."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

EVERYTHING = [
    *("call.started", "call.answered", "call.ended"),
    *("monitor.started", "monitor.mode_changed", "monitor.ended"),
    *("help.requested", "help.taken", "help.closed"),
    *("do_not_monitor.changed", "consent.changed", "note.created", "note.changed", "note.deleted"),
]
"""All that a hook can be told of."""


class Receiver:
    """An HTTP server of the CRM's side. `mood` is a status to answer, or `slow` (30 s), `flapping`, `redirect`."""

    def __init__(self) -> None:
        self.mood: str | int = 200
        self.secrets: dict[str, str] = {}
        self.accepted: list[tuple[str, dict[str, Any]]] = []
        """Event ids and bodies that were answered with 200, in their order, repetitions too."""
        self.tries = 0
        self.at: list[float] = []
        self.problems: list[str] = []
        self.slowness = 30.0
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_post("/{name}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Be down."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def url(self, name: str = "hook") -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/{name}"

    async def _take(self, request: web.Request) -> web.Response:
        self.tries += 1
        mood, text = self.mood, await request.text()
        self._check(request, text)
        if mood == "slow":
            await asyncio.sleep(self.slowness)
        elif mood == "redirect":
            return web.Response(status=302, headers={"Location": self.url("elsewhere")})
        elif mood == "flapping":
            mood = 200 if self.tries % 2 else 500
        if isinstance(mood, int) and mood != 200:
            return web.Response(status=mood, text=f"mood {mood}")
        self.accepted.append((request.headers["webhook-id"], await request.json()))
        self.at.append(time.monotonic())
        return web.Response(text="thanks")

    def _check(self, request: web.Request, text: str) -> None:
        secret = self.secrets.get(request.match_info["name"])
        if secret is None:
            return
        try:
            Webhook(secret).verify(text, dict(request.headers))
        except (WebhookVerificationError, ValueError) as problem:
            self.problems.append(repr(problem))

    # --- what tests ask

    @property
    def ids(self) -> list[str]:
        """Ids of accepted events in the order of their first acceptance."""
        return list(dict.fromkeys(event_id for event_id, _ in self.accepted))

    def types(self) -> list[str]:
        """Types in the same order."""
        first = dict(reversed(self.accepted))
        return [first[event_id]["type"] for event_id in self.ids]

    async def until(self, count: int, deadline: float = 20) -> None:
        """Wait until so many different events were accepted."""
        await self._until(lambda: len(self.ids) >= count, deadline)

    async def until_accepted(self, count: int, deadline: float = 300) -> None:
        """Wait until so many tries were accepted, repetitions and other receivers' hooks too."""
        await self._until(lambda: len(self.accepted) >= count, deadline)

    async def _until(self, there: Callable[[], bool], deadline: float) -> None:
        end = time.monotonic() + deadline
        while not there():
            assert time.monotonic() < end, f"only {len(self.accepted)} accepted: {self.types()[-50:]}"
            await asyncio.sleep(0.02)
