"""Whether agents can ask for help with *4 in a call: the code of features.conf, their endpoints, the event. Pure."""

from collections.abc import Sequence

from adapter.doctor import rights
from adapter.doctor.findings import Area, Finding, Remedy, reload_of

AREA = Area("help")
NAME, VARIABLE = "call-monitor-help", "DYNAMIC_FEATURES"
"""The feature of features_call_monitor.conf, and what names it for a channel."""
FEATURES = Remedy("features.conf", ('#include "features_call_monitor.conf"',), reload_of("module reload features"))
READ = (rights.READ, "eventfilter(action(include),name(UserEvent)) =")


def check(code: str, with_it: Sequence[str], without: Sequence[str], username: str, *, arrives: bool) -> list[Finding]:
    """Check all of it. `code`: the keys; empty where Asterisk knows none. `with_it`, `without`: agents' endpoints that
    name the feature and those that don't; `arrives`: whether the event by which a phone asks is received."""
    if not code and not with_it:
        return [AREA.ok("from phones", "not set up: agents ask for help on their page only (docs/coaching.md).")]
    if not code:
        what = f"{', '.join(with_it[:5])} name the feature {NAME}, which Asterisk doesn't have: *4 does nothing."
        return [AREA.warning("from phones", what, FEATURES)]
    found = []
    if without:
        shown = ", ".join(without[:5]) + (" and more" if len(without) > 5 else "")
        lines = (f"set_var = {VARIABLE}={NAME}",)
        where = Remedy("pjsip.conf, in each agent's endpoint", lines, reload_of("module reload res_pjsip.so"))
        found.append(AREA.warning("from phones", f"{code} does nothing at {shown}: {VARIABLE} lacks {NAME}.", where))
    if with_it and not arrives:
        what = f"{code} is not heard: the event UserEvent doesn't arrive."
        found.append(AREA.wrong("UserEvent", what, Remedy(f"{rights.FILE}, [{username}]", READ, rights.RELOAD)))
    return found or [
        AREA.ok("from phones", f"{code} in a call asks for help, at all {len(with_it)} agents' endpoints.")
    ]
