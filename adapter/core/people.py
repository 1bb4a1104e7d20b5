"""People as the model knows them: who they are, which Asterisk endpoint rings for them, what they may do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from adapter.core.devices import key_of
from adapter.core.modes import ALL_MODES, Mode
from adapter.core.teams import NOTHING, MonitorScope, Supervised


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
    devices: tuple[str, ...] = ()
    """All Asterisk endpoints of this person, e.g. `PJSIP/101`, each normalised (`adapter.core.devices`) and nobody
    else's; the first is the one that rings."""
    can_monitor: bool = False
    granted: frozenset[Mode] = ALL_MODES
    active: bool = True
    phone_message: bool = True
    """Whether their phone is told by SIP MESSAGE who talks to them, while they have no page open."""
    granted_by: str | None = None
    """The username of who gave the right to monitor; None where it was never given."""
    pbx: str | None = None
    """Id of the PBX at which their phones register; None: at whichever a call is, as where there is one PBX."""
    scope: MonitorScope = MonitorScope.ALL
    """As it was given: ask `adapter.core.scopes`."""
    supervised: Supervised = NOTHING
    """What the teams that they supervise have, whatever the scope."""
    teams: frozenset[str] = frozenset()
    """Ids of the teams of which they are a member."""
    created_at: datetime | None = None
    """When the account was made; None where nobody knows any more: long ago."""

    @property
    def device(self) -> str | None:
        """The Asterisk endpoint that rings for this person."""
        return self.devices[0] if self.devices else None

    def own_device(self, device: str) -> str | None:
        """This device of theirs as Asterisk writes it; None where it is none of theirs."""
        return next((own for own in self.devices if key_of(own) == key_of(device)), None)


@dataclass(frozen=True, slots=True)
class Directory:
    """All accounts at one moment, indexed by what events name: the endpoint. Rebuilt, never changed."""

    users: Mapping[str, User] = field(default_factory=dict)
    by_endpoint: Mapping[str, User] = field(default_factory=dict)
    """By `adapter.core.devices.key_of` of each device; ask `owner`."""
    extensions: frozenset[str] = frozenset()

    @classmethod
    def of(cls, users: Iterable[User]) -> "Directory":
        """Index the users. A deactivated account no longer stands behind its phone."""
        everyone = {user.id: user for user in users}
        active = [user for user in everyone.values() if user.active]
        return cls(
            users=everyone,
            by_endpoint={key_of(device): user for user in active for device in user.devices},
            extensions=frozenset(user.extension for user in active if user.extension),
        )

    def at(self, pbx: str) -> "Directory":
        """The same as this PBX's phones know it: an endpoint of the same name at another PBX is somebody else's."""
        elsewhere = {key for key, user in self.by_endpoint.items() if user.pbx not in (None, pbx)}
        if not elsewhere:
            return self
        return replace(self, by_endpoint={key: user for key, user in self.by_endpoint.items() if key not in elsewhere})

    def owner(self, endpoint: str) -> User | None:
        """Whose phone an endpoint is, in whatever case it is written."""
        return self.by_endpoint.get(key_of(endpoint))

    def owner_by(self, key: str) -> User | None:
        """The same by the endpoint's key, for those who ask again and again."""
        return self.by_endpoint.get(key)
