"""Whether a supervisor's device can be rung, as far as anybody can know before it rings."""

from collections.abc import Callable

from adapter import errors
from adapter.core.pbx import DeviceState
from adapter.monitoring.ports import BROWSER, Pbx

Browsers = Callable[[str], str | None]
"""From a user's id: the endpoint of the page that registered last, if any."""


def no_browsers(user_id: str) -> str | None:
    """Where no page can be a phone."""
    return None


async def need_device(pbx: Pbx, wanted: str, user_id: str, browsers: Browsers) -> str:
    """What Asterisk is to ring. Raises DeviceUnavailable where it is known not to be there, or to be busy."""
    device = browsers(user_id) if wanted == BROWSER else wanted
    if device is None:
        raise errors.DeviceUnavailable("This browser's softphone isn't registered. Use your desk phone.")
    if not device:
        raise errors.DeviceUnavailable("Your account has no phone. Ask an administrator to enter your device.")
    plain = "in the browser" if wanted == BROWSER else device.partition("/")[2] or device
    match await pbx.device_state(device):
        case DeviceState.UNREGISTERED:
            raise errors.DeviceUnavailable(
                f"Your phone {plain} isn't registered. Switch it on, or choose another device."
            )
        case DeviceState.BUSY:
            raise errors.DeviceUnavailable(f"Your phone {plain} is in use. Hang up there first.")
        case DeviceState.AVAILABLE | DeviceState.UNKNOWN:
            return device  # what is not known for sure is found out by ringing it
