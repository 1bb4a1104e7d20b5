"""What the setup found, what it was told, and what it would do. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from adapter.setup import asteriskconf


class Owner(StrEnum):
    """Whose a new file is. A file that exists keeps its owner and mode."""

    ASTERISK = "asterisk"
    """As the other files of Asterisk's folder."""
    ADAPTER = "adapter"
    """root's, and its group is the adapter's."""
    ROOT = "root"


@dataclass(frozen=True, slots=True)
class Edit:
    """What a file is to become. `before` is None where there is none yet."""

    path: Path
    before: str | None
    after: str
    owner: Owner
    mode: int = 0o644
    """Of a new file (chmod(2))."""
    secret: bool = False
    """Its content is never shown."""


@dataclass(frozen=True, slots=True)
class Found:
    """Asterisk's configuration folder, as read."""

    etc: Path
    texts: Mapping[str, str]
    """Every .conf file below it, by its name from there."""
    freepbx: bool = False

    def text(self, name: str) -> str:
        """A file's text; empty where there is none."""
        return self.texts.get(name, "")

    def with_includes(self, name: str, seen: frozenset[str] = frozenset()) -> list[str]:
        """A file and those that it includes, by name, as far as they were read; `manager.d/*.conf` are all of those."""
        name = name.removeprefix(f"{self.etc}/")
        if "*" in name or "?" in name:
            alike = (one for one in self.texts if fnmatchcase(one, name) and one.count("/") == name.count("/"))
            return [found for one in sorted(alike) for found in self.with_includes(one, seen)]
        if name in seen or name not in self.texts:
            return []
        inner = (self.with_includes(one, seen | {name}) for one in asteriskconf.includes(self.texts[name]))
        return [name, *(one for some in inner for one in some)]

    def value(self, name: str, section: str, key: str) -> str | None:
        """What a file or, if it says nothing, what it includes says of a key.

        FreePBX includes files into [general] that have no section line: their lines count too.
        """
        for number, one in enumerate(self.with_includes(name)):
            for where in (section, *([""] if number else [])):
                if (found := asteriskconf.value(self.texts[one], where, key)) is not None:
                    return found
        return None


@dataclass(frozen=True, slots=True)
class Choices:
    """What the operator wants; all of it has been asked for, given by a flag, or found."""

    home: Path
    """The folder of config.toml and the secrets."""
    database: str
    """An absolute URL."""
    ami_secret: str
    ari_secret: str
    agents: Sequence[str] = ()
    """Patterns of agents' endpoints."""
    country: str = ""
    supervisors: Sequence[str] = ()
    """Their devices, as PJSIP/301."""
    codes_context: str = ""
    """The dialplan context of supervisors' phones, for star codes; empty: none."""
    replace: bool = False
    """Whether copies of our files that differ from the shipped ones are replaced."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, in this order: nothing refers to a file that is not there yet."""

    edits: Sequence[Edit] = ()
    reload: Sequence[str] = ()
    """Commands for Asterisk's command line."""
    restart: Sequence[str] = ()
    """Files that Asterisk reads only when it starts."""
    todo: Sequence[str] = field(default=())
    """What the operator has to do or to know."""
