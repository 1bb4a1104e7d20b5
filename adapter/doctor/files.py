"""Checks of the permissions of the adapter's own files, and of its database."""

from collections.abc import Sequence
from pathlib import Path

from adapter.config.modes import Openness, advice, openness, service_group
from adapter.config.settings import Settings
from adapter.config.unit import source_of
from adapter.core.people import User
from adapter.doctor.findings import Area, Finding, Remedy
from adapter.errors import AdapterError
from adapter.store import address
from adapter.store.database import Database
from adapter.store.people import everybody

AREA = Area("files")


VERDICTS = {Openness.EVERYBODY: AREA.wrong, Openness.OTHER_GROUP: AREA.warning, Openness.GROUP_WRITES: AREA.warning}


def judge_mode(name: str, path: Path, found: Openness, mode: int, group: str | None) -> Finding:
    """Whether the permission bits of a file with secrets are strict enough. `group`: the service's. Pure."""
    what = f"{found.value} {path} ({mode:04o})."
    if found.fine:
        return AREA.ok(name, what)
    return VERDICTS[found](name, what, Remedy("a shell", (advice(path, group),)))


def check_files(settings: Settings, path: Path | None) -> list[Finding]:
    """Check the configuration, secret files, the SQLite file with its -wal and -shm files, and AMI's CA."""
    places: list[tuple[str, Path | None]] = [("configuration", path if _holds_secrets(settings) else None)]
    for pbx in settings.pbx:
        for kind, file in (("AMI secret", pbx.ami.secret_file), ("ARI secret", pbx.ari.secret_file)):
            places.append((kind, source_of(file) if file is not None else None))
    if settings.cluster.enabled:
        ours = (("NATS password", settings.cluster.password_file), ("NATS key", settings.cluster.tls_key))
        places += [(kind, source_of(file)) for kind, file in ours if file is not None]
    if (file := sqlite_file(settings)) is not None and file.exists():
        places.append(("database", file))
        places += [(f"database ({end})", Path(f"{file}-{end}")) for end in ("wal", "shm")]
    found = [_secret(name, file) for name, file in places if file is not None and _must_check(name, file)]
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
        group = None if name.startswith("database") else service_group()
        return judge_mode(name, path, *openness(path), group)
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
    return address.sqlite_file(settings.database_url)


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
