"""The doctor's findings: a verdict for each check, and the exact lines that fix a problem. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

AREAS = (
    *("asterisk", "modules", "ami", "ari", "dialplan", "endpoints", "help", "traces"),
    *("softphone", "clock", "files", "cluster", "test call", "audio", "ring"),
)
"""The parts of an installation, in the order of the report."""


class Verdict(StrEnum):
    """The result of a check. What could not be checked is UNKNOWN, never OK."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Remedy:
    """How to fix it: put `lines` into `where`, then run the command `then` (empty: none)."""

    where: str
    lines: tuple[str, ...]
    then: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    area: str
    """One of AREAS."""
    name: str
    verdict: Verdict
    what: str
    """One sentence for the PBX's operator."""
    remedy: Remedy | None = None
    pbx: str = ""
    """Id of the PBX, where there are several."""


class Area:
    """Makes the findings of one area."""

    def __init__(self, area: str) -> None:
        self._area = area

    def ok(self, name: str, what: str) -> Finding:
        """Everything is correct."""
        return Finding(self._area, name, Verdict.OK, what)

    def warning(self, name: str, what: str, remedy: Remedy | None = None) -> Finding:
        """It works, but not as well or as safely as it could."""
        return Finding(self._area, name, Verdict.WARNING, what, remedy)

    def wrong(self, name: str, what: str, remedy: Remedy | None = None) -> Finding:
        """It does not work, or it is not safe."""
        return Finding(self._area, name, Verdict.WRONG, what, remedy)

    def unknown(self, name: str, what: str, remedy: Remedy | None = None) -> Finding:
        """It could not be checked."""
        return Finding(self._area, name, Verdict.UNKNOWN, what, remedy)


def reload_of(what: str) -> str:
    """The shell command that makes Asterisk reload a file."""
    return f'asterisk -rx "{what}"'


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sorted by area; within an area in the given order."""
    return sorted(findings, key=lambda finding: AREAS.index(finding.area))


def count(findings: Iterable[Finding]) -> dict[Verdict, int]:
    """The number of findings with each verdict."""
    found = list(findings)
    return {verdict: sum(finding.verdict is verdict for finding in found) for verdict in Verdict}


def exit_status(findings: Sequence[Finding]) -> int:
    """0: fit, warnings allowed. 1: something is wrong or unknown, or nothing was checked."""
    bad = (Verdict.WRONG, Verdict.UNKNOWN)
    return int(not findings or any(finding.verdict in bad for finding in findings))
