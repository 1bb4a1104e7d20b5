"""Who must hear whom in each mode, and what a measurement proves. Pure.

Silence is proved only where the same measurement hears: tones that must arrive are looked for as strictly as those
that must not. Levels are amplitudes on the scale of 16-bit samples.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapter.asterisk import tones
from adapter.core.modes import Mode
from adapter.doctor.findings import Area, Finding, Remedy

AGENT, CUSTOMER, SUPERVISOR = PARTIES = ("agent", "customer", "supervisor")
TONES = {AGENT: 701, CUSTOMER: 1447, SUPERVISOR: 2243}
"""Each party's voice, in hertz: primes, so that none is another's harmonic."""
LEVEL = 1808
"""Amplitude of a tone that arrives: Asterisk's default for tones (7219, main/indications.c), of which one of its two
frequencies gets half and the mix of a snoop channel with silence half again. Measured on 22.10.1."""
LOUD = 0.25 * LEVEL
"""What must be heard is over this."""
QUIET = 0.02 * LEVEL
"""What must not be heard stays under this, in every 100 ms; quantisation noise is at 0.6 %."""

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
"""By mode and listener; whoever is not named must not be heard, oneself included."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How loud a party is in what another hears."""

    loudest: float
    """In the loudest 100 ms: what must not be heard is judged by this, and whether a voice arrives at all."""
    median: float
    """Over all of it: a voice that comes in pieces is small here."""


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
        """By listener: whom it hears."""
        return {
            listener: frozenset(speaker for speaker, level in found.items() if level.loudest >= QUIET)
            for listener, found in self.levels.items()
        }

    def missing(self) -> Pairs:
        """Who must be heard and is not."""
        return [pair for pair in self._must() if self._level(*pair).loudest < LOUD]

    def pieces(self) -> Pairs:
        """Who is heard as it must be, but comes in pieces."""
        return [pair for pair in self._must() if self._level(*pair).loudest >= LOUD > self._level(*pair).median]

    def leaks(self) -> Pairs:
        """Who must not be heard and is."""
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
        """Whether everybody hears whom they must, and nobody else."""
        return not self.missing() and not self.leaks()


def measure(pcm: bytes) -> dict[str, Heard]:
    """How loud each party is in what a listener hears (16-bit PCM at tones.RATE)."""
    medians = tones.levels(pcm, TONES.values())
    return {who: Heard(tones.loudest(pcm, hertz), medians[hertz]) for who, hertz in TONES.items()}


def judge(rows: Sequence[Row], remedies: Mapping[str, Remedy]) -> list[Finding]:
    """What the phases of one test call prove. `remedies` by label.

    What is heard and must not be is wrong, whatever else was measured. A silence counts only where the parties of
    the call were heard, and where the same supervisor's voice did arrive in another phase.
    """
    spoke_to = {listener for row in rows for listener, speaker in _heard(row) if speaker == SUPERVISOR}
    return [_judge(row, spoke_to, remedies.get(row.label)) for row in rows]


def _heard(row: Row) -> Iterable[tuple[str, str]]:
    return ((listener, speaker) for listener, speakers in row.heard.items() for speaker in speakers)


def _judge(row: Row, spoke_to: set[str], remedy: Remedy | None) -> Finding:
    area = Area("audio")
    if leaks := row.leaks():
        return area.wrong(row.label, f"{_say(leaks, 'hears')}, which must not be.", remedy)
    missing = row.missing()
    if any(SUPERVISOR not in pair for pair in missing):
        told = f"{_say(missing, 'does not hear')}: the measurement itself does not work here, and proves nothing."
        return area.unknown(row.label, told)
    if missing and row.pieces():
        told = f"{_say(missing, 'does not hear')}; but voices come in pieces: the PBX is too busy to be judged now."
        return area.unknown(row.label, told)
    if missing:
        return area.wrong(row.label, f"{_say(missing, 'does not hear')}.", remedy)
    unproved = sorted({AGENT, CUSTOMER} - spoke_to)
    if unproved:
        told = f"the supervisor's voice never reached {' and '.join(unproved)} in this call: silence proves nothing."
        return area.unknown(row.label, told)
    if pieces := row.pieces():
        what = f"{PROVED[row.mode]} But {_say(pieces, 'hears')} in pieces only: the PBX is too busy, or its timing off."
        return area.warning(row.label, what)
    return area.ok(row.label, PROVED[row.mode])


PROVED = {
    Mode.SILENT: "the supervisor hears both; nobody hears the supervisor.",
    Mode.WHISPER: "the agent hears the supervisor; the customer does not.",
    Mode.BARGE: "agent and customer hear the supervisor.",
}


def _say(pairs: Pairs, verb: str) -> str:
    return "; ".join(f"the {listener} {verb} the {speaker}" for listener, speaker in pairs)
