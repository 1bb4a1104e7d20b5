"""Whether a supervisor's device can be rung, as far as anybody can know before it rings."""

from adapter import errors
from adapter.core.legs import DeviceState
from adapter.decide import BROWSER
from adapter.ports import Pbx


async def need_device(pbx: Pbx, device: str) -> None:
    """Raise DeviceUnavailable where the device is known not to be there, or to be busy."""
    if device == BROWSER:
        raise errors.DeviceUnavailable("This browser's softphone isn't registered. Use your desk phone.")
    if not device:
        raise errors.DeviceUnavailable("Your account has no phone. Ask an administrator to enter your device.")
    plain = device.partition("/")[2] or device
    match await pbx.device_state(device):
        case DeviceState.UNREGISTERED:
            raise errors.DeviceUnavailable(
                f"Your phone {plain} isn't registered. Switch it on, or choose another device."
            )
        case DeviceState.BUSY:
            raise errors.DeviceUnavailable(f"Your phone {plain} is in use. Hang up there first.")
        case DeviceState.AVAILABLE | DeviceState.UNKNOWN:
            pass  # what is not known for sure is found out by ringing it
