"""Which database a command uses: said each time, never a new one beside the service's, and never root's by mistake."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from adapter import config
from adapter.config.unit import default_state_home, state_home
from adapter.errors import ConfigError
from adapter.store.address import in_words, sqlite_file

NAME = "call-monitor/adapter.sqlite"
"""The default database, below XDG_STATE_HOME."""
SERVICES = Path("/var/lib")
"""XDG_STATE_HOME of the service, as the unit that comes with the program has it."""


def announce(settings: config.Settings) -> None:
    """Say on standard error which database is used."""
    click.echo(f"Database: {in_words(settings.database_url)}", err=True)


def refuse_second(settings: config.Settings, path: Path | None) -> None:
    """Raise ConfigError where a command would make a new default database though the service has another one.

    A database that the configuration names is the operator's own decision.
    """
    file = sqlite_file(settings.database_url)
    if settings.database.url or settings.database.url_file or file is None or file.exists():
        return
    for home in dict.fromkeys([state_home() or SERVICES, SERVICES, default_state_home()]):
        other = home / NAME
        if _exists(other) and other != file:
            raise ConfigError(
                f"This would make a new, empty database, {file}, but there is one already: {other}. If that is the "
                f"service's, write into {path or config.default_path()}, section [database]: "
                f'url = "sqlite+aiosqlite:///{other}". If you want a new one, write its path there.'
            )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that we may not look into
        return False


@contextmanager
def as_owner(url: str) -> Iterator[None]:
    """Root works on an SQLite database as the user to whom its file or folder belongs.

    Otherwise the files that root makes (the database, its lock) could not be opened by the service.
    """
    file = sqlite_file(url)
    if file is None or os.geteuid() != 0:
        yield
        return
    place = next(path for path in (file, *file.absolute().parents) if path.exists()).stat()
    groups = os.getgroups()
    try:
        os.setegid(place.st_gid)
        if place.st_uid != 0:
            os.setgroups([place.st_gid])
            os.seteuid(place.st_uid)
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
