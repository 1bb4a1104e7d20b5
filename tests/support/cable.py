"""A cable between the adapter and Asterisk that can be pulled: real TCP that understands nothing of what it carries."""

import asyncio
from contextlib import suppress

from adapter.tasks import BackgroundTasks


class Cable:
    """Passes bytes on to `port` of 127.0.0.1 from a port of its own."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = 0
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._tasks = BackgroundTasks("cable")

    async def plug(self) -> None:
        """Connect it, at the same port as before."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def unplug(self) -> None:
        """Nobody is there any more: connections are reset, new ones refused."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for end in list(self._ends):
            end.transport.abort()

    def block(self) -> None:
        """What a firewall does that drops packets: connections stand, and nothing passes."""
        self._flows.clear()

    def clear(self) -> None:
        """All passes again."""
        self._flows.set()

    async def _carry(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        self._ends.add(near_out)
        with suppress(OSError):
            far, far_out = await asyncio.open_connection("127.0.0.1", self._to)
            self._ends.add(far_out)
            ways = [self._tasks.start(self._pump(*way), "pump") for way in ((near, far_out), (far, near_out))]
            await asyncio.wait(ways)
            far_out.close()
            self._ends.discard(far_out)
        near_out.close()
        self._ends.discard(near_out)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await self._flows.wait()
                sink.write(data)
                await sink.drain()
        sink.close()

    async def close(self) -> None:
        """Take it away."""
        self.clear()
        await self.unplug()
        await self._tasks.close()
