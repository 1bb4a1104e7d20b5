"""What AMI said at a PBX as lines of JSON that name nobody: how they are written, and how they are read again. Pure.

The first line is the header, the second the snapshot, the others are events, each with the seconds since the
snapshot. Lines of the same moment came together, and are taken in together. The last line says why it ended.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from adapter.asterisk import wire
from adapter.asterisk.masking import TECHNOLOGIES, Masking
from adapter.asterisk.splitter import Message
from adapter.asterisk.wire import TRANSLATORS
from adapter.core.events import Event
from adapter.core.legs import is_leg
from adapter.core.pairing import DIALS
from adapter.errors import Invalid

FORMAT = 1
"""Version of the file's form; another is refused."""
BEGAN = datetime(2000, 1, 1, tzinfo=UTC)
"""What stands for the moment of the snapshot when a recording is read: when it really was is nobody's business."""
LONGEST = 10.0**9
"""Seconds that a recording can't be as long as; more is no time."""
FURTHER = frozenset(
    "Rename BridgeCreate BridgeMerge LocalBridge LocalOptimizationBegin LocalOptimizationEnd BlindTransfer "
    "AttendedTransfer Pickup DialState ParkedCall UnParkedCall MusicOnHoldStart MusicOnHoldStop "
    "HangupRequest SoftHangupRequest FullyBooted Shutdown".split()
)
"""Events that the adapter does not read today, and that explain what it reads."""
WANTED = frozenset(TRANSLATORS) | FURTHER
"""The events that are recorded, where the AMI user is told of them."""
LISTED = {"channels": "CoreShowChannels", "bridges": "BridgeList", "devices": "DeviceStateList"}
"""The snapshot's parts, and the AMI actions that list them (as `Connection` asks them)."""

HOW_CALLED, QUEUES = "status", "queues"
"""Further parts of the snapshot: how each channel came to be, and QueueStatus. Recordings of earlier versions have
none."""

PREFIXES = frozenset(
    ("", *"Dest Spyer Spyee Bridge Orig OrigBridge SecondBridge ToBridge FromBridge Source Target LocalOne".split())
) | frozenset(
    "LocalTwo Transferer Transferee TransferTarget OrigTransferer SecondTransferer Parkee Parker Retriever".split()
)
"""What may stand before a header's name: which of an event's channels or bridges it tells of."""
WORDS = frozenset(
    "<unknown> simple_bridge native_rtp native_dahdi softmix holding_bridge basic base stasis parking agent_hold "
    "ConfBridge AgentPool Parking Stasis AgentLogin AgentRequest ParkedCall Pickup PickupChan RetryDial FollowMe "
    "ANSWER BUSY NOANSWER CANCEL CONGESTION CHANUNAVAIL DONTCALL TORTURE INVALIDARGS RINGING PROGRESS PROCEEDING "
    "Sent Received Success Failure Fail Yes No UNKNOWN NOT_INUSE INUSE INVALID UNAVAILABLE RINGINUSE ONHOLD "
    "AppDial AppDial2 AppQueue Dial Queue Stasis ChanSpy ConfBridge Playback Wait Echo MusicOnHold Park Bridge "
    "VoiceMail Read BackGround AGI".split()
)
"""Constants of Asterisk's source; any other value in their place becomes `Other`."""


def _small(value: str) -> str | None:
    return value if value.isascii() and value.isdigit() and len(value) < 4 else None


def _word(value: str) -> str:
    return value if value in WORDS or not value else "Other"


def _duration(value: str) -> str | None:
    """`hh:mm:ss` of CoreShowChannels."""
    return value if re.fullmatch(r"[0-9]{1,4}:[0-9]{2}:[0-9]{2}", value) else None


def _percent(value: str) -> str | None:
    return value if re.fullmatch(r"[0-9]{1,3}\.[0-9]", value) else None


