"""The files that come with the program: for Asterisk, the annotated configuration, the systemd unit, the documents."""

from collections.abc import Iterator
from pathlib import Path

from adapter.errors import ConfigError

UNIT = "docs/operations/call-monitor.service"
"""The systemd unit, as `text` wants it named."""
SAMPLE = "config.sample.toml"
CONTENTS = ("asterisk-conf", "docs", SAMPLE, "README.md", "SECURITY.md", "CHANGELOG.md", "requirements.lock")
"""What is shipped; setup.py puts the same into the wheel."""


def root() -> Path:
    """The folder that holds them: in an installed wheel this one, otherwise the checkout. Raises ConfigError."""
    here = Path(__file__).resolve().parent
    for folder in (here, here.parents[1]):
        if (folder / "asterisk-conf").is_dir() and (folder / SAMPLE).is_file():
            return folder
    raise ConfigError("This installation lacks its own files (asterisk-conf, config.sample.toml): install the wheel.")


def text(name: str) -> str:
    """One of them, named from `root`. Raises ConfigError."""
    try:
        return (root() / name).read_text(encoding="utf-8")
    except OSError as problem:
        raise ConfigError(f"This installation lacks {name}: {problem.strerror}. Install the wheel again.") from None


def names() -> Iterator[str]:
    """All of them, named from `root`, in order. Raises ConfigError."""
    folder = root()
    for name in CONTENTS:
        place = folder / name
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (str(path.relative_to(folder)) for path in found if path.is_file())
