"""A silent test call that causes every event the adapter needs, to see which of them this AMI user receives."""

from collections.abc import Awaitable, Callable, Mapping

from adapter.core.modes import Mode
from adapter.doctor.findings import Area, Finding
from adapter.doctor.hearing import CUSTOMER, SUPERVISOR
from adapter.doctor.pbx import PbxProbe
from adapter.doctor.rights import PROVOKED, check_read
from adapter.doctor.trialcall import TrialCall, trial_call
from adapter.errors import AdapterError

AREA = Area("test call")
EVENT_DEADLINE = 2.0
"""Seconds to wait for an event that Asterisk must have sent already."""


async def check_events(probe: PbxProbe, name: str, username: str) -> list[Finding]:
    """Check events and mode switching with a test call. Needs AMI and our Stasis application."""
    found: list[Finding] = []
    try:
        async with trial_call(probe, name) as call:
            found += await _monitored(call)
            await _provoke(call)
    except AdapterError as problem:
        found.append(AREA.unknown("a call of two", f"the test call failed: {problem.detail}"))
        return [*found, AREA.unknown("events", "without a test call it is unknown which events arrive.")]
    seen = await _collected(probe, name)
    return [*found, *check_read(seen, username)]


async def _monitored(call: TrialCall) -> list[Finding]:
    """A supervisor listens, switches by digit, and by redirect; check that Asterisk confirms each step."""
    await call.supervise(Mode.SILENT, keypad=True)
    steps: list[tuple[str, str, Callable[[], Awaitable[bool]]]] = [
        (
            "listening",
            "ChanSpy began",
            lambda: call.spies(Mode.SILENT, keypad=True, deadline=EVENT_DEADLINE),
        ),
        ("switching by digit", "the digit was received", lambda: call.press("4")),
        ("switching by redirect", "ChanSpy began again", lambda: call.move(Mode.SILENT, keypad=False)),
    ]
    found = []
    for name, what, step in steps:
        try:
            confirmed = await step()
        except AdapterError as problem:
            found.append(AREA.wrong(name, f"it failed: {problem.detail}"))
            continue
        text = f"Asterisk confirmed it ({what})." if confirmed else f"Asterisk did not confirm it ({what}: not seen)."
        found.append(AREA.ok(name, text) if confirmed else AREA.wrong(name, text))
    return found


async def _provoke(call: TrialCall) -> None:
    """Cause the events that have not happened yet: another caller id, the end of the leg."""
    await call.set_variable(CUSTOMER, "CALLERID(num)", "1")
    await call.set_variable(CUSTOMER, "CONNECTEDLINE(num)", "2")
    await call.hang_up(SUPERVISOR)


async def _collected(probe: PbxProbe, name: str) -> set[str]:
    """The names of all events of this call, once all have arrived or no more arrive."""
    missing = set(PROVOKED)
    while missing:
        message = await probe.received.wait_for(
            lambda event: event.get("Event") in missing and _of(event, name), EVENT_DEADLINE
        )
        if message is None:
            break
        missing.discard(message["Event"])
    return {event["Event"] for event in probe.received.messages if "Event" in event and _of(event, name)}


def _of(event: Mapping[str, str], name: str) -> bool:
    return any(name in value for value in event.values())
