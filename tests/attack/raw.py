"""Bytes on a socket: clients that aiohttp's own would refuse to be."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.support.client import Client
from tests.support.site import Site


class Raw:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, site: Site) -> "Raw":
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", site.listener.port))

    async def send(self, data: bytes) -> None:
        """Say something; the other side may have hung up."""
        self.writer.write(data)
        with suppress(ConnectionError):
            await self.writer.drain()

    async def all(self, deadline: float = 15) -> bytes:
        """Everything until the other side hangs up."""
        try:
            return await asyncio.wait_for(self.reader.read(), deadline)
        except ConnectionError:
            return b""

    async def answer(self) -> tuple[int, dict[str, str], dict[str, Any]]:
        """The next answer: status, headers, JSON."""
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 15)).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return int(first.split()[1]), headers, json.loads(body) if body else {}

    def close(self) -> None:
        """Hang up."""
        self.writer.transport.abort()


@asynccontextmanager
async def many(site: Site, count: int) -> AsyncIterator[list[Raw]]:
    """So many connections that ask nothing."""
    found: list[Raw] = []
    try:
        while len(found) < count:
            found += await asyncio.gather(*(Raw.open(site) for _ in range(min(100, count - len(found)))))
        yield found
    finally:
        for one in found:
            one.close()


def cookie(client: Client) -> str:
    """A client's cookie, as a header's value."""
    return "; ".join(f"{cookie.key}={cookie.value}" for cookie in client.http.cookie_jar)


@asynccontextmanager
async def deaf(site: Site, request: bytes) -> AsyncIterator[None]:
    """A connection that asks and never reads; its own buffer is small."""
    with socket.socket() as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        end.setblocking(False)
        await asyncio.get_running_loop().sock_connect(end, ("127.0.0.1", site.listener.port))
        await asyncio.get_running_loop().sock_sendall(end, request)
        yield
