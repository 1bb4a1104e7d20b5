"""Looks at this machine: Asterisk's configuration folder, the adapter's files. Changes nothing."""

from pathlib import Path

from adapter.errors import ConfigError
from adapter.setup import plan
from adapter.setup.asteriskconf import value
from adapter.setup.model import Found

PLACES = ("/etc/asterisk", "/usr/local/etc/asterisk", "/opt/asterisk/etc/asterisk")
"""Where Asterisk's configuration is: packages and FreePBX, FreeBSD and --prefix, an own prefix."""
LARGEST = 50_000_000
"""Bytes of a file that is still read: FreePBX's dialplan of a thousand extensions has some five million."""


def asterisk_folder(given: Path | None) -> Path:
    """Asterisk's configuration folder. Raises ConfigError if there is none."""
    places = [given] if given else [Path(place) for place in PLACES]
    for place in places:
        if (place / "asterisk.conf").is_file():
            said = value(read(place / "asterisk.conf") or "", "directories", "astetcdir")
            return Path(said) if said and Path(said).is_dir() else place.resolve()
    for place in places:
        if any((place / name).is_file() for name in ("extensions.conf", "pjsip.conf", "manager.conf")):
            return place.resolve()
    raise ConfigError(
        f"There is no Asterisk configuration in {', '.join(str(place) for place in places)}. Name its folder with "
        "--asterisk DIR. If Asterisk runs on another machine, follow docs/install.md (call-monitor files --to DIR)."
    )


def found_in(etc: Path) -> Found:
    """Everything in that folder. Raises ConfigError if a file can't be read."""
    texts = {}
    for path in sorted(etc.rglob("*.conf")):
        if path.is_file() and path.stat().st_size <= LARGEST and (text := read(path)) is not None:
            texts[str(path.relative_to(etc))] = text
    return Found(etc, texts, plan.is_freepbx([texts.get("extensions.conf", "")]))


def read(path: Path) -> str | None:
    """A file's text, whatever its encoding: bytes that aren't UTF-8 are written back as they were.

    None if there is none. Raises ConfigError if it can't be read.
    """
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise ConfigError(f"{path} can't be read: {problem.strerror}. Run the setup as root.") from None
