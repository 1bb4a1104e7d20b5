"""What adapters of one installation tell each other of a PBX: one message is one whole fact, with a version and a seal.

    seal (16 bytes) | version | needs | JSON

The seal is a keyed hash of the subject and all that follows, so that who reaches the bus without the installation's key
(which is in the database) can neither write, change, nor move a message. `version` is the writer's, `needs` the lowest
version of a reader that understands it: additive fields raise the first alone, and older readers ignore them.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from adapter.core.agent import Floor
from adapter.core.audit import By
from adapter.core.bars import BarChanges
from adapter.core.call import Call
from adapter.core.follow import Follow
from adapter.core.messages import CoachMessage, MessageRequest
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.ownership import Term
from adapter.core.pbx import PbxState
from adapter.core.shared_bars import BarsOfPbx, Presence
from adapter.core.shield import Shield, ShieldRequest
from adapter.fleet.schema import Codec
from adapter.monitoring.ports import FollowRequest, StartRequest

VERSION = 1
"""Of what this program writes."""
NEEDS = 1
"""The lowest version that understands it."""
LARGEST_MESSAGE = 900_000
"""Bytes. NATS takes 1 MiB by default (nats-server's `max_payload`)."""
SEAL = 16
"""Bytes of the seal: BLAKE2b with a key (RFC 7693)."""
HEAD = SEAL + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What every message says: which PBX, and in which term of its owner."""

    pbx: str
    term: Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Message):
    """What one change of the owner's board changed, whole: all that is different now."""

    number: int
    """Counts up by one within the term."""
    people: str
    """The mark of the accounts that the owner knew (`store.people.version`): names and rights are by these."""
    at: datetime
    state: PbxState
    takes_up: bool = False
    link: bool = False
    resynced: bool = False
    calls: tuple[Call, ...] = ()
    gone: tuple[str, ...] = ()
    """Ids of calls that are no more, or out of sight."""
    monitors: tuple[Monitor, ...] = ()
    """Each as it was after each of its steps, in their order; ended ones are no more."""
    barred: BarChanges = field(default_factory=BarChanges)
    present: tuple[Presence, ...] = ()
    """Of the conversations that `barred.touched` names."""
    floor: Floor = field(default_factory=Floor)
    """Agents and queues that are different now."""
    follows: tuple[Follow, ...] = ()
    """Follows that are different now; ended ones are no more."""
    messages: tuple[CoachMessage, ...] = ()
    """Messages between supervisors and agents that are new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotPart(Message):
    """A part of all that the owner's board has after change `number`. Parts follow each other without a gap."""

    number: int
    people: str
    at: datetime
    stamp: float
    """When it was taken, by the owner's boot-time clock, in seconds."""
    id: str
    answers: tuple[str, ...] = ()
    """Whose requests it answers, by their ids."""
    part: int
    parts: int
    state: PbxState
    takes_up: bool = False
    calls: tuple[Call, ...] = ()
    monitors: tuple[Monitor, ...] = ()
    bars: BarsOfPbx = field(default_factory=BarsOfPbx)
    floor: Floor = field(default_factory=Floor)
    follows: tuple[Follow, ...] = ()
    messages: tuple[CoachMessage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat(Message):
    """The owner lives and holds its term, and its last change was this one."""

    number: int
    stamp: float
    """When, by the owner's boot-time clock, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotWanted:
    """Somebody missed something, or has just begun to listen."""

    pbx: str
    id: str


class Action(StrEnum):
    """What an owner can be asked for."""

    START = "start"
    SWITCH = "switch"
    END = "end"
    TAKE_OVER = "take_over"
    FOLLOW = "follow"
    END_FOLLOW = "end_follow"
    STOP_ALL = "stop_all"
    SHIELD = "shield"
    UNSHIELD = "unshield"
    MESSAGE = "message"
    DEVICE_GONE = "device_gone"
    """A page that is a phone through the asker is gone; `why` is its device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Message):
    """Somebody asks the owner for something, once."""

    id: str
    stamp: float
    """That of the owner's latest beat which the asker has seen: how old the command is, by the owner's own clock."""
    people: str
    """The mark of the accounts that the asker knew."""
    action: Action
    user: str
    """Id of whose rights count."""
    by: By
    monitor: str = ""
    mode: Mode | None = None
    request: StartRequest | None = None
    why: str = ""
    awaited: tuple[str, ...] = ()
    """Of all that are stopped: the monitors and follows whose end the asker waits for."""
    shield: ShieldRequest | None = None
    """Of which conversation monitoring is to be paused, or resumed, and by whose wish."""
    follow: FollowRequest | None = None
    message: MessageRequest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why it was not done, or not confirmed: an error of `adapter.errors` by its code."""

    code: str
    detail: str
    retry_after: int | None = None
    extra: str = ""
    """Its further members, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Message):
    """What became of a command."""

    id: str
    number: int
    """Of the change after which it was true."""
    monitor: Monitor | None = None
    shield: Shield | None = None
    gone: int = 0
    left: tuple[str, ...] = ()
    """Of those that were to be stopped and awaited: how many ended, and which did not in time."""
    refused: Refused | None = None
    follow: Follow | None = None
    message: CoachMessage | None = None


