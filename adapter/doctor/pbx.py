"""The doctor's own connections to the PBX, and all messages from Asterisk about its test calls.

It connects like the adapter, with the same user and the same rights, also while an adapter is running.
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
"""Maximum number of messages kept about the doctor's own channels; a test call causes some hundred."""
MIN_DEADLINE = 5.0
"""Minimum deadline for an answer, in seconds: the doctor can wait longer than somebody who clicks."""
HEARTBEAT = 10.0
"""Seconds between pings of ARI's WebSocket."""
LONGEST_LIFE = 120
"""Seconds after which Asterisk itself ends a channel of a test call (TIMEOUT(absolute)), in case the doctor crashes."""

STAMP = "%Y%m%d%H%M%S"
"""Format of a run's start time in its names."""

Wanted = Callable[[Mapping[str, str]], bool]


def name_of_run() -> str:
    """The prefix of all names of one run: its start time, which identifies leftovers, and a random part."""
    return f"{TEST_PREFIX}{datetime.now(UTC).strftime(STAMP)}-{secrets.token_hex(3)}"


class MessageLog:
    """The messages about the doctor's own channels, in Asterisk's order, which callers can wait for."""

    def __init__(self) -> None:
        self.messages: list[Mapping[str, str]] = []
        self._news = asyncio.Event()
        """Set once, at the next message, and then replaced by a new one."""

    def add(self, messages: list[Message]) -> None:
        """Keep the messages that name one of our channels, bridges or recordings in any value."""
        ours = [message for message in messages if any(TEST_PREFIX in value for value in message.values())]
        if ours and len(self.messages) < MAX_SAID:
            self.messages += ours
            self._news.set()
            self._news = asyncio.Event()

    def mark(self) -> int:
        """The current position, for `wait_for` to start from."""
        return len(self.messages)

    async def wait_for(self, wanted: Wanted, deadline: float, since: int = 0) -> Mapping[str, str] | None:
        """The first matching message after position `since`; None if none arrives within `deadline` seconds."""
        end = asyncio.get_running_loop().time() + deadline
        while True:
            news = self._news  # read before searching: `add` replaces it
            for message in self.messages[since:]:
                if wanted(message):
                    return message
            since = len(self.messages)
            try:
                async with asyncio.timeout_at(end):  # Python 3.11's wait_for can lose a cancellation
                    await news.wait()
            except TimeoutError:
                return None


def is_event(name: str, **fields: str) -> Wanted:
    """A condition on a message: its event and some of its fields."""
    return lambda message: (
        message.get("Event") == name and all(message.get(key) == value for key, value in fields.items())
    )


class PbxProbe:
    """AMI and ARI of one PBX. `deadline`: seconds for each answer."""

    def __init__(self, settings: LinkSettings) -> None:
        self.settings, self.deadline = settings, max(settings.action_deadline, MIN_DEADLINE)
        self.received = MessageLog()
        self.left: list[str] = []
        """What could not be removed after a test call, in words."""
        self.ari = Ari(settings.ari_url, settings.ari_username, settings.ari_password, self.deadline, settings.ari_tls)
        self.app = f"call-monitor-doctor-{secrets.token_hex(4)}"
        """Our Stasis application; `call-monitor` is the adapter's."""
        self._ami: AmiConnection | None = None
        self._tasks = BackgroundTasks("doctor")

    async def connect(self) -> None:
        """Open AMI. Raises PbxUnavailable, PbxTimeout, AuthenticationFailed."""
        address, deadline = self.settings.ami, self.settings.connect_deadline
        self._ami = await AmiConnection.open(address, self.received.add, _nothing, deadline, WATCHED)

    @property
    def has_ami(self) -> bool:
        """Whether AMI is connected."""
        return self._ami is not None

    def _opened(self) -> AmiConnection:
        if self._ami is None:
            raise PbxUnavailable("AMI is not usable.")
        return self._ami

    async def act(self, name: str, *fields: tuple[str, str]) -> Message:
        """One AMI action. Raises PbxUnavailable, PbxTimeout, PbxRefused."""
        return await self._opened().action(name, fields, deadline=self.deadline)

    async def listing(self, name: str, fields: Fields = ()) -> list[Message]:
        """An AMI action that answers with a list. Raises the errors of `act`."""
        return await self._opened().listing(name, fields, deadline=self.deadline)

    async def value(self, expression: str) -> str:
        """The current value of a dialplan function or variable; empty if Asterisk refuses. Raises as `act`."""
        try:
            return (await self.act("Getvar", ("Variable", expression))).get("Value", "").strip()
        except PbxRefused:
            return ""

    async def get(self, path: str) -> Any:
        """The answer to a GET request to ARI. Raises PbxUnavailable, PbxTimeout, PbxRefused."""
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
        """Connect our Stasis application. Asterisk creates the dialplan context `stasis-<name>` for it.

        So the operator needs no extra dialplan (res/stasis/app.c; Asterisk 16.4 and later). Raises the errors of `get`.
        """
        async with self.ari.events(self.app, HEARTBEAT) as socket:
            self._tasks.start(self._listen(socket), "ARI events")
            yield self.app

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.received.add([flat(message.data)])

    async def close(self) -> None:
        """Close all connections."""
        await self._tasks.close()
        if self._ami is not None:
            self._ami.close()
        await self.ari.close()


def flat(text: str) -> Message:
    """An ARI event in the form of an AMI event: `Event` is `ari:<type>`; with its channel, recording and bridge."""
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
    """Ignore a lost connection: the next request fails."""


async def need(log: MessageLog, wanted: Wanted, deadline: float, what: str, since: int = 0) -> Mapping[str, str]:
    """Like `MessageLog.wait_for`, but raises PbxTimeout, which names `what`, if the message does not arrive."""
    found = await log.wait_for(wanted, deadline, since)
    if found is None:
        raise PbxTimeout(f"Asterisk did not confirm {what} in {deadline:g} s.")
    return found
