"""Which channel at Asterisk serves a monitor: its name carries the installation's tag, which only the adapter knows."""

from adapter.asterisk.ami import AmiConnection
from adapter.core.legs import is_leg


async def leg_of(ami: AmiConnection, monitor_id: str) -> str:
    """The uniqueid of this monitor's leg, as Asterisk lists it."""
    listed = await ami.listing("CoreShowChannels", deadline=10)
    names = [uniqueid for row in listed if is_leg(uniqueid := row.get("Uniqueid", ""))]
    return next(name for name in names if name.endswith(monitor_id))


def monitor_of(leg: str) -> str | None:
    """The id of the monitor that a leg serves; None for every other channel."""
    return leg.rpartition("-")[2] if is_leg(leg) else None
