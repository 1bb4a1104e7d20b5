"""The database's URL: what is wrong with it, and the line to write instead. Nothing here shows a password."""

import os
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from adapter.errors import ConfigError

SQLITE, POSTGRESQL = "sqlite+aiosqlite", "postgresql+asyncpg"
A_FILE = 'url = "sqlite+aiosqlite:////var/lib/call-monitor/adapter.sqlite"'
A_SERVER = 'url = "postgresql+asyncpg://user:password@host/name"'
"""Lines of [database]."""
ONE_OF = f"Write one of:\n  {A_FILE}\n  {A_SERVER}"


def parse(text: str) -> URL:
    """The URL, with one of the two drivers. Raises ConfigError."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise ConfigError(f"database.url is no database URL. {ONE_OF}") from None
    if url.drivername not in (SQLITE, POSTGRESQL):
        raise ConfigError(f"database.url begins with {url.drivername}://, which can't be used. {_instead(url)}")
    if url.drivername == SQLITE and url.host:
        right = URL.create(SQLITE, database=f"/{url.host}/{url.database or 'adapter.sqlite'}")
        raise ConfigError(f"database.url lacks a slash before the file's path. Write: {_line(right)}")
    if url.drivername == SQLITE and url.database in (None, "", ":memory:"):
        raise ConfigError(f"database.url names no file. Write: {A_FILE}")
    if url.drivername == POSTGRESQL and not url.database:
        raise ConfigError(f"database.url names no database. Write: {_line(url.set(database='call_monitor'))}")
    return url


def file_of(url: URL) -> Path | None:
    """SQLite's file."""
    return Path(url.database) if url.drivername == SQLITE and url.database else None


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database; None for any other, and for what is no URL that can be used."""
    try:
        return file_of(parse(url))
    except ConfigError:
        return None


def in_words(url: str) -> str:
    """Which database this is, for the people who run the commands."""
    try:
        parsed = parse(url)
    except ConfigError:
        return "a database whose URL can't be read"
    if (file := file_of(parsed)) is not None:
        return f"SQLite, {file.absolute()}"
    host = parsed.host or parsed.query.get("host") or "this machine"
    return f"PostgreSQL, {parsed.database} at {host}{f':{parsed.port}' if parsed.port else ''}"


def check(text: str) -> None:
    """Whether the URL can be used here: of PostgreSQL only how it is written, of SQLite also the file and its folder.

    Raises ConfigError. Rights are those of whoever asks.
    """
    file = file_of(parse(text))
    if file is None:
        return
    try:
        _check_file(file)
        folder = next(parent for parent in file.absolute().parents if parent.exists())  # / exists
    except OSError as problem:
        raise ConfigError(f"database.url: {file} can't be looked at: {problem.strerror}.") from None
    if not folder.is_dir():
        raise ConfigError(f"database.url: {folder} is no folder, so {file} can't be made.")
    if not _may(folder, os.W_OK | os.X_OK):  # SQLite keeps -wal and -shm beside its file
        raise ConfigError(
            f"database.url: you may not write into the folder {folder}. Use: {_chown(folder)}, or write another path "
            f"into database.url."
        )


def _check_file(file: Path) -> None:
    if not file.exists():
        return
    if not file.is_file():
        raise ConfigError(f"database.url: {file} is not a file. Write the path of a file in it.")
    if not _may(file, os.R_OK | os.W_OK):
        raise ConfigError(f"database.url: you may not write {file}. Use: {_chown(file)}")


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=True)


def _chown(path: Path) -> str:
    return f"chown call-monitor {path} (the user that the adapter runs as)"


def _instead(url: URL) -> str:
    """The line to write for a driver that is not ours."""
    kind = url.drivername.partition("+")[0].lower()
    if kind in ("postgres", "postgresql", "pgsql", "psql"):
        return f"Write: {_line(url.set(drivername=POSTGRESQL))}"
    if kind in ("sqlite", "sqlite3", "file"):
        return f"Write: {_line(url.set(drivername=SQLITE))}"
    return ONE_OF


def _line(url: URL) -> str:
    """The line, with *** for the password."""
    return f'url = "{url.render_as_string(hide_password=True)}"'
