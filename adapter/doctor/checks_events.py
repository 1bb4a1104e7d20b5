"""A silent test call that makes every event the adapter lives by, to see which of them this AMI user is told of."""

from collections.abc import Awaitable, Callable, Mapping

from adapter.core.modes import Mode
from adapter.doctor.findings import Area, Finding
from adapter.doctor.hearing import CUSTOMER, SUPERVISOR
from adapter.doctor.pbx import PbxProbe
from adapter.doctor.rights import PROVOKED, check_read
from adapter.doctor.trialcall import TrialCall, trial_call
from adapter.errors import AdapterError

AREA = Area("test call")
PATIENCE = 2.0
"""Seconds for an event that must have been sent already."""


async def check_events(probe: PbxProbe, name: str, username: str) -> list[Finding]:
    """The events and the switching, proved by a test call. Needs AMI and our Stasis application."""
    found: list[Finding] = []
    try:
        async with trial_call(probe, name) as call:
            found += await _monitored(call)
            await _provoke(call)
    except AdapterError as problem:
        found.append(AREA.unknown("a call of two", f"the test call came to nothing: {problem.detail}"))
        return [*found, AREA.unknown("events", "which events arrive could not be seen without a test call.")]
    seen = await _collected(probe, name)
    return [*found, *check_read(seen, username)]


async def _monitored(call: TrialCall) -> list[Finding]:
    """A supervisor listens, switches by digit, and is moved: each confirmed or not."""
    await call.supervise(Mode.SILENT, keypad=True)
    steps: list[tuple[str, str, Callable[[], Awaitable[bool]]]] = [
        (
            "listening",
            "ChanSpy began",
            lambda: call.spies(Mode.SILENT, keypad=True, deadline=PATIENCE),
        ),
        ("switching by digit", "the digit was received", lambda: call.press("4")),
        ("switching by redirect", "ChanSpy began again", lambda: call.move(Mode.SILENT, keypad=False)),
    ]
    found = []
    for name, what, step in steps:
        try:
            confirmed = await step()
        except AdapterError as problem:
            found.append(AREA.wrong(name, f"it could not be done: {problem.detail}"))
            continue
        told = f"Asterisk confirmed it ({what})." if confirmed else f"Asterisk did not confirm it ({what}: not seen)."
        found.append(AREA.ok(name, told) if confirmed else AREA.wrong(name, told))
    return found


async def _provoke(call: TrialCall) -> None:
    """What has not happened yet: another caller id, the end of the leg."""
    await call.set_variable(CUSTOMER, "CALLERID(num)", "1")
    await call.set_variable(CUSTOMER, "CONNECTEDLINE(num)", "2")
    await call.hang_up(SUPERVISOR)


async def _collected(probe: PbxProbe, name: str) -> set[str]:
    """The names of all events of this call, once they are complete or none comes any more."""
    missing = set(PROVOKED)
    while missing:
        message = await probe.said.when(lambda said: said.get("Event") in missing and _of(said, name), PATIENCE)
        if message is None:
            break
        missing.discard(message["Event"])
    return {said["Event"] for said in probe.said.messages if "Event" in said and _of(said, name)}


def _of(said: Mapping[str, str], name: str) -> bool:
    return any(name in value for value in said.values())
