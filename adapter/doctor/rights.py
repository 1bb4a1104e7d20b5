"""What the AMI user may do and hears, proved and not read from files; and which modules there are. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from adapter.asterisk.wire import TRANSLATORS
from adapter.doctor.findings import Area, Finding, Remedy, reload_of

AMI = Area("ami")
FILE = "manager_call_monitor.conf"
RELOAD = reload_of("manager reload")
READ, WRITE = "read = call,dtmf", "write = call,originate,reporting"

ACTIONS = {
    "call": ("PlayDTMF", "Redirect", "Hangup", "Bridge"),
    "originate": ("Originate",),
    "reporting": ("CoreShowChannels", "BridgeList", "DeviceStateList", "CoreStatus"),
}
"""What the adapter asks for, by the write class that allows it (the Priv of ListCommands). BridgeList and
DeviceStateList need none of their own in Asterisk 22."""
GRANTED = frozenset(ACTIONS)
PRIVILEGES = re.compile(r"\(Priv: ([^)]*)\)")
DTMF_EVENTS = frozenset({"DTMFEnd"})
PHONES_ONLY = frozenset({"Hold", "Unhold", "AttendedTransfer", "Pickup"})
"""Events that only a phone can make: Asterisk sends them where a driver queues a hold (main/channel.c,
ast_queue_hold), transfers or picks up, which Local channels never do. Whether they arrive, a test call can't show."""
PROVOKED = frozenset(TRANSLATORS) - PHONES_ONLY
"""Events that the doctor's test call makes."""
NOISE = frozenset({"DTMFBegin", "BridgeCreate", "LocalBridge", "HangupRequest", "DialState", "SoftHangupRequest"})
"""Events of the class call or dtmf that nobody needs: they come only where no eventfilter stands."""
FOREIGN = frozenset({"VarSet", "Newexten", "ChannelTalkingStart"})
"""Events of other classes: they come only where `read` is wider than needed."""
WATCHED = frozenset(TRANSLATORS) | NOISE | FOREIGN


def _user(lines: str, username: str) -> Remedy:
    return Remedy(f"{FILE}, [{username}]", (lines,), RELOAD)


def check_write(commands: Mapping[str, str], username: str) -> list[Finding]:
    """ListCommands names what this user may run, each with the classes that allow it."""
    allowed = {
        name: frozenset(classes[1].split(","))
        for name, text in commands.items()
        if (classes := PRIVILEGES.search(text))
    }
    found = [_write_class(name, needed, allowed, username) for name, needed in ACTIONS.items()]
    excess = sorted(name for name, classes in allowed.items() if "<none>" not in classes and not classes & GRANTED)
    if excess:
        shown = ", ".join(excess[:5]) + (" and more" if len(excess) > 5 else "")
        what = f"the user may also run {shown}: whoever learns its secret could too. Nothing here needs it."
        found.append(AMI.warning("write, no more", what, _user(WRITE, username)))
    else:
        found.append(AMI.ok("write, no more", "no action beyond these classes is allowed."))
    return found


def _write_class(name: str, needed: Sequence[str], allowed: Collection[str], username: str) -> Finding:
    missing = [action for action in needed if action not in allowed]
    if not missing:
        return AMI.ok(f"write, {name}", f"may run {', '.join(needed)}.")
    what = f"the user may not run {', '.join(missing)}: the class {name!r} is missing from its write line."
    return AMI.wrong(f"write, {name}", what, _user(WRITE, username))


def check_read(seen: Collection[str], username: str) -> list[Finding]:
    """What of a test call's events arrived."""
    missing = [name for name in TRANSLATORS if name in PROVOKED and name not in seen]
    calls = [name for name in missing if name not in DTMF_EVENTS]
    if not PROVOKED & set(seen):
        return [
            AMI.wrong("read", "not one event of the test call arrived: calls can't be seen.", _user(READ, username))
        ]
    found = []
    if calls and not (set(seen) - DTMF_EVENTS):
        found.append(AMI.wrong("read, call", "no event of the class 'call' arrives.", _user(READ, username)))
        calls = []
    found += [_filtered(name, username, _filter(name)) for name in calls]
    if digits := [name for name in missing if name in DTMF_EVENTS]:
        lines = (READ, *(_filter(name) for name in digits))
        found += [_filtered(name, username, *lines) for name in digits]
    if not missing:
        unseen = " and ".join(sorted(PHONES_ONLY))
        what = (
            f"all {len(PROVOKED)} kinds of events that a test call can make arrived ({unseen} only a phone can make)."
        )
        found.append(AMI.ok("read", what))
    return found + _too_many(seen, username)


