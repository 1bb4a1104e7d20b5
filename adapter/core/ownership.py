"""Who looks after a PBX: one process at a time, for a term that begins anew with every change of owner. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Process:
    """One process as its kernel tells it from all others. What the kernel does not tell is empty."""

    host: str
    pid: int
    boot: str
    """The boot of its machine (/proc/sys/kernel/random/boot_id): other machines, and this one later, have others."""
    namespace: str
    """The namespace of its pid (/proc/self/ns/pid): each container has one of its own."""
    started: int
    """Clock ticks from that boot to its start (/proc/self/stat, field 22): a pid that is used again has another."""


@dataclass(frozen=True, slots=True)
class Member:
    """A process of this installation that may look after PBXes."""

    id: str
    process: Process
    version: str
    started_at: datetime
    beat: int = 0
    """Counts up every second while it lives."""
    seen_at: datetime | None = None
    """When it did so last, by its own time of day: for people to read."""


@dataclass(frozen=True, slots=True)
class Term:
    """One time of looking after a PBX without a break. Never the same twice: a database put back repeats numbers."""

    number: int
    token: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Who looks after one PBX; `member` is None where the last one gave it back."""

    pbx: str
    member: str | None
    term: Term
    since: datetime


@dataclass(frozen=True, slots=True)
class Cluster:
    """Members by id and owners by PBX, as the database has them at one moment."""

    members: Mapping[str, Member]
    owners: Mapping[str, Owner]

    def owns(self, member: str, terms: Mapping[str, Term]) -> bool:
        """Whether this member has all of these terms, and is known."""
        held = {pbx: owner.term for pbx, owner in self.owners.items() if owner.member == member}
        return member in self.members and all(held.get(pbx) == term for pbx, term in terms.items())
