"""Writes what was planned, with a backup of all that it changes, and takes it back."""

import contextlib
import hashlib
import json
import os
import pwd
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from adapter.errors import ConfigError, Conflict
from adapter.setup import look
from adapter.setup.model import Edit, Owner

ASTERISK = "asterisk"
"""The user as whom Asterisk runs with Debian's package, FreePBX and `make install`'s samples."""
BACKUPS = "setup-backups"
"""The folder of backups, beside config.toml."""
MANIFEST = "manifest.json"
UNDONE = "undone.json"
"""What the manifest is called once it was taken back."""


@dataclass(frozen=True, slots=True)
class Owners:
    """Numeric owners of new files (chown(2)); None where this process may not choose."""

    asterisk: tuple[int, int] | None = None
    adapter: tuple[int, int] | None = None

    def of(self, owner: Owner) -> tuple[int, int] | None:
        """Whose a new file is."""
        return {Owner.ASTERISK: self.asterisk, Owner.ADAPTER: self.adapter, Owner.ROOT: None}[owner]


def owners(etc: Path, user: str | None) -> Owners:
    """As root: Asterisk's folder's own, and root with the group of the adapter's user, if there is one.

    Where root owns Asterisk's files, what only its owner and its group may read gets the group of Asterisk's user.
    """
    if os.geteuid() != 0:
        return Owners()
    like = next((path for name in ("manager.conf", "asterisk.conf") if (path := etc / name).exists()), etc).stat()
    asterisks = group_of(ASTERISK) if (like.st_uid, like.st_gid) == (0, 0) else None
    group = group_of(user) if user else None
    return Owners((like.st_uid, asterisks or like.st_gid), None if group is None else (0, group))


def group_of(user: str) -> int | None:
    """A user's own group; None if there is no such user."""
    try:
        return pwd.getpwnam(user).pw_gid
    except KeyError:
        return None


def check(edits: Iterable[Edit], home: Path) -> None:
    """Whether all of it can be written, before any is. Raises ConfigError, with every folder that can't."""
    folders = {edit.path.parent for edit in edits} | {home}
    closed = sorted(str(folder) for folder in folders if not _writable(folder))
    if closed:
        raise ConfigError(f"Nothing was changed: {', '.join(closed)} can't be written to. Run the setup as root.")


def _writable(folder: Path) -> bool:
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


def apply(edits: Sequence[Edit], home: Path, owned: Owners, now: datetime) -> Path:
    """Write all files, each at once or not at all; returns the backup's folder.

    The backup is complete before the first file changes, so that an interrupted setup can be taken back too.
    Raises Conflict if a file changed since it was read, OSError.
    """
    for edit in edits:
        if look.read(edit.path) != edit.before:
            raise Conflict(f"Nothing was changed: {edit.path} changed meanwhile. Run the setup again.")
    _make_folder(home, owned.adapter)
    folder = _new_backup(home, now)
    listed = []
    for number, edit in enumerate(edits):
        kept = None
        if edit.before is not None:
            kept = f"{number:03}-{edit.path.name}"
            _write(folder / kept, edit.before, 0o600, None)
        listed.append({"path": str(edit.path), "kept": kept, "after": _digest(edit.after)})
    _write(folder / MANIFEST, json.dumps({"at": now.isoformat(), "files": listed}, indent=1), 0o600, None)
    for edit in edits:
        edit.path.parent.mkdir(parents=True, exist_ok=True)
        _write(edit.path, edit.after, edit.mode, owned.of(edit.owner))
    return folder


def _new_backup(home: Path, now: datetime) -> Path:
    base = home / BACKUPS
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    base.chmod(0o700)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    for number in range(1000):
        with contextlib.suppress(FileExistsError):
            folder = base / f"{stamp}-{number:03}"
            folder.mkdir(mode=0o700)
            return folder
    raise Conflict(f"{base} has too many backups of this second.")


def _make_folder(folder: Path, owner: tuple[int, int] | None) -> None:
    """A folder that only its owner and its group can look into; one that exists stays as it is."""
    if folder.exists():
        return
    folder.mkdir(parents=True, mode=0o750)
    if owner is not None:
        os.chown(folder, *owner)
    folder.chmod(0o750)


def _write(path: Path, text: str, mode: int, owner: tuple[int, int] | None) -> None:
    """Replace a file by rename(2), with the owner and mode that it had; a new one gets those that are given."""
    place = path.resolve()
    with contextlib.suppress(FileNotFoundError):
        had = place.stat()
        mode, owner = had.st_mode & 0o7777, (had.st_uid, had.st_gid)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(file.fileno())
        if owner is not None and os.geteuid() == 0:
            os.chown(name, *owner)
        Path(name).chmod(mode)
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _digest(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def last_backup(home: Path) -> Path:
    """The newest backup that was not taken back. Raises Conflict if there is none."""
    found = backups(home)
    if not found:
        raise Conflict(f"There is nothing to undo: {home / BACKUPS} has no backup.")
    return found[-1]


def backups(home: Path) -> list[Path]:
    """Every backup that was not taken back, the newest last."""
    return sorted(path.parent for path in (home / BACKUPS).glob(f"*/{MANIFEST}"))


def changed_by(folder: Path) -> list[Path]:
    """The files that the setup with this backup made or changed."""
    return [Path(entry["path"]) for entry in _manifest(folder)]


def _manifest(folder: Path) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = json.loads((folder / MANIFEST).read_text())["files"]
    return files


def undo(folder: Path, *, force: bool) -> list[str]:
    """Take one setup back, all of it or nothing; returns what happened to each file, the last one first.

    Raises Conflict if a file was edited since, unless forced (its present text is then kept in the backup); OSError.
    """
    listed = _manifest(folder)
    edited = [entry["path"] for entry in listed if not _as_left(folder, entry)]
    if edited and not force:
        raise Conflict(
            f"Nothing was changed: {', '.join(edited)} changed since the setup. Compare with {folder}, then undo by "
            "hand or with --force, which keeps what is there now in that folder."
        )
    done = []
    for entry in reversed(listed):
        path, before = Path(entry["path"]), _kept(folder, entry)
        current = look.read(path)
        if entry["path"] in edited and current is not None:
            _write(folder / f"edited-{path.name}", current, 0o600, None)
        if before is None:
            path.unlink(missing_ok=True)
            done.append(f"removed   {path}")
        elif current != before:
            _write(path, before, 0o640, None)
            done.append(f"restored  {path}")
    (folder / MANIFEST).rename(folder / UNDONE)
    return done


def _kept(folder: Path, entry: dict[str, Any]) -> str | None:
    return look.read(folder / entry["kept"]) if entry["kept"] else None


def _as_left(folder: Path, entry: dict[str, Any]) -> bool:
    """Whether a file is as the setup left it, or as it was before (an interrupted setup, or one taken back in part)."""
    current = look.read(Path(entry["path"]))
    return _digest(current) == entry["after"] or current == _kept(folder, entry)


def give(folder: Path, user: str) -> None:
    """A folder to a user, for nobody else. Raises OSError, KeyError."""
    entry = pwd.getpwnam(user)
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    folder.chmod(0o700)


def make_like(folder: Path) -> None:
    """A new folder with the owner and mode of the one that it is in. Raises OSError."""
    like = folder.parent.stat()
    folder.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, like.st_uid, like.st_gid)
    folder.chmod(like.st_mode & 0o7777)
