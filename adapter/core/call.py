"""One call as people see it: an agent's leg of a conversation."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapter.core.talk import Talk


class Direction(StrEnum):
    """The direction of a call, as seen from the PBX."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class CallState(StrEnum):
    """The state of a call."""

    RINGING = "ringing"
    ACTIVE = "active"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Party:
    """The other party of a call: number and name; either may be empty."""

    number: str
    name: str
    country: str = ""
    """ISO 3166 code by which the number is read; empty: the configured one. Never shown."""


@dataclass(frozen=True, slots=True)
class Agent:
    """The agent of a call. `user_id` is None for a phone without an account."""

    user_id: str | None
    name: str
    extension: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Call:
    """One agent's leg. Compared by value to detect whether anything that people see has changed."""

    id: str
    """Opaque; stable for as long as the agent's channel lives, also across a restart of the adapter."""
    conversation_id: str
    pbx: str
    agent: Agent
    customer: Party
    direction: Direction
    state: CallState
    started_at: datetime
    answered_at: datetime | None
    barge_reaches_customer: bool
    audible: bool
    """Whether the agent hears the other side now, and so could hear a supervisor: not on hold, no music, connected.
    Shown of monitors only."""
    uniqueid: str
    """Uniqueid of the agent's channel, the target of ChanSpy. Never shown."""
    peers: frozenset[str]
    """Uniqueids of the other channels in the agent's bridge. Never shown."""
    participants: frozenset[str]
    """Ids of the users whose phones are in this conversation. Never shown."""
    far: str = ""
    """Uniqueid of the channel of `customer`; empty where nobody is there. Never shown."""
    queue: str | None = None
    """The queue that brought the call to this agent (`adapter.core.visits`)."""
    waited_seconds: int | None = None
    """How long the customer waited in it; None while they do, and where nobody knows."""
    monitorable: bool = True
    """Whether anybody may monitor it: nobody whom `core.unmonitored` exempts is in the conversation."""
    shielded_until: datetime | None = None
    """Until when nobody may hear it through us (`core.shield`); None: monitoring is not paused."""
    shield_confirmed: bool = False
    """Whether Asterisk has confirmed that nobody does: before, nobody is told that it is paused."""
    talk: Talk | None = None
    """Who talks in it, where that is listened to (`adapter.monitoring.talkdetect`)."""

    @property
    def has_one_peer(self) -> bool:
        """Whether the agent is connected with exactly one other."""
        return self.answered_at is not None and len(self.peers) == 1

    @property
    def shielded(self) -> bool:
        """Whether nobody may hear it through us now."""
        return self.shielded_until is not None
