"""Events of a PBX in our own types, plain named tuples: all that the model receives from `adapter.asterisk`."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from adapter.core.queueevents import QueueEvent, QueueListed
from adapter.core.talk import TalkChanged
from adapter.core.userevents import ToldByDialplan


class ChannelState(StrEnum):
    """The state of a channel (Asterisk's include/asterisk/channelstate.h, reduced to what calls need)."""

    DOWN = "down"
    DIALLING = "dialling"
    """It calls in and has not been answered (AST_STATE_RING, and the other states before ringing)."""
    RINGING = "ringing"
    """It is being called and rings (AST_STATE_RINGING)."""
    UP = "up"


class Channel(NamedTuple):
    """One channel, with all fields of an event."""

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
    """The dialplan extension it is at; for a new incoming channel, the dialled number."""
    context: str


class BridgeKind(StrEnum):
    """What a bridge is for, as far as calls need it (Asterisk's BridgeType and BridgeCreator)."""

    CALL = "call"
    """People talk in it: Dial's, Queue's, ParkedCall's (bridge_basic.c), and those of ARI. Asterisk gives all channels
    in it one linkedid (main/bridge_channel.c, ast_bridge_channel_update_linkedids)."""
    ROOM = "room"
    """ConfBridge: people come and go, and keep their linkedids."""
    LOGIN = "login"
    """AgentLogin: one agent waits in it for calls, each of which is a bridge of its own (app_agent_pool.c)."""
    WAITING = "waiting"
    """Parked, or another holding bridge: nobody hears anybody."""


class ChannelCreated(NamedTuple):
    """A channel was created."""

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
    """Its dialplan extension at the end: a spy leg whose call ended before it is in `over`."""


class DialBegan(NamedTuple):
    """A channel started to ring another. `caller` is None if the PBX itself dials (Originate)."""

    at: datetime
    caller: Channel | None
    called: Channel
    dial_string: str = ""
    """What was dialled, without the technology: `101`, `2025550101@trunk`, `trunk/sip:2025550101@sbc.example`."""


class DialEnded(NamedTuple):
    """A dial attempt ended, answered or not."""

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
    kind: BridgeKind = BridgeKind.CALL


class BridgeLeft(NamedTuple):
    """A channel left a bridge."""

    at: datetime
    bridge: str
    channel: Channel


class BridgeGone(NamedTuple):
    """A bridge was destroyed."""

    at: datetime
    bridge: str


class BridgeSeen(NamedTuple):
    """Asterisk was asked what a bridge is now: it changes its technology without an event."""

    at: datetime
    bridge: str
    technology: str


class DialogTold(NamedTuple):
    """Asterisk was asked of which SIP dialog a channel is an end: no event tells it (`adapter.core.trunks`)."""

    at: datetime
    uniqueid: str
    call_id: str
    """SIP's Call-ID; empty where Asterisk did not say."""
    leg: str = ""
    """What the header of legs says that go over a trunk."""


class HoldChanged(NamedTuple):
    """The party behind a channel put the other on hold, or resumed the call."""

    at: datetime
    channel: Channel
    held: bool


class MusicChanged(NamedTuple):
    """Music on hold began or ceased to play to a channel."""

    at: datetime
    channel: Channel
    plays: bool


class SpyStarted(NamedTuple):
    """ChanSpy started: `leg` listens to `target`, from the dialplan extension `extension`."""

    at: datetime
    leg: str
    target: str
    context: str
    extension: str


class SpyStopped(NamedTuple):
    """ChanSpy stopped. A redirected leg stops and starts again."""

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
    """Our originate of the leg failed."""

    at: datetime
    leg: str
    why: OriginateFailure


class OriginateAnswered(NamedTuple):
    """The device answered our originate of the leg, which now enters the monitor dialplan."""

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
    picked_up: bool = False
    """Whether what rang was picked up: then `to` is called by whoever called `channels`."""


class KnownChannel(NamedTuple):
    """A channel that existed before we connected."""

    channel: Channel
    bridge: str | None
    created_at: datetime
    was_dialled: bool
    """Asterisk runs AppDial or AppQueue on channels that it dialled (apps/app_dial.c, app_queue.c)."""
    application: str = ""
    """The dialplan application that it is in."""
    data: str = ""
    """That application's arguments: of Dial, what it dials."""
    dialled: str | None = None
    """What it dialled when it called in: empty for one that was called; None where Asterisk didn't say."""
    dial_string: str = ""
    """What was dialled to reach it (`DialBegan.dial_string`); empty where Asterisk doesn't say."""
    own_name: str = ""
    own_number: str | None = None
    """What its endpoint is called; None where that is what the channel says."""
    call_id: str | None = None
    """As of `DialogTold`; None where it was not asked."""
    leg: str = ""


class Snapshot(NamedTuple):
    """Everything that exists at the moment of connecting; it replaces what the model knew before."""

    at: datetime
    restarted: bool
    """Whether Asterisk was restarted since we last saw it."""
    channels: tuple[KnownChannel, ...]
    technologies: Mapping[str, str]
    """Bridge id to bridge technology."""
    held_endpoints: frozenset[str]
    """Endpoints whose device state is ONHOLD."""
    kinds: Mapping[str, BridgeKind] = MappingProxyType({})
    """Bridge id to what it is for; one that is not named is a call's."""
    queues: tuple[QueueListed, ...] | None = None
    """None where Asterisk has no queues, or doesn't tell."""
    devices: Mapping[str, str] = MappingProxyType({})
    """As of `DevicesListed`."""
    marks: Mapping[str, str] = MappingProxyType({})
    """By a channel's uniqueid: the mark of its shielded conversation (`core.shield.Mark`)."""


Event = (
    ChannelCreated
    | ChannelChanged
    | ChannelGone
    | DialBegan
    | DialEnded
    | BridgeEntered
    | BridgeLeft
    | BridgeGone
    | BridgeSeen
    | DialogTold
    | HoldChanged
    | MusicChanged
    | SpyStarted
    | SpyStopped
    | DigitReceived
    | OriginateFailed
    | OriginateAnswered
    | HandedOn
    | ToldByDialplan
    | TalkChanged
    | Snapshot
    | QueueEvent
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
