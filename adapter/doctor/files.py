"""Checks of the permissions of the adapter's own files, and of its database."""

import stat
from collections.abc import Sequence
from pathlib import Path

from adapter.config.settings import Settings
from adapter.core.people import User
from adapter.doctor.findings import Area, Finding, Remedy
from adapter.errors import AdapterError, ConfigError
from adapter.store import address
from adapter.store.database import Database
from adapter.store.people import everybody

AREA = Area("files")


def judge_mode(name: str, path: Path, mode: int) -> Finding:
    """Whether the permission bits of a file with secrets are strict enough. Pure."""
    remedy = Remedy("a shell", (f"chmod 600 {path}",))
    if mode & (stat.S_IRWXO):
        return AREA.wrong(name, f"everybody on this machine can read or change {path} ({_octal(mode)}).", remedy)
    if mode & (stat.S_IWGRP | stat.S_IRGRP):
        what = (
            f"its group can read or change {path} ({_octal(mode)}); this is fine only if it is the adapter's own group."
        )
        return AREA.warning(name, what, remedy)
    return AREA.ok(name, f"only its owner can read {path} ({_octal(mode)}).")


def _octal(mode: int) -> str:
    return f"{stat.S_IMODE(mode):04o}"


def check_files(settings: Settings, path: Path | None) -> list[Finding]:
    """Check the configuration, secret files, the SQLite file with its -wal and -shm files, and AMI's CA."""
    places: list[tuple[str, Path | None]] = [("configuration", path if _holds_secrets(settings) else None)]
    for pbx in settings.pbx:
        places += [("AMI secret", pbx.ami.secret_file), ("ARI secret", pbx.ari.secret_file)]
    if (file := sqlite_file(settings)) is not None and file.exists():
        places.append(("database", file))
        places += [(f"database ({end})", Path(f"{file}-{end}")) for end in ("wal", "shm")]
    found = [_secret(name, place) for name, place in places if place is not None and _must_check(name, place)]
    authorities = [pbx.ami.tls_ca for pbx in settings.pbx if pbx.ami.tls and pbx.ami.tls_ca is not None]
    return found + [_readable("AMI's CA", file) for file in authorities]


def _holds_secrets(settings: Settings) -> bool:
    secrets = [s for pbx in settings.pbx for s in (pbx.ami.secret, pbx.ari.secret, pbx.softphone.turn_secret)]
    return any(secret is not None for secret in secrets) or "@" in settings.database.url


def _must_check(name: str, path: Path) -> bool:
    """SQLite's extra files may be missing; a missing secret file is a finding."""
    return path.exists() or not name.startswith("database (")


def _secret(name: str, path: Path) -> Finding:
    try:
        return judge_mode(name, path, path.stat().st_mode)
    except OSError as problem:
        return AREA.unknown(name, f"{path} can't be checked: {problem.strerror}.")


def _readable(name: str, path: Path) -> Finding:
    try:
        path.read_bytes()
    except OSError as problem:
        remedy = Remedy("a shell", (f"chmod 644 {path}",))
        return AREA.wrong(name, f"{path} can't be read: {problem.strerror}.", remedy)
    return AREA.ok(name, f"{path} can be read.")


def sqlite_file(settings: Settings) -> Path | None:
    """The database's file, if it is SQLite."""
    try:
        return address.file_of(address.parse(settings.database_url))
    except ConfigError:
        return None


async def check_database(settings: Settings) -> tuple[list[Finding], Sequence[User]]:
    """Check that the database answers and has this version's tables; changes nothing. Returns also the accounts.

    Raises ConfigError if its URL is not valid.
    """
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        what = f"{file} does not exist yet: the first start creates it. Accounts' devices can't be checked."
        return [AREA.warning("database", what)], ()
    database = Database(settings.database_url)
    try:
        current, newest = await database.revisions()
        if current != newest:
            what = (
                f"its tables have version {current or 'none'}, this program needs {newest}: the next start migrates it."
            )
            return [AREA.warning("database", what)], ()
        people = await everybody(database)
    except AdapterError as problem:
        remedy = Remedy("the adapter's configuration, [database]", ('url = "…"',))
        return [AREA.wrong("database", problem.detail, remedy)], ()
    finally:
        await database.close()
    return [AREA.ok("database", f"it answers and is up to date ({len(people)} accounts).")], people
