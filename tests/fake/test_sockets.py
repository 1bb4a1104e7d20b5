"""What Asterisk did not take in time, or before it was given up, never reaches it: real TCP with a peer that stalls."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest

from adapter.asterisk import sockets
from adapter.asterisk.ami import AmiAddress, AmiConnection
from adapter.asterisk.ari import Ari
from adapter.asterisk.connection import Connection, LinkSettings
from adapter.asterisk.fence import Fence
from adapter.asterisk.link import Link
from adapter.core.legs import LegRequest
from adapter.core.modes import Mode
from adapter.core.pbx import LinkState
from adapter.errors import PbxUnavailable
from tests.fake.ami_server import AmiServer, agree
from tests.fake.test_link import lists

FILLER = ("X", "x" * 900)
LAST = b"Action: LastOfAll"


class Stalling:
    """An Asterisk whose window closes: it answers the login, and reads nothing more until it is told to."""

    def __init__(self) -> None:
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(1)
        self._listening.setblocking(False)
        self.port: int = self._listening.getsockname()[1]
        self.peer: socket.socket | None = None

    async def login(self) -> None:
        """Take one connection and let it in."""
        loop = asyncio.get_running_loop()
        self.peer, _ = await loop.sock_accept(self._listening)
        await loop.sock_sendall(self.peer, b"Asterisk Call Manager/11.0.0\r\n")
        asked = (await loop.sock_recv(self.peer, 4096)).decode()
        action_id = next(line for line in asked.splitlines() if line.startswith("ActionID"))
        await loop.sock_sendall(self.peer, f"Response: Success\r\n{action_id}\r\n\r\n".encode())

    async def rest(self) -> bytes:
        """All that reaches it when it reads again, until the connection ends or nothing more comes."""
        assert self.peer is not None
        loop, found = asyncio.get_running_loop(), b""
        try:
            while part := await asyncio.wait_for(loop.sock_recv(self.peer, 65536), 2):
                found += part
        except (OSError, TimeoutError):
            pass
        return found

    def close(self) -> None:
        self._listening.close()
        if self.peer is not None:
            self.peer.close()


class Line:
    """A connection to it, with so much written that some lies in our kernel and none in the process."""

    def __init__(self, asterisk: Stalling) -> None:
        self.asterisk = asterisk
        self.lost: list[str] = []
        self.asked: list[asyncio.Future[object]] = []

    async def open(self) -> None:
        address = AmiAddress("127.0.0.1", self.asterisk.port, "u", "s")
        opening = AmiConnection.open(address, lambda events: None, self.lost.append, 5.0)
        self.ami, _ = await asyncio.gather(opening, self.asterisk.login())
        self.transport = self.ami._manager.protocol.transport

    def ask(self, name: str) -> None:
        self.asked.append(asyncio.ensure_future(self.ami.action(name, [FILLER], deadline=30)))

    async def fill(self) -> None:
        """Until the other side's window is closed: what is written now stays in our kernel."""
        for _ in range(64):
            self.ask("Filler")
        await asyncio.sleep(0.2)
        self.ask("LastOfAll")
        await asyncio.sleep(0.1)
        assert self.transport.get_write_buffer_size() == 0, "all of it is the kernel's now"

    async def close(self) -> None:
        self.ami.close()
        await asyncio.gather(*self.asked, return_exceptions=True)


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    asterisk = Stalling()
    made = Line(asterisk)
    await made.open()
    try:
        yield made
    finally:
        await made.close()
        asterisk.close()


async def test_what_lies_in_our_kernel_when_a_connection_is_given_up_never_arrives() -> None:
    async with line() as made:
        await made.fill()
        made.ami.close()
        await asyncio.sleep(0.1)
        assert LAST not in await made.asterisk.rest()


async def test_the_same_bytes_arrive_where_the_peer_reads_again_in_time() -> None:
    """The counter-check of the others: they are there, and would go out."""
    async with line() as made:
        await made.fill()
        assert LAST in await made.asterisk.rest()


