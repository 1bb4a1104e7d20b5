"""The PBX's own name (`systemname` in asterisk.conf), which Asterisk puts before every uniqueid that it makes."""

from adapter.asterisk.link import UNIQUEID
from adapter.doctor.findings import Area, Finding, Remedy, reload_of
from adapter.doctor.pbx import PbxProbe
from adapter.errors import AdapterError

ASTERISK = Area("asterisk")
LIKE_OURS = ("cm-", "cmdoctor-")
"""How the uniqueids that we give begin."""
REMEDY = Remedy("asterisk.conf, [options]", ("systemname = east",), reload_of("core restart gracefully"))


async def check_system_name(probe: PbxProbe) -> Finding:
    """Ask ARI for the name, and judge it."""
    try:
        answer = await probe.get("asterisk/info?only=config")
        return judge_system_name(str(answer["config"].get("name", "")))
    except AdapterError as problem:
        return ASTERISK.unknown("systemname", problem.detail)
    except (KeyError, TypeError, AttributeError):
        return ASTERISK.unknown("systemname", "ARI did not say it.")


def judge_system_name(name: str) -> Finding:
    """Whether uniqueids that begin so can be used, and are not mistaken. Pure."""
    if name and not UNIQUEID.fullmatch(name):
        what = f"{name!r} stands before every uniqueid, and we send no such characters: nobody can be monitored."
        return ASTERISK.wrong("systemname", what, REMEDY)
    if name.startswith(LIKE_OURS):
        what = f"with {name!r} every uniqueid begins as a supervisor's leg's does: people will mix them up."
        return ASTERISK.warning("systemname", what, REMEDY)
    return ASTERISK.ok("systemname", f"{name!r} stands before every uniqueid." if name else "none.")
