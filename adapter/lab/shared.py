"""What the adapters of one lab share when there are several: a PostgreSQL and a NATS server."""

import asyncio
import json
from pathlib import Path

from adapter.lab import nats
from adapter.lab.nats import Nats
from adapter.lab.postgresql import PostgreSQL

POLL = 0.2
"""Seconds between looks whether PostgreSQL still runs."""
DATABASE = "call_monitor"


class Database:
    """PostgreSQL as a part of the lab. All its state is removed with it: as root its folder can't be in the lab's."""

    def __init__(self) -> None:
        self.server = PostgreSQL()

    async def start(self) -> None:
        """Start it. Raises LabError."""
        await asyncio.to_thread(self.server.start)

    async def exited(self) -> None:
        """Wait until it runs no more."""
        while self.server.pid is not None:  # noqa: ASYNC110 - started by a thread, so no loop watches it
            await asyncio.sleep(POLL)

    async def stop(self) -> None:
        """End it."""
        await asyncio.to_thread(self.server.stop)


class Shared:
    """Both servers."""

    def __init__(self, folder: Path) -> None:
        """Raises LabError if their programs are not installed."""
        self.nats = Nats(folder / "nats")
        self.database = Database()

    async def start(self) -> None:
        """Start both, and make the database. Raises LabError."""
        await asyncio.gather(self.nats.start(), self.database.start())
        await asyncio.to_thread(self.database.server.ask, f"CREATE DATABASE {DATABASE}")

    async def stop(self) -> None:
        """End both."""
        await asyncio.gather(self.nats.stop(), self.database.stop())

    @property
    def database_url(self) -> str:
        """For [database]."""
        return self.database.server.url(DATABASE)

    def conf(self) -> str:
        """The section [cluster]."""
        return (
            f"\n[cluster]\nnats = [{json.dumps(self.nats.url)}]\nusername = {json.dumps(nats.USER)}\n"
            f"password_file = {json.dumps(str(self.nats.password_file))}\n"
        )
