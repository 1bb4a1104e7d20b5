"""Whether agents' phones have the codes for a call (*4 asks for help, *3 pauses monitoring), and are heard. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from adapter.doctor import rights
from adapter.doctor.findings import Area, Finding, Remedy, reload_of

AREA = Area("help")
VARIABLE = "DYNAMIC_FEATURES"
"""What names features for a channel, with # between."""
WHAT = {"call-monitor-help": "asks for help", "call-monitor-shield": "pauses monitoring of it"}
"""By the feature of features_call_monitor.conf: what its code does."""
FEATURES = Remedy("features.conf", ('#include "features_call_monitor.conf"',), reload_of("module reload features"))
READ = (rights.READ, "eventfilter(action(include),name(UserEvent)) =")
SHOWN = 5
"""So many endpoints are named."""


class Endpoint(NamedTuple):
    """An agent's endpoint, and the features that it names."""

    name: str
    features: tuple[str, ...]


def features_of(set_var: str) -> tuple[str, ...]:
    """The features in an endpoint's `set_var`, as PJSIP_ENDPOINT tells it: assignments with commas between."""
    named = [part.partition("=") for part in set_var.split(",")]
    texts = [value for name, _, value in named if name.strip().lstrip("_") == VARIABLE]
    return tuple(one for text in texts for one in text.strip().split("#") if one)


def check(codes: Mapping[str, str], endpoints: Sequence[Endpoint], username: str, *, arrives: bool) -> list[Finding]:
    """Check all of it. `codes`: by a feature's name its keys, empty where Asterisk has no such feature; `endpoints`: of
    agents; `arrives`: whether the event by which a phone asks is received."""
    found = []
    if not arrives:
        what = "the event UserEvent doesn't arrive: codes of phones are not heard, a pause of monitoring hangs legs up "
        what += "instead of moving them, and nobody can be followed."
        found.append(AREA.wrong("UserEvent", what, Remedy(f"{rights.FILE}, [{username}]", READ, rights.RELOAD)))
    if not any(codes.values()) and not any(set(WHAT) & set(one.features) for one in endpoints):
        none = "not set up: agents ask for help and pause monitoring on their page only (docs/coaching.md)."
        return [*found, AREA.ok("from phones", none)]
    for name in WHAT:
        found += _of(name, codes.get(name, ""), endpoints)
    return found


def _of(name: str, code: str, endpoints: Sequence[Endpoint]) -> Iterator[Finding]:
    with_it = [one.name for one in endpoints if name in one.features]
    without = [one for one in endpoints if name not in one.features]
    subject = f"from phones, {name}"
    if not code:
        if with_it:
            what = f"{_some(with_it)} name the feature {name}, which Asterisk doesn't have: its code does nothing."
            yield AREA.warning(subject, what, FEATURES)
    elif without:
        what = f"{code} does nothing at {_some([one.name for one in without])}: {VARIABLE} lacks {name}."
        yield AREA.warning(subject, what, _remedy(without))
    elif endpoints:
        yield AREA.ok(subject, f"{code} in a call {WHAT[name]}, at all {len(endpoints)} agents' endpoints.")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" and more" if len(names) > SHOWN else "")


def _remedy(without: Sequence[Endpoint]) -> Remedy:
    """Each keeps what it has: a second line for the variable would take the place of the first."""
    wanted = {
        (*one.features, *(name for name in WHAT if name not in one.features)): one.name for one in without[:SHOWN]
    }
    lines = tuple(f"set_var = {VARIABLE}={'#'.join(features)}" for features in list(wanted)[:SHOWN])
    where = "pjsip.conf, in each agent's endpoint" if len(wanted) == 1 else "pjsip.conf, in the agents' endpoints"
    return Remedy(where, lines, reload_of("module reload res_pjsip.so"))
