"""Asks Asterisk whether announcements and beeps can be played; judged by consent.py, which is pure."""

from urllib.parse import quote

from adapter.asterisk.consent import CONTEXT
from adapter.config.consent import Consent
from adapter.doctor import consent
from adapter.doctor.findings import Finding
from adapter.doctor.pbx import PbxProbe
from adapter.errors import AdapterError, PbxRefused


async def check_consent(probe: PbxProbe, sounds: Consent) -> list[Finding]:
    """Check the dialplan, and the sounds that the configuration names."""
    found = [await _dialplan(probe)]
    named = {"consent.beep": sounds.beep, "consent.announcement": sounds.announcement}
    return found + [await _sound(probe, setting, sound) for setting, sound in named.items() if sound]


async def _dialplan(probe: PbxProbe) -> Finding:
    try:
        return consent.check_dialplan(await probe.listing("ShowDialPlan", [("Context", CONTEXT)]))
    except PbxRefused as refusal:
        if "did not find" in str(refusal).lower():
            return consent.check_dialplan(None)
        return consent.AREA.unknown(CONTEXT, f"the dialplan can't be read: {refusal.detail}.")
    except AdapterError as problem:
        return consent.AREA.unknown(CONTEXT, problem.detail)


async def _sound(probe: PbxProbe, setting: str, sound: str) -> Finding:
    if sound.startswith("/"):
        return consent.check_sound(setting, sound, None)
    try:
        status, _ = await probe.ari.ask("GET", f"sounds/{quote(sound, safe='')}")
    except AdapterError as problem:
        return consent.AREA.unknown(setting, problem.detail)
    if status not in (200, 404):
        return consent.AREA.unknown(setting, f"ARI answered {status} when it was asked for the sound {sound}.")
    return consent.check_sound(setting, sound, status == 200)
