"""One AMI connection through panoramisk, whose surprises end here: the only file that imports it.

One object per connection: it is opened, used, lost, and never comes back. Reconnecting is `connection.py`'s work.
"""

import asyncio
import secrets
import ssl
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from adapter.asterisk import sockets
from adapter.asterisk.splitter import Message, NotAmi, Splitter
from adapter.asterisk.wire import TRANSLATORS
from adapter.errors import Invalid, PbxRefused, PbxTimeout, PbxUnavailable, of_system

log = structlog.get_logger(__name__)

MAX_LINE = 1000
"""Bytes. Asterisk refuses AMI lines over about 1,024 bytes (main/manager.c, struct mansession inbuf)."""
MAX_HEADERS = 100
"""Asterisk takes at most 128 (include/asterisk/manager.h, AST_MAX_MANHEADERS)."""

Fields = Sequence[tuple[str, str]]
ITEMS = ("Status",)
"""Items of lists that have their ActionID last, where it is not looked for (`Splitter`)."""


class AuthenticationFailed(PbxUnavailable):
    """Asterisk does not know this AMI user or secret; trying again soon is pointless."""


@dataclass(frozen=True, slots=True)
class AmiAddress:
    """Where AMI is and who we are there."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    tls: ssl.SSLContext | None = None


class _Protocol(AMIProtocol):  # type: ignore[misc]
    """panoramisk's protocol with a parser that is incremental and a loss that is told once."""

    def __init__(
        self,
        on_batch: Callable[[list[Message]], None],
        on_lost: Callable[[str], None],
        wanted: Collection[str],
    ) -> None:
        self._splitter = Splitter(wanted)
        self._on_batch, self._on_lost = on_batch, on_lost

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Bytes must not lie in our kernel for a PBX that is out of reach."""
        sockets.forgetful(transport)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        try:
            messages = self._splitter.feed(data)
        except NotAmi as problem:
            self._on_lost(str(problem))
            self.close()
            return
        if messages:
            self._on_batch(messages)

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost(str(exc) if exc else "Asterisk closed the connection")

    def close(self) -> None:
        self.closed = True
        sockets.abort(self.transport)


class _Manager(Manager):  # type: ignore[misc]
    """panoramisk's manager without a life of its own: no reconnect, no ping, no login that repeats."""

    def connection_made(self, f: "asyncio.Future[tuple[asyncio.Transport, _Protocol]]") -> None:
        """Take the connection if there is one; `AmiConnection.open` sees the error otherwise."""
        if not f.cancelled() and f.exception() is None:
            self.protocol = f.result()[1]
            self.protocol.encoding = "utf8"
            self.protocol.factory = self