KINDS: Mapping[str, type] = {
    "change": Change,
    "snapshot": SnapshotPart,
    "beat": Beat,
    "answer": Answer,
    "wanted": SnapshotWanted,
    "command": Command,
}
"""By the last part of the subject."""
_NAMES = {kind: name for name, kind in KINDS.items()}
_CODECS = {name: Codec(kind) for name, kind in KINDS.items()}


def name_of(message: object) -> str:
    """The last part of its subject."""
    return _NAMES[type(message)]


class Why(StrEnum):
    """Why a message was ignored."""

    TOO_LARGE = "too_large"
    FOREIGN = "foreign"
    """Its seal is not by this installation's key, or it tells of what its sender has no say about."""
    NEWER = "newer"
    """This program is too old for it."""
    MALFORMED = "malformed"
    REPLAYED = "replayed"
    OLD_TERM = "old_term"
    STALE = "stale"
    """It waited for too long on its way."""


class Ignored(ValueError):
    """A message that can't be read, or must not be heeded."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


class TooLarge(ValueError):
    """What was to be told is larger than a message may be."""


class Sealer:
    """Writes and reads messages of one installation. `ignored` counts what was not heeded, by why."""

    def __init__(self, key: bytes) -> None:
        """`key`: the installation's (32 bytes); what seals is derived from it, and says nothing of it."""
        self._key = hashlib.blake2b(b"bus", key=key[:64], digest_size=32).digest()
        self.ignored: Counter[Why] = Counter()

    def write(self, subject: str, message: object) -> bytes:
        """A message as it goes out. Raises TooLarge."""
        body = bytes((VERSION, NEEDS)) + _CODECS[name_of(message)].encode(message)
        if len(body) + SEAL > LARGEST_MESSAGE:
            raise TooLarge(f"{len(body)} bytes")
        return self._seal(subject, body) + body

    def read(self, subject: str, data: bytes) -> Any:
        """A message that came in. Raises Ignored, and counts it."""
        try:
            return self._read(subject, data)
        except Ignored as ignored:
            self.ignored[ignored.why] += 1
            raise

    def _read(self, subject: str, data: bytes) -> Any:
        if len(data) > LARGEST_MESSAGE:
            raise Ignored(Why.TOO_LARGE)
        codec = _CODECS.get(subject.rpartition(".")[2])
        if codec is None or len(data) <= HEAD:
            raise Ignored(Why.MALFORMED)
        if not hmac.compare_digest(self._seal(subject, data[SEAL:]), data[:SEAL]):
            raise Ignored(Why.FOREIGN)
        if data[SEAL + 1] > VERSION:
            raise Ignored(Why.NEWER)
        try:
            return codec.decode(data[HEAD:])
        except ValueError:
            raise Ignored(Why.MALFORMED) from None

    def _seal(self, subject: str, body: bytes) -> bytes:
        seal = hashlib.blake2b(subject.encode() + b"\0", key=self._key, digest_size=SEAL)
        seal.update(body)
        return seal.digest()
