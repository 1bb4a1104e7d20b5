"""The AMI user's rights and events, tested rather than read from files; and the modules that are loaded. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from adapter.asterisk import queuewire
from adapter.asterisk.wire import TRANSLATORS
from adapter.doctor.findings import Area, Finding, Remedy, reload_of

AMI = Area("ami")
FILE = "manager_call_monitor.conf"
RELOAD = reload_of("manager reload")
READ, WRITE = "read = call,dtmf,agent,user", "write = call,originate,reporting"

ACTIONS = {
    "call": ("PlayDTMF", "Redirect", "Hangup", "Bridge"),
    "originate": ("Originate",),
    "reporting": ("CoreShowChannels", "BridgeList", "DeviceStateList", "CoreStatus", "Status"),
}
"""The adapter's actions by the write class that allows them (Priv in ListCommands). BridgeList and DeviceStateList
need no class of their own in Asterisk 22."""
GRANTED = frozenset(ACTIONS)
PRIVILEGES = re.compile(r"\(Priv: ([^)]*)\)")
DTMF_EVENTS = frozenset({"DTMFEnd"})
PHONES_ONLY = frozenset({"Hold", "Unhold", "MusicOnHoldStart", "MusicOnHoldStop", "AttendedTransfer", "Pickup"})
"""Events that only a phone can cause: Asterisk sends them when a channel driver queues a hold (main/channel.c,
ast_queue_hold), which plays music where there is some, transfers or picks up, which Local channels never do. A test
call can't show whether they arrive."""
QUEUES_ONLY = frozenset(queuewire.TRANSLATORS)
"""Events of queues and registrations, which no test call joins. The running adapter notices where they don't arrive
(`adapter.monitoring.queuewatch`)."""
TALK_ONLY = frozenset({"ChannelTalkingStart", "ChannelTalkingStop"})
"""Events of who talks, which need sound, and `[talk] detect`. The running adapter notices where they don't arrive
(`adapter.monitoring.talkdetect`)."""
OF_HELP = frozenset({"UserEvent"})
"""Events of our own lines of the dialplan, which no ordinary call causes; `helpcode` looks whether they arrive."""
PROVOKED = frozenset(TRANSLATORS) - PHONES_ONLY - QUEUES_ONLY - TALK_ONLY - OF_HELP
"""Events that the doctor's test call causes."""
NOISE = frozenset({"DTMFBegin", "BridgeCreate", "LocalBridge", "HangupRequest", "DialState", "SoftHangupRequest"})
"""Events of the classes call and dtmf that are not needed: they arrive only if there is no eventfilter."""
FOREIGN = frozenset({"VarSet", "Newexten"})
"""Events of other classes: they arrive only if `read` is wider than needed."""
WATCHED = frozenset(TRANSLATORS) | NOISE | FOREIGN


def _user(lines: str, username: str) -> Remedy:
    return Remedy(f"{FILE}, [{username}]", (lines,), RELOAD)


def check_write(commands: Mapping[str, str], username: str) -> list[Finding]:
    """Check the write classes. `commands`: the answer to ListCommands, which lists only what this user may run."""
    allowed = {
        name: frozenset(classes[1].split(","))
        for name, text in commands.items()
        if (classes := PRIVILEGES.search(text))
    }
    found = [_write_class(name, needed, allowed, username) for name, needed in ACTIONS.items()]
    excess = sorted(name for name, classes in allowed.items() if "<none>" not in classes and not classes & GRANTED)
    if excess:
        shown = ", ".join(excess[:5]) + (" and more" if len(excess) > 5 else "")
        what = (
            f"the user may also run {shown}, and so may anybody who learns its secret. The adapter doesn't need them."
        )
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
    """Check the read classes and filters. `seen`: the events of a test call that arrived."""
    missing = [name for name in TRANSLATORS if name in PROVOKED and name not in seen]
    calls = [name for name in missing if name not in DTMF_EVENTS]
    if not PROVOKED & set(seen):
        return [
            AMI.wrong("read", "no event of the test call arrived: the adapter can't see calls.", _user(READ, username))
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
            f"all {len(PROVOKED)} events that a test call can cause arrived (only a phone can cause {unseen}; those of "
            "queues and of who talks the running adapter looks for: GET /health tells where they are missing)."
        )
        found.append(AMI.ok("read", what))
    return found + _too_many(seen, username)


def _filter(name: str) -> str:
    return f"eventfilter(action(include),name({name})) ="


def _filtered(name: str, username: str, *lines: str) -> Finding:
    what = f"the event {name} of a test call did not arrive: its class is missing in read, or its eventfilter is."
    return AMI.wrong(f"read, {name}", what, Remedy(f"{FILE}, [{username}]", lines, RELOAD))


def _too_many(seen: Collection[str], username: str) -> list[Finding]:
    if set(seen) & FOREIGN:
        others = ", ".join(sorted(set(seen) & FOREIGN))
        what = f"events of other classes arrive too ({others}), which multiplies the traffic."
        return [AMI.warning("read, no more", what, _user(READ, username))]
    if set(seen) & NOISE:
        what = "unneeded events arrive, because there are no eventfilter lines. This multiplies the traffic."
        lines = tuple(_filter(name) for name in TRANSLATORS)
        return [AMI.warning("read, no more", what, Remedy(f"{FILE}, [{username}]", lines, RELOAD))]
    return [AMI.ok("read, no more", "no unneeded event arrived.")]


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
    "func_cdr": "keeping legs out of the call detail records",
    "bridge_simple": "calls with two parties, which joining needs",
    "res_pjsip_header_funcs": "the headers that make phones answer automatically",
    "res_pjsip_messaging": "the message that tells an agent without a page who is talking",
}
"""Modules that the adapter needs, and for what."""
SOFTPHONE = {
    "res_pjsip_transport_websocket": "SIP over WebSocket",
    "res_sorcery_memory": "endpoints in Asterisk's memory",
    "res_rtp_asterisk": "media",
    "res_srtp": "encrypted media, which browsers require",
    "res_crypto": "encrypted media",
}
"""Modules that the page as a phone needs."""
OWN = {
    "func_pjsip_endpoint": "reading direct_media and more",
    "func_pjsip_aor": "reading max_contacts and more",
    "func_strings": "reading the clock",
    "func_dialplan": "checking who can dial the star codes",
    "res_ari_bridges": "the test call",
    "func_timeout": "ending a test call whatever happens",
    "func_callerid": "the test call",
}
"""Modules that the doctor itself needs."""
AUDIO = {
    "res_stasis_snoop": "listening and speaking in the test call",
    "res_stasis_playback": "its tones",
    "res_stasis_recording": "its recordings",
    "res_ari_recordings": "its recordings",
    "format_wav": "its recordings",
}
"""Modules that --audio needs."""


def check_modules(listed: Sequence[Mapping[str, Any]], *, softphone: bool, audio: bool) -> list[Finding]:
    """Compare ARI's list of modules with those that are needed."""
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
        what = "no opus codec is loaded: softphones fall back to ulaw, which is good enough on a good network."
        found.append(MODULES.warning("codec_opus", what, _load("codec_opus")))
    if not found:
        found.append(MODULES.ok("modules", f"all {len(needed)} required modules are running."))
    return found


def _load(name: str) -> Remedy:
    return Remedy("modules.conf, [modules]", (f"load = {name}.so",), reload_of(f"module load {name}.so"))
