"""A person at the HTTP contract: signed in, asking, and listening to the live stream."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp

Json = dict[str, Any]


class Stream:
    """One open stream of events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.events: list[tuple[int, str, Json]] = []
        self.closed = False
        self.raw = b""
        self._news = asyncio.Event()
        self._task = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            async for line in self._response.content:
                self.raw += line
                text = line.decode().rstrip("\n")
                if text:
                    name, _, value = text.partition(": ")
                    fields[name] = value
                elif "event" in fields:
                    self.events.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
                    fields = {}
                    self._news.set()
        except aiohttp.ClientError:
            pass
        self.closed = True
        self._news.set()

    def kinds(self, since: int = 0) -> list[str]:
        """The names of the events from a place on."""
        return [kind for _, kind, _ in self.events[since:]]

    async def until(self, wanted: Callable[[str, Json], bool], since: int = 0, deadline: float = 30) -> Json:
        """The first event from a place on that is as wanted."""
        end = time.monotonic() + deadline
        while True:
            for _, kind, data in self.events[since:]:
                if wanted(kind, data):
                    return data
            self._news.clear()
            left = end - time.monotonic()
            assert left > 0, f"not seen among {self.events[since:]}"
            assert not self.closed, "the stream was closed"
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except TimeoutError:
                continue

    async def ended(self, deadline: float = 30) -> None:
        """Wait until the server closed it."""
        await asyncio.wait_for(asyncio.shield(self._task), deadline)

    async def close(self) -> None:
        """Hang up."""
        self._response.close()
        await asyncio.gather(self._task, return_exceptions=True)


class Client:
    """One person's requests."""

    def __init__(self, base: str) -> None:
        self.base = base + "/api/v1"
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.user: Json = {}
        self._streams: list[Stream] = []

    async def sign_in(self, username: str, password: str) -> "Client":
        """Begin a session."""
        status, body = await self.post("/session", {"username": username, "password": password})
        assert status == 200, body
        self.user = body["user"]
        return self

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Json]:
        """One request: status and JSON ({} when there is none)."""
        options = {**more, **({"json": body} if body is not None else {})}
        async with self.http.request(method, self.base + path, **options) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else {}

    async def get(self, path: str) -> tuple[int, Json]:
        """GET."""
        return await self.ask("GET", path)

    async def post(self, path: str, body: Any) -> tuple[int, Json]:
        """POST."""
        return await self.ask("POST", path, body)

    async def patch(self, path: str, body: Any) -> tuple[int, Json]:
        """PATCH."""
        return await self.ask("PATCH", path, body)

    async def delete(self, path: str) -> tuple[int, Json]:
        """DELETE."""
        return await self.ask("DELETE", path)

    async def events(self) -> Stream:
        """Open the live stream; its first event, the snapshot, has arrived."""
        timeout = aiohttp.ClientTimeout(total=None)
        response = await self.http.get(self.base + "/events", timeout=timeout)
        assert response.status == 200
        stream = Stream(response)
        self._streams.append(stream)
        await stream.until(lambda kind, data: kind == "snapshot")
        return stream

    # --- what tests say often

    async def calls(self) -> list[Json]:
        """The calls that this person sees."""
        status, body = await self.get("/calls")
        assert status == 200, body
        calls: list[Json] = body["calls"]
        return calls

    async def call(self, agent: str, state: str | None = "active", deadline: float = 30) -> Json:
        """The call of an agent's extension, once it is in this state."""
        end = time.monotonic() + deadline
        while True:
            calls = await self.calls()
            found = [c for c in calls if c["agent"]["extension"] == agent and state in (None, c["state"])]
            if found:
                return found[0]
            assert time.monotonic() < end, f"no {state} call of {agent} among {calls}"
            await asyncio.sleep(0.05)

    async def monitor(self, call: Json, mode: str = "silent", **more: Any) -> Json:
        """Start monitoring and wait until it is live."""
        status, monitor = await self.post("/monitors", {"call_id": call["id"], "mode": mode, **more})
        assert status == 201, monitor
        assert monitor["state"] == "connecting"
        return await self.until(monitor["id"], "live")

    async def until(self, monitor_id: str, state: str, deadline: float = 30) -> Json:
        """A monitor once it is in this state."""
        end = time.monotonic() + deadline
        while True:
            status, monitor = await self.get(f"/monitors/{monitor_id}")
            assert status == 200, monitor
            if monitor["state"] == state:
                return monitor
            assert monitor["state"] != "ended", monitor
            assert time.monotonic() < end, f"not {state} but {monitor}"
            await asyncio.sleep(0.03)

    async def until_ended(self, monitor: Json, deadline: float = 30) -> Json:
        """A monitor once it has ended."""
        end = time.monotonic() + deadline
        while True:
            status, body = await self.get(f"/monitors/{monitor['id']}")
            assert status == 200, body
            if body["state"] == "ended":
                return body
            assert time.monotonic() < end, f"not ended but {body}"
            await asyncio.sleep(0.03)

    async def switch(self, monitor: Json, mode: str) -> Json:
        """Another mode, confirmed."""
        status, body = await self.patch(f"/monitors/{monitor['id']}", {"mode": mode})
        assert status == 200, body
        assert body["mode"] == mode
        return body

    async def close(self) -> None:
        """Give everything back."""
        for stream in self._streams:
            await stream.close()
        await self.http.close()
