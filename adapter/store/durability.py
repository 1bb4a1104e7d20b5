"""What a commit outlasts, told to each connection as it is opened; and which of a database's errors never pass."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from sqlalchemy.exc import DataError, DBAPIError

from adapter.errors import ConfigError


class Survives(StrEnum):
    """What a commit outlasts."""

    PROCESS = "process"
    """The end of this process, however sudden. On PostgreSQL: what the server's own settings promise."""
    POWER = "power"
    """A power cut too."""


BUSY_TIMEOUT = 1500
"""Milliseconds that SQLite tries again while another process holds its write lock: commands of ours for some."""
IDLE_IN_TRANSACTION = "2s"
"""After which PostgreSQL gives a transaction up that asks nothing (PostgreSQL, Client Connection Defaults): a process
that is stopped inside one keeps its rows from the others for so long, and no longer."""
REFUSALS = ("22", "23", "54")
"""Classes of SQLSTATE that blame the values: data exception, constraint violation, program limit (PostgreSQL,
appendix A)."""

TOO_EARLY = ("off", "local")
"""Values of synchronous_commit that `power` does not leave as they are (PostgreSQL, Write Ahead Log settings)."""
NO_FSYNC = 'database.survives = "power" can\'t be kept: PostgreSQL runs with fsync = off.'

OnConnect = Callable[[Any, Any], None]


def sqlite(survives: Survives) -> OnConnect:
    """WAL lets readers go on while one writes, and without a sync at each commit loses nothing while the kernel lives
    (sqlite.org/pragma.html, synchronous); foreign keys are off by default."""
    sync = "FULL" if survives is Survives.POWER else "NORMAL"

    def on_connect(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT}", f"synchronous={sync}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return on_connect


def patience(left: Callable[[], float]) -> Callable[[Any, Any, Any], None]:
    """SQLite tries again for no longer than there is time (`left`: seconds), for it can't be stopped while it tries."""

    def on_checkout(connection: Any, record: Any, proxy: Any) -> None:
        wanted = max(1, min(BUSY_TIMEOUT, int(left() * 1000)))
        if wanted != record.info.get("busy_timeout", BUSY_TIMEOUT):
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={wanted}")
            cursor.close()
            record.info["busy_timeout"] = wanted

    return on_checkout


def postgresql(survives: Survives) -> OnConnect:
    """A commit is answered once it is on the server's disk, where it has to survive a power cut.

    Raises ConfigError where the server never syncs at all.
    """

    def on_connect(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}'")
        connection.commit()
        if survives is not Survives.POWER:
            cursor.close()
            return
        cursor.execute("SHOW fsync")
        (fsync,) = cursor.fetchone()
        cursor.execute("SHOW synchronous_commit")
        (waits,) = cursor.fetchone()
        if waits in TOO_EARLY:  # what waits for a standby too is left as it is
            cursor.execute("SET SESSION synchronous_commit = 'on'")
        connection.commit()
        cursor.close()
        if fsync != "on":
            raise ConfigError(NO_FSYNC)

    return on_connect


def pooled_postgresql(survives: Survives) -> tuple[OnConnect, str]:
    """The same behind a pooler, which keeps no session's settings: what is asked once, and set in each transaction."""

    def on_connect(connection: Any, record: Any) -> None:
        if survives is not Survives.POWER:
            return
        cursor = connection.cursor()
        cursor.execute("SHOW fsync")
        (fsync,) = cursor.fetchone()
        connection.commit()
        cursor.close()
        if fsync != "on":
            raise ConfigError(NO_FSYNC)

    wanted = [f"set_config('idle_in_transaction_session_timeout', '{IDLE_IN_TRANSACTION}', true)"]
    if survives is Survives.POWER:
        now = "current_setting('synchronous_commit')"
        early = ", ".join(f"'{value}'" for value in TOO_EARLY)
        wanted.append(f"set_config('synchronous_commit', CASE WHEN {now} IN ({early}) THEN 'on' ELSE {now} END, true)")
    return on_connect, f"SELECT {', '.join(wanted)}"


def is_refusal(problem: Exception) -> bool:
    """Whether the values are at fault, so that trying again can't help."""
    if isinstance(problem, DataError):
        return True
    state = str(getattr(getattr(problem, "orig", None), "sqlstate", None) or "")
    return isinstance(problem, DBAPIError) and state.startswith(REFUSALS)