KEPT = {
    **dict.fromkeys(("ChannelState", "Cause", "Reason", "DurationMs", "NumChannels"), _small),
    **dict.fromkeys(("Technology", "Type", "DialStatus", "Direction", "Response", "Result", "IsExternal"), _word),
    **dict.fromkeys(("Application", "State", "Creator"), _word),
    "Duration": _duration,
    **dict.fromkeys(("Position", "Count", "Paused", "Completed", "Abandoned", "CallsTaken", "Wait"), _small),
    "ServicelevelPerf": _percent,
}
"""Headers whose values are Asterisk's own constants, by their names without prefix."""
MASKED = {
    **dict.fromkeys(("Uniqueid", "Linkedid", "Id"), Masking.uniqueid),
    **dict.fromkeys(("Channel", "Newname"), Masking.channel),
    **dict.fromkeys(("CallerIDNum", "ConnectedLineNum"), Masking.number),
    **dict.fromkeys(("CallerIDName", "ConnectedLineName"), Masking.name),
    "Context": Masking.context,
    **dict.fromkeys(("DialString", "DNID"), Masking.dialled),
    **dict.fromkeys(("Interface", "StateInterface", "Location"), Masking.member),
    "Queue": Masking.queue,
    "PausedReason": Masking.reason,
}
"""Headers that name somebody or some place, by their names without prefix."""
EXTENSIONS = ("Exten", "Extension")
DIALLED = ("Variable", "ApplicationData")
"""Headers that tell what was dialled, of Status and CoreShowChannels; in them may be anything else."""
ALLOWED = frozenset((*KEPT, *MASKED, *EXTENSIONS, *DIALLED, "Digit", "Device"))
LEG_DIGITS = frozenset("456*")
"""What may be told of a keypad: the modes and the end, on a supervisor's leg. Elsewhere people type card numbers."""


@lru_cache(maxsize=1024)
def _split(name: str) -> tuple[str, str] | None:
    """A header's prefix and its name without; None for one that is not to be recorded."""
    for length in range(len(name)):
        if name[length:] in ALLOWED:
            return (name[:length], name[length:]) if name[:length] in PREFIXES else None
    return None


@dataclass(frozen=True, slots=True)
class Person:
    """An account as far as calls are read by it, masked: its phone and its extension."""

    name: str
    device: str
    extension: str


@dataclass(frozen=True, slots=True)
class Header:
    """What decides how the recorded calls are read. No secret, no address, nobody's name."""

    recording: int
    call_monitor: str
    """The version of this program."""
    asterisk: str
    """Asterisk's version; empty where it is not known."""
    country: str
    context: str
    star_codes: dict[str, str]
    agents: list[str]
    """Patterns that match the masked endpoints of agents."""
    internal: list[str]
    people: list[Person] = field(default_factory=list)
    people_known: bool = True
    """Whether the accounts could be read; without them, who is internal may be read otherwise."""


