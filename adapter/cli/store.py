"""Shared by commands that use the configured database."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from adapter import config, log
from adapter.cli import database
from adapter.service import now
from adapter.store import Store
from adapter.store.durability import Survives

Found = TypeVar("Found")

config_option = click.option(
    "--config", "path", type=click.Path(path_type=Path, dir_okay=False), help="Configuration file (TOML)."
)


def with_store(path: Path | None, work: Callable[[Store], Awaitable[Found]]) -> Found:
    """Open the configured store, run `work` with it, and close it. Says which database that is.

    Raises ConfigError if it would make a new one beside the service's.
    """
    settings = config.load(path)
    database.announce(settings)
    database.refuse_second(settings, path)

    async def run() -> Found:
        log.setup("warning", settings.log.format, mask_numbers=settings.log.mask_numbers)
        store = await Store.open(settings.database_url, survives=Survives(settings.database.survives), clock=now)
        try:
            return await work(store)
        finally:
            await store.close()

    with database.as_owner(settings.database_url):
        return asyncio.run(run())
