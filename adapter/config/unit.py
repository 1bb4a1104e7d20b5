"""What the installed systemd unit gives the service: its credentials and its environment (systemd.exec(5))."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from adapter.errors import ConfigError

CREDENTIALS = re.compile(r"/run/credentials/(?P<unit>[^/]+\.service)/(?P<name>[^/]+)")
FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
"""Where units are, the first that has it counts (systemd.unit(5), Unit File Load Path)."""
STORES = ("/etc/credstore", "/run/credstore", "/usr/lib/credstore")
"""Where a credential without a path comes from."""
UNIT = "call-monitor.service"


def settings(unit: str, key: str, folders: Sequence[str] = FOLDERS) -> Iterator[str]:
    """The values of a key in a unit and its drop-ins, in the order in which they count."""
    main = next((Path(folder) / unit for folder in folders if (Path(folder) / unit).is_file()), None)
    drops = [drop for folder in folders for drop in sorted(Path(folder, f"{unit}.d").glob("*.conf"))]
    for path in ([main] if main else []) + drops:
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue
        yield from re.findall(rf"^\s*{re.escape(key)}\s*=\s*(.*?)\s*$", text, re.MULTILINE)


def source_of(path: Path, folders: Sequence[str] = FOLDERS) -> Path:
    """Where a secret is outside the unit: what systemd would load it from, for its path in /run/credentials.

    Any other path, or one that is there, is returned as it is. Raises ConfigError if the unit says nothing of it, or
    if only systemd can decrypt it.
    """
    found = CREDENTIALS.fullmatch(str(path))
    if found is None or path.exists():
        return path
    unit, name = found["unit"], found["name"]
    for value in settings(unit, "LoadCredential", folders):
        label, _, source = value.partition(":")
        if label == name:
            places = [source] if source.startswith("/") else [f"{store}/{source or name}" for store in STORES]
            return next((Path(place) for place in places if Path(place).exists()), Path(places[0]))
    if any(value.partition(":")[0] == name for value in settings(unit, "LoadCredentialEncrypted", folders)):
        raise ConfigError(
            f"{path} is an encrypted credential, which only the running unit has. Run the command in it: systemd-run "
            f"--pipe --wait -p LoadCredentialEncrypted={name} call-monitor …"
        )
    raise ConfigError(
        f"{path} exists only inside the systemd unit, and {unit} loads no credential of that name. Add to its "
        f"[Service]: LoadCredential={name}:/etc/call-monitor/{name}"
    )


def is_installed(folders: Sequence[str] = FOLDERS) -> bool:
    """Whether the service's unit is installed."""
    return any((Path(folder) / UNIT).is_file() for folder in folders)


def state_home(folders: Sequence[str] = FOLDERS) -> Path | None:
    """XDG_STATE_HOME of the service, under which its default database lies; None if no unit is installed."""
    for value in settings(UNIT, "Environment", folders):
        for part in value.split():
            name, _, place = part.strip('"').partition("=")
            if name == "XDG_STATE_HOME" and place:
                return Path(place)
    return None


def default_state_home() -> Path:
    """XDG_STATE_HOME of this process (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
