"""Whether a supervisor's device can be rung, as far as anybody can know before it rings."""

from collections.abc import Callable
from typing import NamedTuple

from adapter import errors
from adapter.core.pbx import DeviceState
from adapter.core.people import User
from adapter.monitoring.ports import BROWSER, Pbx
from adapter.monitoring.reach import Reach, Way

Browsers = Callable[[str], str | None]
"""From a user's id: the endpoint of the page that registered last, if any."""


def no_browsers(user_id: str) -> str | None:
    """Where no page can be a phone."""
    return None


NEAR = Reach()
"""Where there is one PBX."""


class Ringing(NamedTuple):
    """What Asterisk is to ring for a supervisor."""

    ring: str
    phone_pbx: str | None
    """As of `Monitor.phone_pbx`."""


class Devices:
    """The devices that can be rung for calls at one PBX."""

    def __init__(self, pbx: Pbx, browsers: Browsers, reach: Reach) -> None:
        self._pbx, self._browsers, self._reach = pbx, browsers, reach

    async def need(self, wanted: str, user: User, page: str = "") -> Ringing:
        """What is to be rung. `page`: their page's device, where another adapter serves it.

        Raises DeviceUnavailable where it is known not to be there, or to be busy.
        """
        if wanted == BROWSER:
            device = page or self._browsers(user.id)
            if device is None:
                raise errors.DeviceUnavailable("This browser's softphone isn't registered. Use your desk phone.")
            way, plain = Way(device), "in the browser"
        else:
            device, plain = wanted, wanted.partition("/")[2] or wanted
            if not device:
                raise errors.DeviceUnavailable("Your account has no phone. Ask an administrator to enter your device.")
            way = self._reach.way(user, device)
            if way.at is not None and way.asked is None:  # its PBX is another adapter's: found out by ringing it
                return Ringing(way.dial, way.at)
        match await (way.asked or self._pbx).device_state(device):
            case DeviceState.UNREGISTERED:
                raise errors.DeviceUnavailable(
                    f"Your phone {plain} isn't registered. Switch it on, or choose another device."
                )
            case DeviceState.BUSY:
                raise errors.DeviceUnavailable(f"Your phone {plain} is in use. Hang up there first.")
            case DeviceState.AVAILABLE | DeviceState.UNKNOWN:
                return Ringing(way.dial, way.at)  # what is not known for sure is found out by ringing it
