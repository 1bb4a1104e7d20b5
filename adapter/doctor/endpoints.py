"""Agents' and supervisors' endpoints: what their settings mean for monitoring. Pure.

Settings come from AMI's Getvar with PJSIP_ENDPOINT() and PJSIP_AOR(), which the class `reporting` allows;
PJSIPShowEndpoint would need `system`, and shows passwords too.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from adapter.doctor.findings import Area, Finding, Remedy, reload_of

AREA = Area("endpoints")
RELOAD = reload_of("module reload res_pjsip.so")
ENDPOINT_FIELDS = ("direct_media", "rtp_timeout", "dtmf_mode", "context", "aors")
AOR_FIELDS = ("max_contacts", "remove_existing")
YES = frozenset({"true", "yes", "1"})
NO = frozenset({"false", "no", "0"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint's settings in Asterisk; a value that could not be read is empty."""

    name: str
    """As in PJSIP/101."""
    settings: Mapping[str, str]
    aors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    online: bool | None = None
    """Whether a phone is registered; None if that is unknown."""

    @property
    def section(self) -> str:
        """The endpoint's section in pjsip.conf."""
        return self.name.partition("/")[2]


def check(agents: Sequence[Endpoint], supervisors: Sequence[Endpoint], missing: Mapping[str, str]) -> list[Finding]:
    """Check all endpoints. `missing`: accounts' devices that are not endpoints, with their owners' usernames."""
    found = [_gone(device, owner) for device, owner in missing.items()]
    if not agents:
        what = "no endpoint matches [endpoints] agents in the adapter's configuration: no call is ever shown."
        lines = ("[endpoints]", 'agents = ["PJSIP/*"]')
        found.append(AREA.wrong("agents", what, Remedy("the adapter's configuration", lines, "restart the adapter")))
    everybody = {endpoint.name: endpoint for endpoint in (*agents, *supervisors)}.values()
    found += _each("direct_media", "no", [_direct_media(endpoint) for endpoint in everybody])
    found += _each("dtmf_mode", "digits are received", [_dtmf(endpoint) for endpoint in supervisors])
    found += _each("rtp_timeout", "set for supervisors", [_rtp_timeout(endpoint) for endpoint in supervisors])
    found += _each("aor", "one phone for each supervisor", [_aor(endpoint) for endpoint in supervisors])
    return found


def _gone(device: str, owner: str) -> Finding:
    what = f"is the device of {owner}, but Asterisk has no such endpoint: it can't be called, and {owner} has no calls."
    command = f"call-monitor user list; then correct the device under Account, or add [{device.partition('/')[2]}]"
    return AREA.wrong(device, what, Remedy("the account, or pjsip.conf", (command,), RELOAD))


def _each(name: str, fine: str, found: Sequence[Finding | None]) -> list[Finding]:
    """The findings of those that are wrong, or one finding that all are correct."""
    bad = [finding for finding in found if finding is not None]
    if bad or not found:
        return bad
    return [AREA.ok(name, f"{fine}, at all {len(found)} endpoints.")]


def _unread(endpoint: Endpoint, name: str) -> Finding:
    what = f"{name} could not be read."
    remedy = Remedy("modules.conf, [modules]", ("load = func_pjsip_endpoint.so", "load = func_pjsip_aor.so"))
    return AREA.unknown(endpoint.name, what, remedy)


def _set(endpoint: Endpoint, *lines: str) -> Remedy:
    return Remedy(f"pjsip.conf, [{endpoint.section}] (type = endpoint)", lines, RELOAD)


def _direct_media(endpoint: Endpoint) -> Finding | None:
    value = endpoint.settings.get("direct_media", "").lower()
    if value in NO:
        return None
    if value not in YES:
        return _unread(endpoint, "direct_media")
    what = "direct_media is on: monitoring then causes re-INVITEs, and the parties can notice a short interruption."
    return AREA.wrong(endpoint.name, what, _set(endpoint, "direct_media = no"))


def _dtmf(endpoint: Endpoint) -> Finding | None:
    value = endpoint.settings.get("dtmf_mode", "").lower()
    if not value:
        return _unread(endpoint, "dtmf_mode")
    if value != "none":
        return None
    what = "dtmf_mode is none: digits on this phone don't switch the mode, and * does not leave."
    return AREA.warning(endpoint.name, what, _set(endpoint, "dtmf_mode = auto"))


def _rtp_timeout(endpoint: Endpoint) -> Finding | None:
    value = endpoint.settings.get("rtp_timeout", "")
    if not value.isdigit():
        return _unread(endpoint, "rtp_timeout")
    if int(value):
        return None
    what = "rtp_timeout is off: if this phone disappears (power, network), ChanSpy keeps listening until the call ends."
    lines = ("rtp_timeout = 60", "rtp_timeout_hold = 300")
    return AREA.warning(endpoint.name, what, _set(endpoint, *lines))


def _aor(endpoint: Endpoint) -> Finding | None:
    for name, settings in endpoint.aors.items():
        contacts, remove = settings.get("max_contacts", ""), settings.get("remove_existing", "").lower()
        if not contacts.isdigit() or remove not in YES | NO:
            return _unread(endpoint, f"AOR {name}")
        if contacts == "1" and remove in YES:
            continue
        what = f"its AOR {name} has max_contacts={contacts}, remove_existing={remove}: " + (
            "a monitor rings several phones." if int(contacts) > 1 else "a restarted phone is refused (403)."
        )
        lines = ("max_contacts = 1", "remove_existing = yes")
        return AREA.warning(endpoint.name, what, Remedy(f"pjsip.conf, [{name}] (type = aor)", lines, RELOAD))
    return None if endpoint.aors else AREA.warning(endpoint.name, "has no AOR: no phone can register.")


def check_phones(supervisors: Sequence[Endpoint], styles: Mapping[str, str]) -> list[Finding]:
    """Check that supervisors' phones are registered, and show how they are asked to answer. `styles`: by device."""
    found = []
    for endpoint in supervisors:
        style = styles[endpoint.name]
        if endpoint.online is None:
            found.append(AREA.unknown(endpoint.name, "ARI did not say whether a phone is registered."))
        elif not endpoint.online:
            what = "no phone is registered: monitors on it are refused until one is."
            found.append(AREA.warning(endpoint.name, what))
        elif style == "ring":
            found.append(AREA.ok(endpoint.name, "is registered; it rings until somebody answers (style ring)."))
        else:
            what = (
                f"is registered; asked to answer automatically with style {style!r} (test it: --ring {endpoint.name})."
            )
            found.append(AREA.ok(endpoint.name, what))
    return found


def check_reach(reach: Mapping[str, str], code: str) -> list[Finding]:
    """Check that star codes can be dialled. `reach`: context of supervisors' phones → DIALPLAN_EXISTS's answer."""
    found = []
    for context, answer in reach.items():
        if answer not in ("0", "1"):
            remedy = Remedy("modules.conf, [modules]", ("load = func_dialplan.so",))
            found.append(AREA.unknown(f"star codes, {context}", "it is unknown whether they can be dialled.", remedy))
        elif answer == "0":
            what = f"supervisors' phones in this context can't dial {code}<extension>."
            remedy = Remedy(
                f"extensions.conf, [{context}]", ("include => call-monitor-codes",), reload_of("dialplan reload")
            )
            found.append(AREA.warning(f"star codes, {context}", what, remedy))
        else:
            found.append(AREA.ok(f"star codes, {context}", "can be dialled from this context."))
    return found


def chosen(names: Collection[str], wanted: Collection[str]) -> list[str]:
    """The names that are in both, sorted."""
    return sorted(set(names) & set(wanted))
