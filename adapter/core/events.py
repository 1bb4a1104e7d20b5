"""What happens on a PBX, in our own words: the only thing that `adapter.asterisk` tells the model.

Plain named tuples: made a few hundred times a second, read everywhere, never changed.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class ChannelState(StrEnum):
    """How far a channel is (Asterisk's include/asterisk/channelstate.h, folded to what calls need)."""

    DOWN = "down"
    DIALLING = "dialling"
    """It calls in and has not been answered (AST_STATE_RING, and the other states before ringing)."""
    RINGING = "ringing"
    """It is being called and rings (AST_STATE_RINGING)."""
    UP = "up"


class Channel(NamedTuple):
    """One channel as an event shows it, whole."""

    uniqueid: str
    linkedid: str
    name: str
    """Asterisk's channel name, e.g. `PJSIP/101-0000002a` or `Local/500@queue-00000001;1`."""
    state: ChannelState
    number: str
    """Caller id number of the party behind this channel; empty when unknown."""
    caller_name: str
    connected_number: str
    connected_name: str
    extension: str
    """The dialplan extension it is at: for a channel that just called in, what was dialled."""
    context: str


class ChannelCreated(NamedTuple):
    """A channel came into being."""

    at: datetime
    channel: Channel


class ChannelChanged(NamedTuple):
    """State, name or parties of a channel changed."""

    at: datetime
    channel: Channel


class ChannelGone(NamedTuple):
    """A channel was hung up."""

    at: datetime
    uniqueid: str
    cause: int
    """Hangup cause, Q.850 (include/asterisk/causes.h)."""
    context: str
    extension: str
    """Where in the dialplan it was at the end: a spy leg that outlived its call is in `over`."""


class DialBegan(NamedTuple):
    """A channel started to ring another. `caller` is None where the PBX itself dials (Originate)."""

    at: datetime
    caller: Channel | None
    called: Channel


class DialEnded(NamedTuple):
    """A dial attempt is over, answered or not."""

    at: datetime
    caller: Channel | None
    called: Channel


class BridgeEntered(NamedTuple):
    """A channel entered a bridge."""

    at: datetime
    bridge: str
    technology: str
    """Asterisk's bridge technology: `simple_bridge`, `native_rtp`, `softmix`, `holding_bridge`."""
    channel: Channel


class BridgeLeft(NamedTuple):
    """A channel left a bridge."""

    at: datetime
    bridge: str
    channel: Channel


class BridgeGone(NamedTuple):
    """A bridge was destroyed."""

    at: datetime
    bridge: str


class HoldChanged(NamedTuple):
    """The party behind a channel put the other on hold, or took it back."""

    at: datetime
    channel: Channel
    held: bool


class SpyStarted(NamedTuple):
    """ChanSpy began: `leg` listens to `target`, started from the dialplan extension `extension`."""

    at: datetime
    leg: str
    target: str
    context: str
    extension: str


class SpyStopped(NamedTuple):
    """ChanSpy let go of the target. A moved leg stops and starts again."""

    at: datetime
    leg: str


class DigitReceived(NamedTuple):
    """A channel received a keypad digit, from the phone or from our own PlayDTMF."""

    at: datetime
    uniqueid: str
    digit: str


class OriginateFailure(StrEnum):
    """Why a device could not be connected."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNAVAILABLE = "device_unavailable"
    ERROR = "error"


class OriginateFailed(NamedTuple):
    """Our originate of the leg came to nothing."""

    at: datetime
    leg: str
    why: OriginateFailure


class OriginateAnswered(NamedTuple):
    """The device answered our originate of the leg; it goes into the monitor dialplan now."""

    at: datetime
    leg: str
    context: str = ""
    extension: str = ""


class HandedOn(NamedTuple):
    """Somebody else's channel takes the place of `channels`: an attended transfer, or a pick-up of what rang."""

    at: datetime
    channels: tuple[str, ...]
    """Uniqueids: of a transfer, both channels of the phone that transferred."""
    by: str
    """Name of the channel of whoever did it."""
    to: str
    """Name of the channel that is there instead; empty where Asterisk doesn't say."""
    to_id: str
    """Its uniqueid."""


class KnownChannel(NamedTuple):
    """A channel that was up before we connected."""

    channel: Channel
    bridge: str | None
    created_at: datetime
    was_dialled: bool
    """Asterisk runs AppDial or AppQueue on channels that it dialled (apps/app_dial.c, app_queue.c)."""


class Snapshot(NamedTuple):
    """Everything that is there at the moment of connecting; what the model knew before is void."""

    at: datetime
    restarted: bool
    """Whether this is another Asterisk process than the one we last saw."""
    channels: tuple[KnownChannel, ...]
    technologies: Mapping[str, str]
    """Bridge id to bridge technology."""
    held_endpoints: frozenset[str]
    """Endpoints whose device state is ONHOLD."""


Event = (
    ChannelCreated
    | ChannelChanged
    | ChannelGone
    | DialBegan
    | DialEnded
    | BridgeEntered
    | BridgeLeft
    | BridgeGone
    | HoldChanged
    | SpyStarted
    | SpyStopped
    | DigitReceived
    | OriginateFailed
    | OriginateAnswered
    | HandedOn
    | Snapshot
)


def endpoint_of(channel_name: str) -> str:
    """The endpoint behind a channel name: `PJSIP/101-0000002a` is a channel of `PJSIP/101`.

    Asterisk appends `-` and a counter (main/channel.c, chan_pjsip.c); Local channels also `;1` or `;2`.
    """
    return channel_name.rpartition("-")[0] or channel_name


def local_partner(channel_name: str) -> str | None:
    """The other half of a Local channel (core_local.c names them `…;1` and `…;2`), or None."""
    if channel_name.endswith(";1"):
        return channel_name[:-1] + "2"
    if channel_name.endswith(";2"):
        return channel_name[:-1] + "1"
    return None
