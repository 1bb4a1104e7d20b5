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
    found = []
    if not arrives:
        what = "the event UserEvent doesn't arrive: codes of phones are not heard, a pause of monitoring hangs legs up "
        what += "instead of moving them, and nobody can be followed."
        found.append(AREA.wrong("UserEvent", what, Remedy(f"{rights.FILE}, [{username}]", READ, rights.RELOAD)))
    if not code and not with_it:
        none = "not set up: agents ask for help on their page only (docs/coaching.md)."
        return [*found, AREA.ok("from phones", none)]
    if not code:
        what = f"{', '.join(with_it[:5])} name the feature {NAME}, which Asterisk doesn't have: *4 does nothing."
        return [*found, AREA.warning("from phones", what, FEATURES)]
    if without:
        shown = ", ".join(without[:5]) + (" and more" if len(without) > 5 else "")
        lines = (f"set_var = {VARIABLE}={NAME}#call-monitor-shield",)
        where = Remedy("pjsip.conf, in each agent's endpoint", lines, reload_of("module reload res_pjsip.so"))
        found.append(AREA.warning("from phones", f"{code} does nothing at {shown}: {VARIABLE} lacks {NAME}.", where))
    return found or [
        AREA.ok("from phones", f"{code} in a call asks for help, at all {len(with_it)} agents' endpoints.")
    ]
