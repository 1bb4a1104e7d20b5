"""Checks of what arrives over trunks from the installation's other PBXes; judged by trunks.py, which is pure."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from adapter import config
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.core.trunks import TICKET
from adapter.doctor import trunks
from adapter.doctor.checks_phones import endpoint
from adapter.doctor.dialplan import Rows
from adapter.doctor.findings import Finding
from adapter.doctor.pbx import PbxProbe
from adapter.errors import AdapterError, PbxRefused


async def check_trunks(
    probe: PbxProbe, pbx: config.Pbx, others: Sequence[config.Pbx], people: Sequence[User]
) -> list[Finding]:
    """Check the trunks of one of several PBXes. `people`: everybody."""
    try:
        listed = await probe.get("endpoints") or []
        names = [f"{found['technology']}/{found['resource']}" for found in listed]
        mine = [name for name in names if any(fnmatchcase(name, pattern) for pattern in pbx.trunk_patterns)]
        ends = [await endpoint(probe, name, None) for name in mine]
        dialled = _dialled(pbx, others, people)
        contexts = sorted({end.settings["context"] for end in ends if end.settings["context"]})
        found = trunks.check_patterns(pbx.trunk_patterns, names) + trunks.check_trunks(ends)
        for name in contexts:
            found += trunks.check_context(await _context(probe, pbx, name, dialled))
        return found
    except (AdapterError, KeyError, TypeError) as problem:
        return [trunks.AREA.unknown("trunks", f"they could not be examined: {problem}")]


def _dialled(pbx: config.Pbx, others: Sequence[config.Pbx], people: Sequence[User]) -> list[str]:
    """What the other PBXes dial to ring the desk phones of supervisors here."""
    ways = [way.partition("/")[2].rpartition("@")[0] for other in others if (way := other.reach.get(pbx.id))]
    here = [user for user in people if user.pbx == pbx.id and user.device and user.extension and may_monitor(user)]
    return sorted(
        {
            way.format(extension=user.extension, device=(user.device or "").partition("/")[2])
            for way in ways
            for user in here
        }
    )


async def _context(probe: PbxProbe, pbx: config.Pbx, name: str, dialled: Sequence[str]) -> trunks.TrunkContext:
    phones: Mapping[str, Rows] = {number: await _rows(probe, name, number) for number in dialled}
    ticket, code = f"{TICKET}0", f"{pbx.star_codes.silent}101"
    return trunks.TrunkContext(
        name,
        await probe.value(f"DIALPLAN_EXISTS({name},{ticket},1)"),
        await probe.value(f"DIALPLAN_EXISTS({name},{code},1)"),
        phones,
    )


async def _rows(probe: PbxProbe, context: str, number: str) -> Rows:
    try:
        return await probe.listing("ShowDialPlan", [("Context", context), ("Extension", number)])
    except PbxRefused:  # there is none
        return []
