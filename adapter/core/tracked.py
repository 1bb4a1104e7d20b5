"""One channel and one bridge as they are tracked, with as much of their history as calls need."""

from dataclasses import dataclass, field
from datetime import datetime

from adapter.core.events import Channel


@dataclass(slots=True)
class TrackedChannel:
    """One channel, with its history as far as calls need it."""

    channel: Channel
    endpoint: str
    is_agent: bool
    created_at: datetime
    dialled: str
    """What it dialled when it called in; empty for a channel that was called."""
    called: bool
    """Whether another channel (or the PBX for it) dialled this one."""
    dialled_by: str | None = None
    dials: list[str] = field(default_factory=list)
    bridge: str | None = None
    holds_in: str | None = None
    """The bridge in which the party behind it put the others on hold: there is no Unhold when it goes to another."""
    hears_music: bool = False
    met: set[str] = field(default_factory=set)
    """Uniqueids of those who were in a bridge with it."""
    met_all: bool = True
    """Whether these are all: not where it existed before we looked."""
    answered_at: datetime | None = None
    call_id: str = ""
    """The public id of its call, once there is one."""

    @property
    def held(self) -> bool:
        """Whether the party behind it has put those in its bridge on hold."""
        return self.holds_in is not None and self.holds_in == self.bridge

    @property
    def is_local(self) -> bool:
        """Whether it is half of a Local channel, which is internal to the PBX and not a phone."""
        return self.channel.name.startswith("Local/")


@dataclass(slots=True)
class Bridge:
    """One bridge: its technology and the uniqueids in it, oldest first."""

    technology: str
    members: list[str] = field(default_factory=list)