class AmiConnection:
    """A logged-in connection. `on_events` gets the events of each read, in order."""

    def __init__(self, on_events: Callable[[list[Message]], None], on_lost: Callable[[str], None]) -> None:
        self._on_events, self._on_lost = on_events, on_lost
        self._pending: dict[str, Action] = {}
        self._lists: dict[str, list[Message]] = {}
        self._lost: str | None = None
        self._count = 0
        self._tag = secrets.token_hex(4)
        """Makes action ids this connection's own: Asterisk repeats them in events that every connection gets."""
        self._manager: Any = None

    @classmethod
    async def open(
        cls,
        address: AmiAddress,
        on_events: Callable[[list[Message]], None],
        on_lost: Callable[[str], None],
        deadline: float,
        wanted: Collection[str] = TRANSLATORS,
    ) -> "AmiConnection":
        """Connect and log in within `deadline` seconds each. `wanted` are the names of the events to be told of.

        Raises PbxUnavailable when nobody is there, PbxTimeout when nobody answers, AuthenticationFailed when
        the secret is wrong.
        """
        connection = cls(on_events, on_lost)
        connection._manager = _Manager(
            loop=asyncio.get_running_loop(),
            host=address.host,
            port=address.port,
            ssl=address.tls or False,
            protocol_factory=lambda: _Protocol(connection._batch, connection._end, {*wanted, *ITEMS}),
        )
        try:
            await asyncio.wait_for(connection._manager.connect(), deadline)
        except TimeoutError:
            raise PbxTimeout(f"AMI at {address.host}:{address.port} did not answer in {deadline:g} s.") from None
        except ssl.SSLCertVerificationError as problem:
            why = f"shows a certificate that is not believed: {problem.verify_message}. See pbx.ami.tls_ca and host"
            raise PbxUnavailable(f"AMI at {address.host}:{address.port} {why}.") from None
        except OSError as problem:
            why = f"is not reachable ({of_system(problem)})"
            raise PbxUnavailable(f"AMI at {address.host}:{address.port} {why}.") from None
        try:
            await connection._login(address, deadline)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _login(self, address: AmiAddress, deadline: float) -> None:
        fields = [("Username", address.username), ("Secret", address.secret), ("Events", "on")]
        try:
            await self.action("Login", fields, deadline=deadline)
        except PbxRefused as refusal:
            raise AuthenticationFailed(f"Asterisk refused the AMI user {address.username!r}: {refusal}") from None

    # --- actions

    async def action(self, name: str, fields: Fields = (), *, deadline: float, at_once: bool = False) -> Message:
        """Send one action and return its response. `at_once`: only where nothing waits to be sent before it.

        Raises Invalid (a value must not go over the wire; nothing was sent), PbxUnavailable (not connected;
        nothing was sent), PbxRefused (Asterisk said no), PbxTimeout (no answer: the outcome is unknown).
        """
        action = self._send(name, fields, at_once=at_once)
        return await self._answer(action, name, deadline)

    async def listing(self, name: str, fields: Fields = (), *, deadline: float) -> list[Message]:
        """Send an action that answers with a list; returns its items without the closing one. Raises as `action`."""
        action = self._send(name, fields, items=[])
        items = self._lists[action["ActionID"]]
        await self._answer(action, name, deadline)
        return items

    async def closing(self, name: str, fields: Fields = (), *, deadline: float) -> Message:
        """The same, and returns the event that closes the list instead."""
        return await self._answer(self._send(name, fields, items=[]), name, deadline)

    def _send(self, name: str, fields: Fields, items: list[Message] | None = None, *, at_once: bool = False) -> Action:
        _check(fields)
        if self._lost is not None:
            raise PbxUnavailable(f"The AMI connection was lost: {self._lost}.")
        if at_once and self._manager.protocol.transport.get_write_buffer_size():
            raise PbxUnavailable("Asterisk takes nothing at this moment, so nothing was asked of it. Try again soon.")
        self._count += 1
        action_id = f"cm-{self._tag}-{self._count}"
        lines: dict[str, Any] = {"Action": name, "ActionID": action_id}
        for key, value in fields:
            lines[key] = [*lines[key], value] if key in lines else [value]
        action = Action(lines, as_list=False)
        self._pending[action_id] = action
        if items is not None:
            self._lists[action_id] = items
        self._manager.protocol.transport.write(str(action).encode())
        return action

    async def _answer(self, action: Action, name: str, deadline: float) -> Message:
        action_id = action["ActionID"]
        try:
            # Not wait_for, which loses a cancellation that comes with the answer (bpo-37658; Python 3.11).
            async with asyncio.timeout(deadline):
                response: Message = await action.future
        except TimeoutError:
            raise PbxTimeout(f"Asterisk did not answer {name} in {deadline:g} s.") from None
        finally:
            self._pending.pop(action_id, None)
            self._lists.pop(action_id, None)
        if response.get("Response") not in ("Success", "Goodbye", "Follows"):
            raise PbxRefused(response.get("Message") or f"{name} was refused")
        return response

    # --- what comes in

    def _batch(self, messages: list[Message]) -> None:
        events = [message for message in messages if not self._is_answer(message)]
        if not events:
            return
        try:
            self._on_events(events)
        except Exception:  # whatever our reader does, the link must live
            log.exception("events could not be processed", count=len(events))

    def _is_answer(self, message: Message) -> bool:
        """Whether it belongs to an action of ours. Live events never do, whatever ActionID they carry."""
        action_id = message.get("ActionID", "")
        action = self._pending.get(action_id)
        if "Response" in message and "Event" not in message:
            if action is not None and not self._begins_list(action_id, message):
                _resolve(action, message)
            return True
        items = self._lists.get(action_id)
        if items is None or action is None:
            return False
        if message.get("EventList") == "Complete":
            _resolve(action, {**message, "Response": "Success"})
        else:
            items.append(message)
        return True

    def _begins_list(self, action_id: str, message: Message) -> bool:
        """Whether items follow (main/manager.c, astman_send_listack); without that word the answer is all."""
        return action_id in self._lists and message.get("EventList") == "start"

    def _end(self, why: str) -> None:
        """The connection is gone: what was pending may or may not have happened, and is never sent again."""
        if self._lost is not None:
            return
        self._lost = why
        for action in list(self._pending.values()):
            if not action.future.done():
                problem = f"The connection to Asterisk was lost before {action['Action']} was answered."
                action.future.set_exception(PbxTimeout(problem))
        self._on_lost(why)

    def close(self) -> None:
        """End the connection now."""
        self._end("closed by us")
        if self._manager is not None and self._manager.protocol is not None:
            self._manager.protocol.close()


def _resolve(action: Action, message: Message) -> None:
    if not action.future.done():
        action.future.set_result(message)


def _check(fields: Fields) -> None:
    """Nothing that could start another line, or that Asterisk would cut, goes over the wire."""
    if len(fields) > MAX_HEADERS:
        raise Invalid(f"More than {MAX_HEADERS} headers can't be sent to Asterisk.")
    for name, value in fields:
        if not isinstance(value, str) or not name.isascii() or not name.isalnum():
            raise Invalid(f"{name!r} can't be sent to Asterisk: it is not text.")
        if not value.isprintable():
            raise Invalid(f"{name} has a control character, which can't be sent to Asterisk.")
        if len(name) + 2 + len(value.encode()) > MAX_LINE:
            raise Invalid(f"{name} is too long to be sent to Asterisk ({MAX_LINE} bytes at most).")
