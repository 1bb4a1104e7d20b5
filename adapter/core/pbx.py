"""How a PBX is: its connection, and the devices at it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeviceState(StrEnum):
    """What is known of a device before ringing it."""

    AVAILABLE = "available"
    UNREGISTERED = "unregistered"
    BUSY = "busy"
    UNKNOWN = "unknown"


class LinkState(StrEnum):
    """How the connection to a PBX is (the contract's `pbx.state`)."""

    CONNECTED = "connected"
    CONNECTING = "connecting"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class PbxState:
    """The state of the connection to one PBX and since when."""

    state: LinkState
    since: datetime
