"""Asks Asterisk whether agents have the codes for a call on their phones; judged by helpcode.py, which is pure."""

from fnmatch import fnmatchcase

from adapter import config
from adapter.asterisk.ari import DEVICE
from adapter.doctor import helpcode
from adapter.doctor.findings import Finding
from adapter.doctor.hearing import CUSTOMER
from adapter.doctor.helpcode import VARIABLE, WHAT, Endpoint, features_of
from adapter.doctor.pbx import PbxProbe, is_event
from adapter.doctor.trialcall import trial_call
from adapter.errors import AdapterError, PbxRefused
from adapter.phones.browser import PREFIX

EVENT = "CallMonitorDoctor"
EVENT_DEADLINE = 2.0
"""Seconds to wait for an event that Asterisk must have sent already."""


async def check_help(probe: PbxProbe, pbx: config.Pbx, name: str) -> list[Finding]:
    """Check it with a silent test call: only a channel that names the feature is told its keys (FEATUREMAP)."""
    try:
        listed = await probe.get("endpoints") or []
        names = [f"{one['technology']}/{one['resource']}" for one in listed]
        mine = [one for one in names if _is_agent(one, pbx)]
        endpoints = []
        for one in mine:
            said = await probe.value(f"PJSIP_ENDPOINT({one.partition('/')[2]},set_var)")
            endpoints.append(Endpoint(one, features_of(said)))
        async with trial_call(probe, name) as call:
            await call.set_variable(CUSTOMER, VARIABLE, "#".join(WHAT))
            codes = {feature: await _keys(probe, call.channel(CUSTOMER), feature) for feature in WHAT}
            await call.user_event(EVENT)
            sent = is_event("UserEvent", UserEvent=EVENT)
            arrives = await probe.received.wait_for(sent, EVENT_DEADLINE) is not None
        return helpcode.check(codes, endpoints, pbx.ami.username, arrives=arrives)
    except (AdapterError, KeyError, TypeError) as problem:
        return [helpcode.AREA.unknown("from phones", f"it could not be examined: {problem}")]


def _is_agent(endpoint: str, pbx: config.Pbx) -> bool:
    phone = endpoint.startswith("PJSIP/") and not endpoint.startswith(f"PJSIP/{PREFIX}") and DEVICE.fullmatch(endpoint)
    trunk = any(fnmatchcase(endpoint, pattern) for pattern in pbx.trunk_patterns)
    return bool(phone) and not trunk and any(fnmatchcase(endpoint, pattern) for pattern in pbx.endpoints.agents)


async def _keys(probe: PbxProbe, channel: str, feature: str) -> str:
    try:
        fields = (("Channel", channel), ("Variable", f"FEATUREMAP({feature})"))
        return (await probe.act("Getvar", *fields)).get("Value", "").strip()
    except PbxRefused:  # main/features_config.c: there is no such feature
        return ""
