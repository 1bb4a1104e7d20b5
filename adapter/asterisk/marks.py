"""The marks that channels of shielded conversations carry, so that a new run knows the shield from Asterisk alone."""

from collections.abc import Mapping

from adapter.asterisk.ami import AmiConnection
from adapter.errors import PbxRefused

MARK = "CM_SHIELD"
"""The channel variable; channels that are dialled by one that has it inherit it (`__`)."""
DONE = "CM_SHIELDED"
"""Set on the channel whose phone or dialplan asked, once Asterisk has confirmed it: `paused`, `resumed` or `failed`."""


async def listed(ami: AmiConnection, deadline: float) -> Mapping[str, str]:
    """By uniqueid, of channels that have one; none where that is refused. Raises as `AmiConnection.action`."""
    try:
        found = await ami.listing("Status", (("Variables", MARK),), deadline=deadline)
    except PbxRefused:
        return {}
    said = {one.get("Uniqueid", ""): one.get("Variable", "").removeprefix(f"{MARK}=") for one in found}
    return {uniqueid: text for uniqueid, text in said.items() if uniqueid and text}
