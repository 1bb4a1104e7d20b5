"""How a desk phone is rung for a call at one PBX: directly where it registers there, over a trunk where elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from adapter import errors
from adapter.core.people import User
from adapter.monitoring.ports import Pbx


@dataclass(frozen=True, slots=True)
class Way:
    """What rings a phone."""

    dial: str
    """What Asterisk is to dial."""
    at: str | None = None
    """Id of the PBX where the phone registers, if that is another one."""
    asked: Pbx | None = None
    """Who knows whether the phone is there and free, if not the call's own PBX."""


@dataclass(frozen=True, slots=True)
class Reach:
    """From one PBX. `ways`: by the id of another PBX what is dialled for a phone there; `pbx_of`: by id, that PBX."""

    here: str = ""
    ways: Mapping[str, str] = field(default_factory=dict)
    pbx_of: Callable[[str], Pbx | None] = lambda pbx: None

    def way(self, user: User, device: str) -> Way:
        """To a device of this person's. Raises DeviceUnavailable where there is none."""
        if user.pbx in (None, self.here) or not device:
            return Way(device)
        template = self.ways.get(user.pbx or "")
        if template is None:
            raise errors.DeviceUnavailable(
                f"Your desk phone is at the PBX {user.pbx}, and can't be rung for calls at {self.here} (pbx.reach)."
            )
        if "{extension}" in template and (device != user.device or not user.extension):
            raise errors.DeviceUnavailable(
                f"Only the phone of your extension can be rung for calls at {self.here}. Choose that one."
            )
        dial = template.format(extension=user.extension, device=device.partition("/")[2])
        return Way(dial, user.pbx, self.pbx_of(user.pbx or ""))