def _filter(name: str) -> str:
    return f"eventfilter(action(include),name({name})) ="


def _filtered(name: str, username: str, *lines: str) -> Finding:
    what = f"a test call made the event {name}, and it did not arrive: a class is missing in read, or its filter."
    return AMI.wrong(f"read, {name}", what, Remedy(f"{FILE}, [{username}]", lines, RELOAD))


def _too_many(seen: Collection[str], username: str) -> list[Finding]:
    if set(seen) & FOREIGN:
        what = (
            f"events of other classes arrive too ({', '.join(sorted(set(seen) & FOREIGN))}): several times the traffic."
        )
        return [AMI.warning("read, no more", what, _user(READ, username))]
    if set(seen) & NOISE:
        what = "events arrive that nobody needs: there are no eventfilter lines, and several times the traffic."
        lines = tuple(_filter(name) for name in TRANSLATORS)
        return [AMI.warning("read, no more", what, Remedy(f"{FILE}, [{username}]", lines, RELOAD))]
    return [AMI.ok("read, no more", "no event arrived that nobody needs.")]


MODULES = Area("modules")
NEEDED = {
    "app_chanspy": "listening, whispering, joining",
    "app_stasis": "star codes",
    "res_stasis": "ARI",
    "res_ari": "ARI",
    "res_ari_asterisk": "ARI: versions, softphones",
    "res_ari_channels": "ARI: star codes",
    "res_ari_endpoints": "ARI: whether a phone is registered and free",
    "res_ari_events": "ARI: star codes",
    "res_http_websocket": "ARI's events",
    "chan_pjsip": "SIP",
    "pbx_config": "extensions.conf",
    "bridge_simple": "calls of two, which joining needs",
    "res_pjsip_header_funcs": "the headers that let phones answer by themselves",
    "res_pjsip_messaging": "the message that tells an agent without a page who talks",
}
"""Modules without which something of ours does not work, and what."""
SOFTPHONE = {
    "res_pjsip_transport_websocket": "SIP over WebSocket",
    "res_sorcery_memory": "endpoints in Asterisk's memory",
    "res_rtp_asterisk": "media",
    "res_srtp": "encrypted media, which browsers insist on",
    "res_crypto": "encrypted media",
}
"""The same for pages as phones."""
OWN = {
    "func_pjsip_endpoint": "reading direct_media and more",
    "func_pjsip_aor": "reading max_contacts and more",
    "func_strings": "reading the clock",
    "func_dialplan": "seeing who reaches the star codes",
    "res_ari_bridges": "the test call",
    "func_timeout": "ending a test call whatever happens",
    "func_callerid": "the test call",
}
"""What the doctor itself looks with."""
AUDIO = {
    "res_stasis_snoop": "ears and mouths of the test call",
    "res_stasis_playback": "its tones",
    "res_stasis_recording": "its recordings",
    "res_ari_recordings": "its recordings",
    "format_wav": "its recordings",
}
"""The same for --audio."""


def check_modules(listed: Sequence[Mapping[str, Any]], *, softphone: bool, audio: bool) -> list[Finding]:
    """ARI's list of modules against what is needed."""
    running = {
        str(module.get("name", "")).removesuffix(".so") for module in listed if module.get("status") == "Running"
    }
    needed = {**NEEDED, **(SOFTPHONE if softphone else {})}
    found = [
        MODULES.wrong(name, f"is not loaded; needed for {why}.", _load(name))
        for name, why in needed.items()
        if name not in running
    ]
    own = {**OWN, **(AUDIO if audio else {})}
    found += [
        MODULES.warning(name, f"is not loaded; the doctor needs it for {why}.", _load(name))
        for name, why in own.items()
        if name not in running
    ]
    if softphone and not any(name.startswith("codec_opus") for name in running):
        what = "no opus codec is loaded: pages as phones fall back to ulaw, which is fine on a good network."
        found.append(MODULES.warning("codec_opus", what, _load("codec_opus")))
    if not found:
        found.append(MODULES.ok("modules", f"all {len(needed)} that are needed are running."))
    return found


def _load(name: str) -> Remedy:
    return Remedy("modules.conf, [modules]", (f"load = {name}.so",), reload_of(f"module load {name}.so"))
