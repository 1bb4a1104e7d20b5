"""Checks of what the PBX reveals about silent supervisors; judged by the pure part, traces.py."""

from collections.abc import Sequence

from adapter import config
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.doctor import dialplan, traces
from adapter.doctor.findings import Finding
from adapter.doctor.pbx import PbxProbe
from adapter.errors import AdapterError, PbxRefused

MOST_LINES = 20
"""Number of `events` lines in cel.conf that are read; one is usual."""


async def check_traces(probe: PbxProbe, pbx: config.Pbx, people: Sequence[User]) -> list[Finding]:
    """Check RTP, call detail records, channel event logging and lamps. Needs AMI and ARI."""
    try:
        listed = await probe.get("asterisk/modules") or ()
        running = {str(m["name"]).removesuffix(".so") for m in listed if m.get("status") == "Running"}
    except (AdapterError, KeyError, TypeError, AttributeError) as problem:
        return [traces.AREA.unknown("traces", f"the modules could not be listed: {problem}")]
    accepted = pbx.accepted_traces
    found = [traces.accept(traces.check_native(running), "rtp", accepted)]
    found += [traces.accept(finding, "cdr", accepted) for finding in await _cdr(probe, pbx, running)]
    found.append(traces.accept(traces.check_cel(running, await _cel(probe, running)), "cel", accepted))
    return found + await _lamps(probe, running, people)


async def _cdr(probe: PbxProbe, pbx: config.Pbx, running: set[str]) -> list[Finding]:
    codes = pbx.star_codes.model_dump()
    try:
        enabled = (await probe.act("CoreSettings")).get("CoreCDRenabled")
        rows = await probe.listing("ShowDialPlan", [("Context", dialplan.CODES)])
    except PbxRefused as refusal:
        if "did not find" not in str(refusal).lower():  # main/pbx.c, manager_show_dialplan; check_dialplan reports it
            return [traces.AREA.unknown("CDR", f"it could not be checked: {refusal.detail}")]
        rows = []
    except AdapterError as problem:
        return [traces.AREA.unknown("CDR", f"it could not be checked: {problem.detail}")]
    return traces.check_cdr(running, enabled, codes, rows, pbx.context)


async def _cel(probe: PbxProbe, running: set[str]) -> traces.Cel:
    """cel.conf as it is in the file: no AMI action or function shows what Asterisk has loaded."""
    if "func_config" not in running:
        return traces.Cel(None)
    try:
        enabled = await _setting(probe, "enable", 0)
        events = [line for n in range(MOST_LINES) if (line := await _setting(probe, "events", n))]
        apps = [line for n in range(MOST_LINES) if (line := await _setting(probe, "apps", n))]
    except AdapterError:
        return traces.Cel(None)
    return traces.Cel(enabled, ",".join(events), ",".join(apps))


async def _setting(probe: PbxProbe, name: str, number: int) -> str:
    """One line of cel.conf's [general]; empty if there is none (funcs/func_config.c). Raises the errors of `act`."""
    return (await probe.act("Getvar", ("Variable", f"AST_CONFIG(cel.conf,general,{name},{number})"))).get("Value", "")


async def _lamps(probe: PbxProbe, running: set[str], people: Sequence[User]) -> list[Finding]:
    supervisors = {user.device for user in people if user.device and user.active and may_monitor(user)}
    try:
        hints = await probe.listing("ExtensionStateList")
    except AdapterError as problem:
        return [traces.AREA.unknown("lamps", f"hints could not be listed: {problem.detail}")]
    return traces.check_lamps(running, hints, supervisors)
