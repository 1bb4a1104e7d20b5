"""Who must hear whom in each mode, and what a measurement shows. Pure.

Silence counts only if the same measurement can hear: tones that must arrive are checked as strictly as those that must
not. Levels are amplitudes on the scale of 16-bit samples.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapter.asterisk import tones
from adapter.core.modes import Mode
from adapter.doctor.findings import Area, Finding, Remedy

AGENT, CUSTOMER, SUPERVISOR = PARTIES = ("agent", "customer", "supervisor")
TONES = {AGENT: 701, CUSTOMER: 1447, SUPERVISOR: 2243}
"""Each party's tone, in hertz: primes, so that none is a harmonic of another."""
LEVEL = 1808
"""Amplitude of a tone that arrives: a quarter of Asterisk's default for tones (7219, main/indications.c). Each of a
tone's two frequencies gets half, and the mix of a snoop channel with silence halves it again. Measured on 22.10.1."""
LOUD = 0.25 * LEVEL
"""A tone that must be heard must be above this."""
QUIET = 0.02 * LEVEL
"""A tone that must not be heard must stay below this in every 100 ms; quantisation noise is at 0.6 %."""

BOTH = frozenset({AGENT, CUSTOMER})
MUST_HEAR: Mapping[Mode, Mapping[str, frozenset[str]]] = {
    Mode.SILENT: {AGENT: frozenset({CUSTOMER}), CUSTOMER: frozenset({AGENT}), SUPERVISOR: BOTH},
    Mode.WHISPER: {AGENT: frozenset({CUSTOMER, SUPERVISOR}), CUSTOMER: frozenset({AGENT}), SUPERVISOR: BOTH},
    Mode.BARGE: {
        AGENT: frozenset({CUSTOMER, SUPERVISOR}),
        CUSTOMER: frozenset({AGENT, SUPERVISOR}),
        SUPERVISOR: BOTH,
    },
}
"""By mode and listener. All others must not be heard, including the listener's own voice."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The level of one party in another party's audio."""

    loudest: float
    """In the loudest 100 ms: decides whether a tone leaks, and whether it arrives at all."""
    median: float
    """Over the whole recording: low if the tone has gaps."""


Levels = Mapping[str, Mapping[str, Heard]]
"""By listener and speaker."""
Pairs = list[tuple[str, str]]
"""Listener and speaker."""


@dataclass(frozen=True, slots=True)
class Row:
    """One phase of the test call, measured."""

    label: str
    mode: Mode
    levels: Levels

    @property
    def heard(self) -> Mapping[str, frozenset[str]]:
        """By listener: the parties it hears."""
        return {
            listener: frozenset(speaker for speaker, level in found.items() if level.loudest >= QUIET)
            for listener, found in self.levels.items()
        }

    def missing(self) -> Pairs:
        """Pairs in which the speaker must be heard and is not."""
        return [pair for pair in self._must() if self._level(*pair).loudest < LOUD]

    def gaps(self) -> Pairs:
        """Pairs in which the speaker is heard as required, but with gaps."""
        return [pair for pair in self._must() if self._level(*pair).loudest >= LOUD > self._level(*pair).median]

    def leaks(self) -> Pairs:
        """Pairs in which the speaker must not be heard but is."""
        return [
            (listener, speaker)
            for listener, found in self.levels.items()
            for speaker, level in found.items()
            if speaker not in MUST_HEAR[self.mode][listener] and level.loudest >= QUIET
        ]

    def _must(self) -> Pairs:
        return [(listener, who) for listener, speakers in MUST_HEAR[self.mode].items() for who in sorted(speakers)]

    def _level(self, listener: str, speaker: str) -> Heard:
        return self.levels.get(listener, {}).get(speaker, Heard(0.0, 0.0))

    @property
    def as_it_should_be(self) -> bool:
        """Whether everybody hears exactly the parties that they must hear."""
        return not self.missing() and not self.leaks()


def measure(pcm: bytes) -> dict[str, Heard]:
    """The level of each party in a listener's audio (16-bit PCM at tones.RATE)."""
    medians = tones.levels(pcm, TONES.values())
    return {who: Heard(tones.loudest(pcm, hertz), medians[hertz]) for who, hertz in TONES.items()}


def judge(rows: Sequence[Row], remedies: Mapping[str, Remedy]) -> list[Finding]:
    """Judge the phases of one test call. `remedies`: by label.

    A tone that is heard and must not be is wrong, whatever else was measured. Silence counts only if the parties of
    the call were heard, and if the same supervisor's tone arrived in another phase.
    """
    spoke_to = {listener for row in rows for listener, speaker in _heard(row) if speaker == SUPERVISOR}
    return [_judge(row, spoke_to, remedies.get(row.label)) for row in rows]


def _heard(row: Row) -> Iterable[tuple[str, str]]:
    return ((listener, speaker) for listener, speakers in row.heard.items() for speaker in speakers)


def _judge(row: Row, spoke_to: set[str], remedy: Remedy | None) -> Finding:
    area = Area("audio")
    if leaks := row.leaks():
        return area.wrong(row.label, f"{_say(leaks, 'hears')}, which must not happen.", remedy)
    missing = row.missing()
    if any(SUPERVISOR not in pair for pair in missing):
        what = f"{_say(missing, 'does not hear')}: the measurement itself does not work here, so it shows nothing."
        return area.unknown(row.label, what)
    if missing and row.gaps():
        what = f"{_say(missing, 'does not hear')}, but other tones have gaps: the PBX is too busy for a result now."
        return area.unknown(row.label, what)
    if missing:
        return area.wrong(row.label, f"{_say(missing, 'does not hear')}.", remedy)
    unproved = sorted({AGENT, CUSTOMER} - spoke_to)
    if unproved:
        what = f"the supervisor's tone never reached {' and '.join(unproved)} in this call, so silence shows nothing."
        return area.unknown(row.label, what)
    if gaps := row.gaps():
        what = f"{PROVED[row.mode]} But {_say(gaps, 'hears')} with gaps: the PBX is too busy, or its timing is off."
        return area.warning(row.label, what)
    return area.ok(row.label, PROVED[row.mode])


PROVED = {
    Mode.SILENT: "the supervisor hears both; nobody hears the supervisor.",
    Mode.WHISPER: "the agent hears the supervisor; the customer does not.",
    Mode.BARGE: "agent and customer hear the supervisor.",
}


def _say(pairs: Pairs, verb: str) -> str:
    return "; ".join(f"the {listener} {verb} the {speaker}" for listener, speaker in pairs)
