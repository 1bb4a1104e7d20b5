"""A scripted AMI peer that speaks real bytes: for the faults that a real Asterisk can't be made to show on demand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Action = dict[str, str]
Script = Callable[["Peer", Action], Awaitable[None]]


class Peer:
    """One connected client, seen from Asterisk's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.gone = asyncio.Event()
        """The connection is over."""

    async def say(self, *lines: str) -> None:
        """Send one message."""
        await self.raw(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    async def hear(self) -> Action | None:
        """The next action; None when the client has gone."""
        try:
            text = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return dict(line.split(": ", 1) for line in text.strip().split("\r\n"))

    def hang_up(self) -> None:
        """Cut the connection."""
        self._writer.close()


async def agree(peer: Peer, action: Action) -> None:
    """Say yes."""
    await peer.say("Response: Success", f"ActionID: {action['ActionID']}", "Message: fine")


class AmiServer:
    """Listens on 127.0.0.1; every action goes to `script`, which answers as it likes."""

    def __init__(self, script: Script = agree) -> None:
        self.script = script
        self.actions: list[Action] = []
        self.peers: list[Peer] = []
        self.port = 0

    def heard(self, name: str) -> list[Action]:
        """The actions of this name so far."""
        return [action for action in self.actions if action["Action"] == name]

    def hang_up(self) -> None:
        """Cut every connection."""
        for peer in self.peers:
            peer.hang_up()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self.peers.append(peer)
        await peer.raw(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while (action := await peer.hear()) is not None:
                self.actions.append(action)
                if action["Action"] == "Login" and self.script is not refuse_login:
                    await agree(peer, action)
                else:
                    await self.script(peer, action)
        finally:
            peer.gone.set()
            writer.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["AmiServer"]:
        """Listen for the length of a block."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.hang_up()
            await asyncio.sleep(0)


async def refuse_login(peer: Peer, action: Action) -> None:
    """What Asterisk says to a wrong secret."""
    await peer.say("Response: Error", f"ActionID: {action['ActionID']}", "Message: Authentication failed")


async def ignore(peer: Peer, action: Action) -> None:
    """Say nothing, as a half-open peer does."""
