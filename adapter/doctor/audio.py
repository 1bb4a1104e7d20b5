"""`--audio`: who hears whom on this PBX in each mode, tested with tones through its own monitor dialplan.

Two test calls run in parallel: one supervisor has a keypad and switches by digits; the other has none, is switched by
redirects, and their digits must do nothing. Each phone plays its tone through a snoop channel, and what it hears is
recorded from another one.
"""

import asyncio
import io
import wave
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from adapter.asterisk import chanspy, tones
from adapter.core.modes import Mode
from adapter.doctor.dialplan import remedy_of
from adapter.doctor.findings import Area, Finding, Remedy
from adapter.doctor.hearing import AGENT, CUSTOMER, PARTIES, SUPERVISOR, TONES, Row, judge, measure
from adapter.doctor.pbx import PbxProbe, is_event, need
from adapter.doctor.trialcall import TrialCall, sweep, trial_call
from adapter.errors import AdapterError, PbxRefused, PbxTimeout

T = TypeVar("T")
AREA = Area("audio")
SETTLE = 0.3
"""Seconds between Asterisk's confirmation and the measurement, for frames still in transit and audio hooks that attach
after ChanSpyStart."""
LISTEN = 0.8
"""Seconds recorded in each phase."""
LONGEST = 2
"""Seconds after which Asterisk itself ends a recording (ARI accepts whole seconds only)."""
TRIES = 4
"""Maximum number of measurements of a phase if a tone is missing or has gaps, as on a busy machine. A leak is never
measured again."""
RECORDED = 10.0
"""Seconds within which a recording must end."""
SPOOL = Remedy(
    "a shell on the PBX",
    ("mkdir -p /var/spool/asterisk/recording", "chown asterisk: /var/spool/asterisk/recording"),
)
"""The folder for ARI's recordings: `recording` in astspooldir (asterisk.conf)."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of a test call: `enter` switches the leg to a mode and returns whether Asterisk confirmed it."""

    label: str
    mode: Mode
    keypad: bool
    enter: Callable[[], Awaitable[bool]]
    then_press: str = ""
    """Digits that are pressed afterwards and must change nothing."""


def with_keypad(call: TrialCall) -> list[Phase]:
    """The phases with keypad: every digit, and every extension."""

    def pressed(mode: Mode, name: str) -> Phase:
        digit = chanspy.DIGITS[mode]
        return Phase(f"with keypad, {name} (digit {digit})", mode, True, lambda: call.press(digit))

    def moved(mode: Mode) -> Phase:
        return Phase(f"with keypad, {mode.value} (moved)", mode, True, lambda: call.move(mode, keypad=True))

    return [
        Phase("with keypad, silent", Mode.SILENT, True, lambda: _start(call, keypad=True)),
        pressed(Mode.WHISPER, "whisper"),
        pressed(Mode.BARGE, "barge"),
        pressed(Mode.SILENT, "silent again"),
        moved(Mode.WHISPER),
        moved(Mode.BARGE),
    ]


def without_keypad(call: TrialCall) -> list[Phase]:
    """The phases without keypad: every extension; digits must not raise the mode."""

    def moved(name: str, mode: Mode, digits: str = "") -> Phase:
        return Phase(f"no keypad, {name}", mode, False, lambda: call.move(mode, keypad=False), digits)

    return [
        Phase("no keypad, silent (5 and 6 pressed)", Mode.SILENT, False, lambda: _start(call, keypad=False), "56"),
        moved("whisper (6 pressed)", Mode.WHISPER, "6"),
        moved("barge", Mode.BARGE),
        moved("silent again", Mode.SILENT),
    ]


async def _start(call: TrialCall, *, keypad: bool) -> bool:
    await call.supervise(Mode.SILENT, keypad=keypad)
    await _speak(call, SUPERVISOR)
    return await call.spies(Mode.SILENT, keypad=keypad)


async def prove(probe: PbxProbe, name: str, say: Callable[[str], None]) -> tuple[list[Finding], list[Row]]:
    """Run and measure both test calls. Needs AMI and our Stasis application. Problems of the PBX become findings."""
    try:
        await sweep(probe)
    except AdapterError as problem:
        remedy = SPOOL if isinstance(problem, PbxRefused) else None  # ARI answers 500 if it can't read that folder
        return [AREA.unknown("recordings", f"they can't be listed: {problem.detail}", remedy)], []
    scripts = (("with keypad", with_keypad, _star), ("no keypad", without_keypad, _agent_gone))
    parts = await _together(*(_one(probe, f"{name}-{n}", *script, say) for n, script in enumerate(scripts)))
    return [finding for found, _ in parts for finding in found], [row for _, rows in parts for row in rows]


async def _together(*works: Coroutine[Any, Any, T]) -> list[T]:
    """Run all of them in parallel, each to its end, even if another fails or all are cancelled, so that each cleans up.

    Raises the first error.
    """
    done = await asyncio.gather(*works, return_exceptions=True)
    for outcome in done:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in done if not isinstance(outcome, BaseException)]