async def test_what_is_not_taken_for_long_is_dropped_by_the_kernel_and_the_loss_is_known() -> None:
    async with line() as made:
        await made.fill()
        await until(lambda: bool(made.lost), 30)
        assert LAST not in await made.asterisk.rest()


async def test_with_a_full_buffer_nothing_that_is_heard_is_asked() -> None:
    async with line() as made:
        while not made.transport.get_write_buffer_size():
            made.ask("Filler")
            await asyncio.sleep(0)
            assert len(made.asked) < 20_000
        with pytest.raises(PbxUnavailable, match="takes nothing"):
            await made.ami.action("PlayDTMF", [("Digit", "6")], deadline=5, at_once=True)


async def until(wanted: Callable[[], bool], deadline: float = 10) -> None:
    end = time.monotonic() + deadline
    while not wanted():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


async def test_sockets_to_ari_forget_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ari = Ari(f"http://127.0.0.1:{server.getsockname()[1]}/ari", "u", "s", 0.5)
        asking = asyncio.ensure_future(ari.version())
        connector = ari._open().connector
        assert isinstance(connector, aiohttp.TCPConnector)
        await until(lambda: bool(connector._acquired))
        (taken,) = connector._acquired
        assert taken.transport is not None
        option = taken.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        assert option == round(sockets.UNHEARD * 1000)
        await asyncio.gather(asking, return_exceptions=True)
        await ari.close()


class Gate:
    """An ownership that a test takes away."""

    def __init__(self) -> None:
        self.open = True

    def need(self) -> None:
        if not self.open:
            raise PbxUnavailable("not ours")


async def test_without_the_term_nothing_that_is_heard_leaves_and_silence_does() -> None:
    gate, states = Gate(), list[LinkState]()
    server = AmiServer(lists())  # type: ignore[arg-type]
    async with server.running():
        settings = LinkSettings(
            "lab", AmiAddress("127.0.0.1", server.port, "u", "s"), "http://127.0.0.1:9/ari", "u", "s"
        )
        connection = Connection(
            settings,
            lambda events: None,
            lambda state: states.append(state.state),
            lambda: datetime.now(UTC),
            Fence(gate.need),
        )
        link = Link(settings, connection)
        connection.start()
        await until(lambda: LinkState.CONNECTED in states)
        gate.open = False
        for act in (
            link.start_leg(LegRequest("cm-1", "PJSIP/301", "17.1", Mode.SILENT, True, "x", "1", 20)),
            link.switch_leg("cm-1", Mode.BARGE, keypad=True, reattach=False),
            link.switch_leg("cm-1", Mode.WHISPER, keypad=False, reattach=True),
            link.join("cm-1", "17.2"),
            link.send_leg("17.3", "17.1", Mode.SILENT, keypad=False),
        ):
            with pytest.raises(PbxUnavailable, match="not ours"):
                await act
        assert await link.switch_leg("cm-1", Mode.SILENT, keypad=True, reattach=False)
        assert await link.switch_leg("cm-1", Mode.SILENT, keypad=False, reattach=False)
        assert await link.end_leg("cm-1")
        acted = [action["Action"] for action in server.actions if action["Action"] in ("Originate", "Bridge")]
        assert acted == []
        assert [action["Digit"] for action in server.heard("PlayDTMF")] == ["4"]
        assert [action["Exten"] for action in server.heard("Redirect")] == ["silent"]
        connection.give_up()
        await until(lambda: states[-1] is not LinkState.CONNECTED)
        server.script = agree
        for silence in (link.end_leg("cm-1"), link.switch_leg("cm-1", Mode.SILENT, keypad=True, reattach=False)):
            with pytest.raises(PbxUnavailable):
                await silence
        await asyncio.sleep(0.5)
        assert len(server.heard("Login")) == 1, "a deposed owner does not come back"
        await connection.close()
