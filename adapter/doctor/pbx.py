"""The doctor's own connections to the PBX, and everything that Asterisk says about its test calls.

It connects as the adapter does, with the same user and the same rights, beside an adapter that runs.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp

from adapter.asterisk.ami import AmiConnection, Fields
from adapter.asterisk.ari import Ari
from adapter.asterisk.connection import LinkSettings
from adapter.asterisk.splitter import Message
from adapter.core.legs import TEST_PREFIX
from adapter.doctor.rights import WATCHED
from adapter.errors import PbxRefused, PbxTimeout, PbxUnavailable
from adapter.tasks import BackgroundTasks

MAX_SAID = 20_000
"""Messages about the doctor's own channels that are kept; a test call makes some hundred."""
PATIENCE = 5.0
"""Seconds that an answer may take at least: a doctor has more of them than somebody who clicks."""
HEARTBEAT = 10.0
"""Seconds between pings of ARI's WebSocket."""
LONGEST_LIFE = 120
"""Seconds after which Asterisk itself ends a channel of a test call (TIMEOUT(absolute)), should the doctor die."""

STAMP = "%Y%m%d%H%M%S"
"""How a run's beginning stands in the names that it gives."""

Wanted = Callable[[Mapping[str, str]], bool]


def name_of_run() -> str:
    """The beginning of all names of one run: when, for those who find something left over, and a random part."""
    return f"{TEST_PREFIX}{datetime.now(UTC).strftime(STAMP)}-{secrets.token_hex(3)}"


class Said:
    """What Asterisk said about the doctor's own channels, in its order, to be waited for."""

    def __init__(self) -> None:
        self.messages: list[Mapping[str, str]] = []
        self._news = asyncio.Event()
        """Set once, at the next message; then there is another."""

    def take(self, messages: list[Message]) -> None:
        """Keep what is about us: any value that names a channel, bridge or recording of ours."""
        ours = [message for message in messages if any(TEST_PREFIX in value for value in message.values())]
        if ours and len(self.messages) < MAX_SAID:
            self.messages += ours
            self._news.set()
            self._news = asyncio.Event()

    def mark(self) -> int:
        """A place for `when` to begin at."""
        return len(self.messages)

    async def when(self, wanted: Wanted, deadline: float, since: int = 0) -> Mapping[str, str] | None:
        """The first message from a place on that is as wanted; None when none comes in `deadline` seconds."""
        end = asyncio.get_running_loop().time() + deadline
        while True:
            news = self._news  # this one, taken before looking: another waiter must not clear it from under us
            for message in self.messages[since:]:
                if wanted(message):
                    return message
            since = len(self.messages)
            try:
                await asyncio.wait_for(news.wait(), end - asyncio.get_running_loop().time())
            except TimeoutError:
                return None


def is_event(name: str, **fields: str) -> Wanted:
    """A test for a message: its event and some of its fields."""
    return lambda message: (
        message.get("Event") == name and all(message.get(key) == value for key, value in fields.items())
    )


class PbxProbe:
    """AMI and ARI of one PBX. `deadline`: seconds for each answer."""

    def __init__(self, settings: LinkSettings) -> None:
        self.settings, self.deadline = settings, max(settings.action_deadline, PATIENCE)
        self.said = Said()
        self.left: list[str] = []
        """What could not be taken away after a test call, in words."""
        self.ari = Ari(settings.ari_url, settings.ari_username, settings.ari_password, self.deadline, settings.ari_tls)
        self.app = f"call-monitor-doctor-{secrets.token_hex(4)}"
        """Our Stasis application; `call-monitor` is the adapter's."""
        self._ami: AmiConnection | None = None
        self._tasks = BackgroundTasks("doctor")

    async def connect(self) -> None:
        """Open AMI. Raises PbxUnavailable, PbxTimeout, AuthenticationFailed."""
        address, deadline = self.settings.ami, self.settings.connect_deadline
        self._ami = await AmiConnection.open(address, self.said.take, _nothing, deadline, WATCHED)

    @property
    def has_ami(self) -> bool:
        """Whether AMI was opened."""
        return self._ami is not None

    def _opened(self) -> AmiConnection:
        if self._ami is None:
            raise PbxUnavailable("AMI is not usable.")
        return self._ami

    async def act(self, name: str, *fields: tuple[str, str]) -> Message:
        """One AMI action. Raises PbxUnavailable, PbxTimeout, PbxRefused."""
        return await self._opened().action(name, fields, deadline=self.deadline)

    async def listing(self, name: str, fields: Fields = ()) -> list[Message]:
        """An AMI action that answers with a list. Raises as `act`."""
        return await self._opened().listing(name, fields, deadline=self.deadline)

    async def value(self, expression: str) -> str:
        """What a dialplan function or variable of Asterisk says now; empty where it can't. Raises as `act`."""
        try:
            return (await self.act("Getvar", ("Variable", expression))).get("Value", "").strip()
        except PbxRefused:
            return ""

    async def get(self, path: str) -> Any:
        """ARI's answer. Raises PbxUnavailable, PbxTimeout, PbxRefused."""
        return await self.rest("GET", path)

    async def rest(self, method: str, path: str, body: object = None) -> Any:
        """One request to ARI, which must succeed. Raises as `get`."""
        status, answer = await self.ari.ask(method, path, body)
        if not 200 <= status < 300:
            why = answer.get("message") if isinstance(answer, dict) else None
            raise PbxRefused(f"ARI answered {status} to {method} {path.partition('?')[0]}: {why or 'no reason given'}.")
        return answer

    @asynccontextmanager
    async def application(self) -> AsyncIterator[str]:
        """Our Stasis application, while it is entered. Asterisk makes it a dialplan context `stasis-<name>`.

        So no dialplan of the operator's is needed (res/stasis/app.c; Asterisk 16.4 and later). Raises as `get`.
        """
        async with self.ari.events(self.app, HEARTBEAT) as socket:
            self._tasks.start(self._listen(socket), "ARI events")
            yield self.app

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.said.take([flat(message.data)])

    async def close(self) -> None:
        """Give everything back."""
        await self._tasks.close()
        if self._ami is not None:
            self._ami.close()
        await self.ari.close()


def flat(text: str) -> Message:
    """An event of ARI in the form of AMI's: `Event` is `ari:<type>`, with the names of what it is about."""
    try:
        event: Any = json.loads(text)
        found = {"Event": f"ari:{event['type']}"}
        for kind, key in (("channel", "id"), ("recording", "name"), ("bridge", "id")):
            if isinstance(event.get(kind), dict):
                found[kind] = str(event[kind].get(key, ""))
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return found


def _nothing(why: str) -> None:
    """A lost connection shows in what is asked next."""


async def need(said: Said, wanted: Wanted, deadline: float, what: str, since: int = 0) -> Mapping[str, str]:
    """As `Said.when`. Raises PbxTimeout, which names `what`, when it does not come."""
    found = await said.when(wanted, deadline, since)
    if found is None:
        raise PbxTimeout(f"{what} was not seen in {deadline:g} s.")
    return found
