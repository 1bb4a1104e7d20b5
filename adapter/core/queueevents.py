"""Events about queues and devices in our own types (apps/app_queue.c, main/devicestate.c): part of `core.events`.

A supervisor's leg occupies a device too, so nothing here tells whether somebody talks: calls alone do.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple


class QueueMember(NamedTuple):
    """One member of a queue."""

    queue: str
    interface: str
    """What the queue dials: `PJSIP/101`, `Local/101@from-queue/n`."""
    state_interface: str
    """Whose device state counts; where none is configured, the same."""
    name: str
    """As the queue calls it; where none is configured, the interface."""
    paused: bool
    reason: str
    paused_at: datetime | None
    """When it was paused last, whether it still is or not; None where it never was."""
    calls_taken: int
    last_call_at: datetime | None
    """When the last call that it took from this queue ended."""


class QueueCaller(NamedTuple):
    """Somebody who waits in a queue."""

    uniqueid: str
    number: str
    name: str
    since: datetime


class QueueListed(NamedTuple):
    """A queue as QueueStatus tells of it."""

    name: str
    completed: int
    abandoned: int
    service_level_percent: float
    """Of the completed calls, how many were answered within the queue's service level."""
    members: tuple[QueueMember, ...] = ()
    callers: tuple[QueueCaller, ...] = ()
    """By position."""


class QueuesListed(NamedTuple):
    """QueueStatus: all queues, or the one that was asked about."""

    at: datetime
    queues: tuple[QueueListed, ...]
    only: str | None = None
    """The queue that was asked about; None for all. One that is not listed then is no more."""


class DevicesListed(NamedTuple):
    """DeviceStateList: every device of which a state is known."""

    at: datetime
    states: Mapping[str, str]
    """By the device's name: AST_DEVICE_* (include/asterisk/devicestate.h) as AMI writes it, such as `NOT_INUSE`."""


class DeviceChanged(NamedTuple):
    """The state of a device changed."""

    at: datetime
    device: str
    state: str


class MemberChanged(NamedTuple):
    """A member was added, paused, unpaused or changed otherwise: as it is now."""

    at: datetime
    member: QueueMember


class MemberGone(NamedTuple):
    """A member left its queue."""

    at: datetime
    queue: str
    interface: str


class CallerJoined(NamedTuple):
    """A channel waits in a queue."""

    at: datetime
    queue: str
    position: int
    """From 1."""
    uniqueid: str
    linkedid: str
    number: str
    name: str


class CallerLeft(NamedTuple):
    """A channel waits no longer: it was connected, gave up, or goes on in the dialplan."""

    at: datetime
    queue: str
    uniqueid: str
    linkedid: str


class FiguresChanged(NamedTuple):
    """Asterisk counts a call of this queue as completed or abandoned about now: QueueStatus tells the figures."""

    at: datetime
    queue: str


QueueEvent = (
    CallerJoined
    | CallerLeft
    | MemberChanged
    | MemberGone
    | FiguresChanged
    | QueuesListed
    | DeviceChanged
    | DevicesListed
)