async def _one(
    probe: PbxProbe,
    name: str,
    kind: str,
    script: Callable[[TrialCall], Sequence[Phase]],
    ending: Callable[[TrialCall], Awaitable[Finding]],
    say: Callable[[str], None],
) -> tuple[list[Finding], list[Row]]:
    rows: list[Row] = []
    remedies: dict[str, Remedy] = {}
    found: list[Finding] = []
    try:
        async with trial_call(probe, name) as call:
            await _speak(call, AGENT)
            await _speak(call, CUSTOMER)
            for phase in script(call):
                say(f"test call: {phase.label}")
                remedies[phase.label] = remedy_of(probe.settings.context, phase.mode, keypad=phase.keypad)
                rows.append(await _phase(call, phase))
            found.append(await ending(call))
    except AdapterError as problem:
        remedy = SPOOL if "/record:" in problem.detail else None
        found.append(AREA.unknown(f"{kind}, the rest", f"the test was not finished: {problem.detail}", remedy))
    return [*judge(rows, remedies), *found], rows


async def _speak(call: TrialCall, party: str) -> None:
    """Let a phone play its tone until it is hung up."""
    mouth = await call.snoop(party, "mouth", "whisper=out")
    tone = quote(f"tone:{TONES[party]}", safe="")
    await call.probe.rest("POST", f"channels/{mouth}/play/{mouth}?media={tone}")
    call.plays(mouth)
    call.ears[party] = await call.snoop(party, "ear", "spy=in")


async def _phase(call: TrialCall, phase: Phase) -> Row:
    if not await phase.enter():
        raise PbxTimeout(f"Asterisk did not confirm {phase.label!r}.")
    for digit in phase.then_press:
        await call.tap(digit)
        await asyncio.sleep(SETTLE / 2)  # Asterisk delays digits that follow each other closely
    await asyncio.sleep(SETTLE)
    for _ in range(TRIES):
        heard = await _together(*(_listen(call, party) for party in PARTIES))
        levels = {party: measure(pcm) for party, pcm in zip(PARTIES, heard, strict=True)}
        row = Row(phase.label, phase.mode, levels)
        if row.leaks() or not (row.missing() or row.gaps()):
            break
    return row


async def _listen(call: TrialCall, party: str) -> bytes:
    """Record what a phone hears from now on, as 16-bit PCM. The recording is fetched from the PBX and deleted there."""
    probe, name = call.probe, call.recording(party)
    how = f"name={name}&format=wav&maxDurationSeconds={LONGEST}&ifExists=fail&beep=false"
    await probe.rest("POST", f"channels/{call.ears[party]}/record?{how}")
    await need(probe.received, is_event("ari:RecordingStarted", recording=name), RECORDED, f"the recording {name}")
    await asyncio.sleep(LISTEN)
    await probe.ari.ask("POST", f"recordings/live/{name}/stop")  # any answer is fine: it may have ended already
    await need(probe.received, is_event("ari:RecordingFinished", recording=name), RECORDED, f"the end of {name}")
    file = await probe.ari.recording(name)
    await probe.rest("DELETE", f"recordings/stored/{name}")
    call.recordings.remove(name)
    return pcm_of(file)


def pcm_of(file: bytes) -> bytes:
    """The samples of a WAV file recorded by Asterisk. Raises PbxRefused if it is not WAV or has another format."""
    try:
        with wave.open(io.BytesIO(file), "rb") as found:
            if (found.getframerate(), found.getnchannels(), found.getsampwidth()) != (tones.RATE, 1, 2):
                raise PbxRefused(f"A recording has {found.getframerate()} Hz; {tones.RATE} Hz were expected.")
            return found.readframes(found.getnframes())
    except (wave.Error, EOFError) as problem:
        raise PbxRefused(f"A recording is not a WAV file: {problem}.") from None


async def _star(call: TrialCall) -> Finding:
    """Press *: the leg must end, in the extension that the adapter expects."""
    await call.tap(chanspy.LEAVE_DIGIT)
    return await _over(call, "with keypad, * pressed", "the digit * did not end the leg")


async def _agent_gone(call: TrialCall) -> Finding:
    """The agent hangs up: the leg must end, and not move to another call."""
    await call.hang_up(AGENT)
    return await _over(call, "no keypad, the agent hangs up", "the leg continued after the agent hung up")


async def _over(call: TrialCall, name: str, bad: str) -> Finding:
    if await call.leg_is_over():
        return AREA.ok(name, f"the leg ends in {chanspy.OVER}.")
    remedy = remedy_of(call.probe.settings.context, Mode.SILENT, keypad=False)
    return AREA.wrong(name, f"{bad}, or not in {chanspy.OVER}.", remedy)