class Writer:
    """Makes the lines of one recording. `t` is seconds since the snapshot."""

    def __init__(self, masking: Masking) -> None:
        self._masking = masking

    def header(self, header: Header) -> str:
        """The first line."""
        return _line(asdict(header))

    def snapshot(self, t: float, lists: Sequence[Sequence[Message]]) -> str:
        """What was there in the beginning: the parts of LISTED, HOW_CALLED and QUEUES, in this order."""
        kept = (
            [found for message in listed if (found := self._fields(message)).keys() != {"State"}] for listed in lists
        )
        return _line({"t": round(t, 6), "snapshot": dict(zip((*LISTED, HOW_CALLED, QUEUES), kept, strict=False))})

    def event(self, t: float, message: Message) -> str | None:
        """One event; None for one that is not to be recorded."""
        name = message.get("Event", "")
        return _line({"t": round(t, 6), "event": {"Event": name, **self._fields(message)}}) if name in WANTED else None

    def missed(self, t: float, count: int) -> str:
        """So many events are not in the file, from here on."""
        return _line({"t": round(t, 6), "missed": count})

    def end(self, t: float, why: str) -> str:
        """The last line."""
        return _line({"t": round(t, 6), "end": why})

    def _fields(self, message: Message) -> Message:
        found = {}
        for header, value in message.items():
            if (parts := _split(header)) and (masked := self._value(*parts, value, message)) is not None:
                found[header] = masked
        return found

    def _value(self, prefix: str, name: str, value: str, message: Message) -> str | None:
        if name in MASKED:
            return MASKED[name](self._masking, value)
        if name in DIALLED:
            return self._dialled(name, value, message)
        if name in EXTENSIONS:
            where = message.get(prefix + "Context", message.get("Context", ""))
            return self._masking.extension(value, where)
        if name == "Device":
            return self._masking.endpoint(value) if value.partition("/")[0] in TECHNOLOGIES else None
        if name == "Digit":
            told = LEG_DIGITS if is_leg(message.get("Uniqueid", "")) else "*#"
            return value if value in told and len(value) == 1 else "x"
        return KEPT[name](value)

    def _dialled(self, name: str, value: str, message: Message) -> str | None:
        """What Dial was given, without its options; nothing of any other application or variable."""
        if name == "Variable":
            known, _, peer = value.partition("=")
            return f"{known}={self._masking.dialled(peer)}" if known == wire.PEER else None
        if message.get("Application") not in DIALS:
            return None
        targets = value.partition(",")[0].split("&")
        masked = (f"{self._masking.target(target)}" for target in targets)
        return "&".join(masked)


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":")) + "\n"


class Batch(NamedTuple):
    """What was told at one moment, in our words."""

    t: float
    events: list[Event]


@dataclass(slots=True)
class Recording:
    """A recording that was read. `end` is None where it breaks off, as after a kill."""

    header: Header
    batches: list[Batch] = field(default_factory=list)
    missed: int = 0
    end: str | None = None


_HEADER = TypeAdapter(Header)


def read(lines: Iterable[str]) -> Recording:
    """Read a recording. Raises Invalid, which names the line, for what is none."""
    numbered = enumerate(lines, 1)
    first = next(numbered, (1, ""))[1]
    try:
        content = json.loads(first)
        if isinstance(content, dict) and content.get("recording", FORMAT) != FORMAT:
            raise Invalid(f"It is a recording of form {content['recording']}; this program reads form {FORMAT}.")
        recording = Recording(_HEADER.validate_json(first, strict=True))
    except (ValueError, ValidationError, RecursionError):
        raise Invalid("It is no recording: its first line is no header.") from None
    parsed = (_parsed(number, line) for number, line in numbered if line.endswith("\n"))
    for t, together in groupby(parsed, key=lambda content: content["t"]):
        events = [event for content in together for event in _told(recording, content)]
        if events:
            recording.batches.append(Batch(t, events))
    return recording


def _parsed(number: int, line: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
        if isinstance(content, dict) and type(content.get("t")) in (int, float) and 0 <= content["t"] < LONGEST:
            return content
    except (ValueError, RecursionError):
        pass
    raise Invalid(f"Line {number} is no line of a recording.")


_EVENT = TypeAdapter(dict[str, str])
_SNAPSHOT = TypeAdapter(dict[str, list[dict[str, str]]])
_MISSED, _END = TypeAdapter(int), TypeAdapter(str | None)


def _told(recording: Recording, content: dict[str, Any]) -> list[Event]:
    at = BEGAN + timedelta(seconds=content["t"])
    try:
        if "event" in content:
            event = wire.translate(_EVENT.validate_python(content["event"]), at)
            return [event] if event else []
        if "snapshot" in content:
            lists = _SNAPSHOT.validate_python(content["snapshot"])
            channels, bridges, devices = (lists[part] for part in LISTED)
            more = lists.get(HOW_CALLED, ()), lists.get(QUEUES)
            return [wire.snapshot(at, channels, bridges, devices, *more, restarted=False)]
        recording.missed += _MISSED.validate_python(content.get("missed", 0), strict=True)
        recording.end = _END.validate_python(content.get("end", recording.end), strict=True)
    except (ValidationError, KeyError):
        raise Invalid(f"What was told at {content['t']} s can't be read.") from None
    return []
