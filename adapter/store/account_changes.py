"""What is asked of the accounts: new ones, and changes."""

import uuid
from dataclasses import dataclass, field

from adapter.core.audit import SYSTEM, By
from adapter.core.modes import ALL_MODES, Mode
from adapter.core.people import Role
from adapter.core.teams import MonitorScope


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """An account to be made. The values are checked already (`adapter.web.fields`)."""

    username: str
    name: str
    role: Role
    password: str
    extension: str | None = None
    device: str | None = None
    """The first of the devices, where only that is given."""
    devices: tuple[str, ...] = ()
    pbx: str | None = None
    can_monitor: bool = False
    modes: frozenset[Mode] = ALL_MODES
    scope: MonitorScope = MonitorScope.ALL
    phone_message: bool = True
    by: By = SYSTEM
    """Who makes it."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Given before it is made, so that it can be barred before (`adapter.core.bars`)."""


class Unchanged:
    """Stands for a field that a change leaves alone."""


UNCHANGED = Unchanged()


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What is to be different; the rest stays."""

    username: str | Unchanged = UNCHANGED
    name: str | Unchanged = UNCHANGED
    role: Role | Unchanged = UNCHANGED
    extension: str | Unchanged | None = UNCHANGED
    device: str | Unchanged | None = UNCHANGED
    """Another first one of the devices; None takes it away, and the next becomes the first."""
    devices: tuple[str, ...] | Unchanged = UNCHANGED
    pbx: str | Unchanged | None = UNCHANGED
    can_monitor: bool | Unchanged = UNCHANGED
    modes: frozenset[Mode] | Unchanged = UNCHANGED
    scope: MonitorScope | Unchanged = UNCHANGED
    active: bool | Unchanged = UNCHANGED
    phone_message: bool | Unchanged = UNCHANGED
    password: str | Unchanged = UNCHANGED
    by: By = SYSTEM
    """Who changes it."""
