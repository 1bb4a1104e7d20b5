"""Text between a supervisor and the agent whom they talk to: how it is kept, and who sees it. Pure.

The agent sees it only while they know of the supervisor anyway: of the talk that goes on, and of no other. So two talks
say nothing of each other, as their ids don't (`views.shown_id`).
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapter.core.call import Call
from adapter.core.monitor import Monitor
from adapter.core.people import User

LONGEST = 500
"""Characters of one message."""
MOST = 200
"""Messages that are kept of one monitor; then the oldest go."""


class Sender(StrEnum):
    """Whose side wrote it."""

    SUPERVISOR = "supervisor"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRequest:
    """What somebody wants to be sent."""

    id: str
    """Of the message that it becomes; the same again means the same message."""
    sender: Sender
    text: str
    talk: str = ""
    """Of an agent's: which talk it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoachMessage:
    """One message."""

    id: str
    pbx: str
    monitor_id: str
    call_id: str
    talk: str
    """The talk in which it was sent (`Monitor.talk`)."""
    agent_id: str
    """Id of the account of the agent whom it was sent to, or by."""
    at: datetime
    sender: Sender
    author_id: str
    author_name: str
    text: str


class Messages:
    """Those of monitors that run, oldest first."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[CoachMessage, ...]] = {}

    def __iter__(self) -> Iterator[CoachMessage]:
        return (message for of_it in self._of.values() for message in of_it)

    def monitors(self) -> Iterable[str]:
        """Ids of the monitors that have some."""
        return self._of.keys()

    def of(self, monitor_id: str) -> Sequence[CoachMessage]:
        """Those of one monitor."""
        return self._of.get(monitor_id, ())

    def add(self, message: CoachMessage) -> None:
        """One more; one that is there stays as it is."""
        known = self._of.get(message.monitor_id, ())
        if all(one.id != message.id for one in known):
            self._of[message.monitor_id] = (*known, message)[-MOST:]

    def forget(self, monitor_id: str) -> None:
        """The monitor is over."""
        self._of.pop(monitor_id, None)

    def replace(self, messages: Iterable[CoachMessage]) -> Sequence[CoachMessage]:
        """These are all there are. Returns those that were not there before."""
        before, self._of = {message.id for message in self}, {}
        for message in messages:
            self.add(message)
        return [message for message in self if message.id not in before]


def of_talk(monitor: Monitor, kept: Sequence[CoachMessage]) -> Sequence[CoachMessage]:
    """Those of the talk that goes on: what both are told of, live. None in silence, as if there were no monitor."""
    return [one for one in kept if one.talk == monitor.talk] if monitor.talks else ()


def is_answerable(user: User, monitor: Monitor, call: Call | None, *, in_hand: bool) -> bool:
    """Whether this person is the agent whom this monitor's supervisor talks to now, so that they know of each other.

    `in_hand`: their account or token is of somebody else who is in the conversation.
    """
    is_agent = user.active and call is not None and call.id == monitor.call_id and call.agent.user_id == user.id
    return is_agent and monitor.talks and not in_hand


def seen_messages(
    user: User, monitor: Monitor, kept: Sequence[CoachMessage], call: Call | None, *, in_hand: bool
) -> Sequence[CoachMessage]:
    """What this person sees of a monitor's messages: the supervisor all, the agent those of the talk that goes on.

    Nobody else sees any, administrators neither. `in_hand`: as above.
    """
    if not user.active or in_hand:
        return ()
    if monitor.supervisor.user_id == user.id:
        return kept
    if not is_answerable(user, monitor, call, in_hand=in_hand):
        return ()
    return [one for one in of_talk(monitor, kept) if one.agent_id == user.id]


def message_id(author: str, about: str, key: str) -> str:
    """The id of a message that is asked for with an Idempotency-Key: the same for the same, also at another adapter.

    `about`: the supervisor's monitor, or the talk that an agent answers: in another talk it is another message, so that
    nobody finds by it whether the monitor is still the same.
    """
    return hashlib.sha256("\n".join((author, about, key)).encode()).hexdigest()[:32]
