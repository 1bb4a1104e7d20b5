"""Shared by commands that use the configured database."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from adapter import config, log
from adapter.cli import database
from adapter.config import Settings
from adapter.errors import ConfigError
from adapter.service import now
from adapter.store import Store, address
from adapter.store.durability import Survives

Found = TypeVar("Found")

config_option = click.option(
    "--config", "path", type=click.Path(path_type=Path, dir_okay=False), help="Configuration file (TOML)."
)


def with_store(path: Path | None, work: Callable[[Store], Awaitable[Found]], *, make: bool = False) -> Found:
    """Open the configured store, run `work` with it, and close it. Says which database that is.

    `make`: where there is no database yet, one is made, but not beside the service's. All else would look into a new
    one, and find nothing where a wrong path was meant: ConfigError.
    """
    return with_settings(config.load(path), path, work, make=make)


def with_settings(
    settings: Settings, path: Path | None, work: Callable[[Store], Awaitable[Found]], *, make: bool = False
) -> Found:
    """The same with a configuration that was read already, from `path`."""
    database.announce(settings)
    database.refuse_second(settings, path)

    async def run() -> Found:
        log.setup("warning", settings.log.format, mask_numbers=settings.log.mask_numbers)
        file = address.file_of(address.parse(settings.database_url))
        if file is not None and not file.exists():
            if not make:
                raise ConfigError(
                    f"There is no database: {file.absolute()} does not exist. Is this the right configuration "
                    f"(database.url)? `call-monitor serve` and `call-monitor user add` make one."
                )
            click.echo(f"A new database is made: {file.absolute()}", err=True)
        store = await Store.open(settings.database_url, survives=Survives(settings.database.survives), clock=now)
        try:
            return await work(store)
        finally:
            await store.close()

    with database.as_owner(settings.database_url):
        return asyncio.run(run())
