"""Where a database is, in words without its password, and its file if it is SQLite."""

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database; None for any other, and for what is no database URL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def in_words(url: str) -> str:
    """Which database this is, for the people who run the commands."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return "a database whose URL can't be read"
    if parsed.get_backend_name() == "sqlite":
        return f"SQLite, {Path(parsed.database).absolute() if parsed.database else 'in memory'}"
    host = parsed.host or parsed.query.get("host") or "this machine"
    return f"PostgreSQL, {parsed.database} at {host}{f':{parsed.port}' if parsed.port else ''}"
