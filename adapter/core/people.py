"""People as the model knows them: who they are, which Asterisk endpoint rings for them, what they may do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from adapter.core.modes import ALL_MODES, Mode


class Role(StrEnum):
    """What a person is to the inbox."""

    ADMINISTRATOR = "administrator"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class User:
    """One person with an account. `granted` are the modes an agent with the right may use."""

    id: str
    username: str
    name: str
    role: Role
    extension: str | None = None
    device: str | None = None
    """The Asterisk endpoint that rings for this person, e.g. `PJSIP/101`."""
    can_monitor: bool = False
    granted: frozenset[Mode] = ALL_MODES
    active: bool = True
    phone_message: bool = True
    """Whether their phone is told by SIP MESSAGE who talks to them, while they have no page open."""
    granted_by: str | None = None
    """The username of who gave the right to monitor; None where it was never given."""


@dataclass(frozen=True, slots=True)
class Directory:
    """All accounts at one moment, indexed by what events name: the endpoint. Rebuilt, never changed."""

    users: Mapping[str, User] = field(default_factory=dict)
    by_endpoint: Mapping[str, User] = field(default_factory=dict)
    extensions: frozenset[str] = frozenset()

    @classmethod
    def of(cls, users: Iterable[User]) -> "Directory":
        """Index the users. A deactivated account no longer stands behind its phone."""
        everyone = {user.id: user for user in users}
        active = [user for user in everyone.values() if user.active]
        return cls(
            users=everyone,
            by_endpoint={user.device: user for user in active if user.device},
            extensions=frozenset(user.extension for user in active if user.extension),
        )
