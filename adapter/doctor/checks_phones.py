"""Checks of dialplan, endpoints, softphones and auto-answer; judged by dialplan.py and endpoints.py, which are pure."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import aiohttp

from adapter import config, wiring
from adapter.asterisk import autoanswer, chanspy
from adapter.asterisk.ari import DEVICE
from adapter.asterisk.endpoints import Endpoints
from adapter.core.pbx import DeviceState
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.doctor import dialplan, endpoints, freepbx, rights
from adapter.doctor.endpoints import Endpoint
from adapter.doctor.findings import Area, Finding, Remedy
from adapter.doctor.pbx import PbxProbe, is_event
from adapter.errors import AdapterError, PbxRefused
from adapter.phones.browser import PREFIX

SOFTPHONE, RING = Area("softphone"), Area("ring")
RING_SECONDS = 8.0
"""Seconds that `--ring` lets a phone ring; one that answers automatically does so within two."""


async def check_dialplan(probe: PbxProbe, pbx: config.Pbx) -> list[Finding]:
    """Check the contexts of extensions_call_monitor.conf as Asterisk has loaded them."""
    context = pbx.context
    codes = pbx.star_codes.model_dump()
    found: list[Finding] = []
    rows = await _context(probe, context, "monitors can't be started", found)
    found += dialplan.check_monitor(context, rows) if rows is not None else []
    rows = await _context(probe, dialplan.CODES, "star codes don't work", found)
    found += dialplan.check_codes(codes, rows, context) if rows is not None else []
    if pbx.softphone.enabled:
        nowhere = pbx.softphone.context
        rows = await _context(probe, nowhere, "softphones have no context", found)
        found += [dialplan.check_nowhere(nowhere, rows)] if rows is not None else []
    return found


async def _context(probe: PbxProbe, context: str, why: str, found: list[Finding]) -> dialplan.Rows | None:
    try:
        return await probe.listing("ShowDialPlan", [("Context", context)])
    except PbxRefused as refusal:
        if "did not find" in str(refusal).lower():  # main/pbx.c, manager_show_dialplan
            found.append(dialplan.absent(context, why))
        else:
            what = f"the dialplan can't be read: {refusal.detail}."
            found.append(dialplan.AREA.unknown(context, what, Remedy(rights.FILE, (rights.WRITE,), rights.RELOAD)))
    except AdapterError as problem:
        found.append(dialplan.AREA.unknown(context, problem.detail))
    return None


async def check_endpoints(probe: PbxProbe, pbx: config.Pbx, people: Sequence[User]) -> list[Finding]:
    """Check agents' and supervisors' endpoints, their phones, and whether star codes can be dialled."""
    try:
        listed = await probe.get("endpoints") or []
        states = {f"{found['technology']}/{found['resource']}": found.get("state") for found in listed}
        others = {name: state for name, state in states.items() if not name.startswith((f"PJSIP/{PREFIX}", "Local/"))}
        return await _endpoints(probe, pbx, people, others)
    except (AdapterError, KeyError, TypeError) as problem:
        return [endpoints.AREA.unknown("endpoints", f"they could not be listed: {problem}")]


async def _endpoints(
    probe: PbxProbe, pbx: config.Pbx, people: Sequence[User], states: Mapping[str, str | None]
) -> list[Finding]:
    patterns = pbx.endpoints.agents
    devices = {device: user for user in people if user.active for device in user.devices}
    monitoring = [device for device, user in devices.items() if may_monitor(user)]
    agents = [name for name in states if any(fnmatchcase(name, pattern) for pattern in patterns)]
    wanted = endpoints.chosen(states, [*agents, *devices])
    askable = [name for name in wanted if name.startswith("PJSIP/") and DEVICE.fullmatch(name)]
    known = {name: await endpoint(probe, name, states[name]) for name in askable}
    found = [
        endpoints.AREA.unknown(name, "is not a PJSIP endpoint with a plain name: its settings can't be checked.")
        for name in wanted
        if name not in known
    ]
    gone = {device: user.username for device, user in devices.items() if device not in states}
    supervisors = [known[name] for name in monitoring if name in known]
    found += endpoints.check([known[name] for name in agents if name in known], supervisors, gone)
    answer = pbx.auto_answer
    styles = {phone.name: autoanswer.style(phone.name, answer.devices, answer.style) for phone in supervisors}
    found += endpoints.check_phones(supervisors, styles)
    code = pbx.star_codes.silent
    contexts = sorted({phone.settings["context"] for phone in supervisors if phone.settings["context"]})
    reach = {context: await probe.value(f"DIALPLAN_EXISTS({context},{code}101,1)") for context in contexts}
    found += endpoints.check_reach(reach, code)
    exist = [await probe.value(f"DIALPLAN_EXISTS({context})") for context in freepbx.CONTEXTS]
    return freepbx.advised(found) if set(exist) == {"1"} else found


async def endpoint(probe: PbxProbe, name: str, state: str | None) -> Endpoint:
    """An endpoint with its settings. `state`: as ARI lists it, None where that doesn't matter. Raises AdapterError."""
    section = name.partition("/")[2]
    settings = {key: await probe.value(f"PJSIP_ENDPOINT({section},{key})") for key in endpoints.ENDPOINT_FIELDS}
    aors = {
        aor: {key: await probe.value(f"PJSIP_AOR({aor},{key})") for key in endpoints.AOR_FIELDS}
        for aor in settings["aors"].split(",")
        if aor
    }
    return Endpoint(name, settings, aors, {"online": True, "offline": False}.get(state or ""))


