"""What the doctor found: a verdict for each thing looked at, and the exact lines that put it right. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

AREAS = (
    *("asterisk", "modules", "ami", "ari", "dialplan", "endpoints", "traces"),
    *("softphone", "clock", "files", "test call", "audio", "ring"),
)
"""The parts of a set-up, in the order in which they are told."""


class Verdict(StrEnum):
    """How it is. What could not be found out is never ok."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to write and where: `lines` go into `where`; then the command `then` (empty: nothing more)."""

    where: str
    lines: tuple[str, ...]
    then: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    area: str
    """One of AREAS."""
    name: str
    verdict: Verdict
    what: str
    """One sentence for the PBX's operator."""
    remedy: Remedy | None = None


class Area:
    """Makes the findings of one area."""

    def __init__(self, area: str) -> None:
        self._area = area

    def ok(self, name: str, what: str) -> Finding:
        """All is as it should be."""
        return Finding(self._area, name, Verdict.OK, what)

    def warning(self, name: str, what: str, remedy: Remedy | None = None) -> Finding:
        """It works, but not as well or as safely as it could."""
        return Finding(self._area, name, Verdict.WARNING, what, remedy)

    def wrong(self, name: str, what: str, remedy: Remedy | None = None) -> Finding:
        """It does not work, or it is not safe."""
        return Finding(self._area, name, Verdict.WRONG, what, remedy)

    def unknown(self, name: str, what: str, remedy: Remedy | None = None) -> Finding:
        """It could not be found out."""
        return Finding(self._area, name, Verdict.UNKNOWN, what, remedy)


def reload_of(what: str) -> str:
    """The command that makes Asterisk read a file again."""
    return f'asterisk -rx "{what}"'


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """By area, as they were found within one."""
    return sorted(findings, key=lambda finding: AREAS.index(finding.area))


def count(findings: Iterable[Finding]) -> dict[Verdict, int]:
    """How many of each verdict."""
    found = list(findings)
    return {verdict: sum(finding.verdict is verdict for finding in found) for verdict in Verdict}


def exit_status(findings: Sequence[Finding]) -> int:
    """0: all is fine, warnings allowed. 1: something is wrong, or could not be found out, or nothing was looked at."""
    bad = (Verdict.WRONG, Verdict.UNKNOWN)
    return int(not findings or any(finding.verdict in bad for finding in findings))
