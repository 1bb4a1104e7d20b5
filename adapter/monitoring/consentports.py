"""What consent's sounds are, what is asked of Asterisk to play them, and who counts what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from adapter.core.consent import Announcement, Sound

LONGEST_BEEP = 5.0
"""Seconds until a beep must have been played."""


@dataclass(frozen=True, slots=True)
class Sounds:
    """What is played, as Asterisk names sounds: without folder of the language, and without ending."""

    beep: str = "beep"
    announcement: str = ""
    """Empty: there is none."""
    longest: float = 60.0
    """Seconds until an announcement must be over."""

    def file(self, sound: Sound) -> str:
        """What is played for it; empty: nothing can be."""
        return self.announcement if sound is Sound.ANNOUNCEMENT else self.beep

    def deadline(self, sound: Sound) -> float:
        """Seconds until it must be over."""
        return self.longest if sound is Sound.ANNOUNCEMENT else LONGEST_BEEP


class ToneActions(Protocol):
    """What is asked (`adapter.asterisk.consent.Tones`). Raises PbxUnavailable, PbxTimeout, PbxRefused."""

    async def play(self, tone: str, channel: str, sound: str, *, keepers: Sequence[str] = ()) -> None:
        """Begin to play a sound to a channel; events tell what became of it. `keepers`: of `Turn.keepers`."""

    async def stop(self, tone: str) -> bool:
        """Let it be heard no longer. False: there is no such channel, not yet or no more."""

    async def announcement(self, channel: str) -> Announcement:
        """Whether the party of this channel has heard it."""

    async def announced(self, channel: str) -> bool:
        """Keep at the channel that its party has heard it. False: there is no such channel."""


class Outcome(StrEnum):
    """What became of a sound."""

    PLAYED = "played"
    FAILED = "failed"
    CUT_SHORT = "cut_short"
    """The call ended meanwhile, or others are in it now."""


class Figures(Protocol):
    """Who counts (`adapter.health.metrics.Metrics`)."""

    def sounded(self, sound: Sound, outcome: Outcome) -> None:
        """A sound of consent was played, or was not."""