async def check_softphone(probe: PbxProbe, pbx: config.Pbx, name: str) -> list[Finding]:
    """Create and delete a softphone's endpoint as in normal operation, and open Asterisk's WebSocket."""
    made = Endpoints(probe.ari, pbx.softphone.context)
    try:
        try:
            await made.put(name, secrets.token_urlsafe(24))
        finally:
            await asyncio.shield(made.remove(name))
        found = [SOFTPHONE.ok("sorcery", "an endpoint was created in Asterisk's memory, and deleted.")]
    except AdapterError as problem:
        lines = tuple(
            line
            for kind in ("endpoint", "auth", "aor")
            for line in (f"{kind} = config,pjsip.conf,criteria=type={kind}", f"{kind} = memory")
        )
        what = f"an endpoint could not be created in Asterisk's memory: {problem.detail}"
        then = (
            "restart Asterisk; that alone if the file has these lines, or includes them, already (without softphones: "
            "set enabled = false in the adapter's [softphone])"
        )
        remedy = Remedy("sorcery.conf, [res_pjsip]", lines, then)
        found = [SOFTPHONE.wrong("sorcery", what, remedy)]
    return [*found, await _websocket(wiring.sip_upstream(pbx), probe.deadline)]


async def _websocket(url: str, deadline: float) -> Finding:
    try:
        async with (
            asyncio.timeout(deadline),
            aiohttp.ClientSession() as session,
            session.ws_connect(url, protocols=("sip",)) as socket,
        ):
            if socket.protocol == "sip":
                return SOFTPHONE.ok("websocket", f"{url} speaks SIP.")
        problem = "it does not speak SIP"
    except (aiohttp.ClientError, OSError, TimeoutError) as failure:
        problem = str(failure) or type(failure).__name__
    lines = ("[transport-ws]", "type = transport", "protocol = ws", "bind = 0.0.0.0")
    what = f"{url} can't be used: {problem}."
    return SOFTPHONE.wrong("websocket", what, Remedy("pjsip.conf (and http.conf: enabled = yes)", lines))


async def check_ring(probe: PbxProbe, device: str, name: str) -> Finding:
    """Call a phone as a monitor would, and check that it answers automatically. The call is hung up at once."""
    settings = probe.settings
    style = autoanswer.style(device, settings.answer_styles, settings.answer_style)
    try:
        state = await probe.ari.device_state(device)
        if state is not DeviceState.AVAILABLE:
            return RING.unknown(device, f"it was not called, because it is {state.value}.")
        headers = [("Variable", f"PJSIP_HEADER(add,{key})={value}") for key, value in autoanswer.STYLES[style]]
        where = (("Context", settings.context), ("Exten", chanspy.OVER), ("Priority", "1"))
        ringing = (("Timeout", str(round(RING_SECONDS * 1000))), ("CallerID", '"Doctor" <0>'), ("Async", "true"))
        await probe.act("Originate", ("Channel", device), *where, ("ChannelId", name), *ringing, *headers)
        wanted = is_event("OriginateResponse", Uniqueid=name)
        answer = await probe.received.wait_for(wanted, RING_SECONDS + probe.deadline)
    except AdapterError as problem:
        return RING.unknown(device, f"it could not be called: {problem.detail}")
    finally:
        await asyncio.shield(_hang_up(probe, name))
    if answer is None:
        return RING.unknown(device, "it was called, but the result did not arrive (OriginateResponse).")
    if answer.get("Response") == "Success":
        return RING.ok(device, f"was called with style {style!r} and answered, automatically if nobody touched it.")
    others = ", ".join(other for other in autoanswer.STYLES if other not in (style, "ring"))
    what = f"was called with style {style!r} and did not answer in {RING_SECONDS:g} s."
    lines = ("[auto_answer]", f'devices = {{ "{device}" = "<one of: {others}>" }}')
    return RING.wrong(device, what, Remedy("the adapter's configuration; the phone's: docs/phones.md", lines))


async def _hang_up(probe: PbxProbe, channel: str) -> None:
    try:
        await probe.ari.ask("DELETE", f"channels/{channel}")
    except AdapterError as problem:
        probe.left.append(f"channels/{channel} ({problem.detail})")
