"""Translates AMI messages into our events. Pure, and the only place that knows the names of AMI headers in events.

Source of names: AMI documentation of Asterisk 20 to 22 (main/manager_channels.c, manager_bridges.c, app_chanspy.c).
Unknown or malformed messages become None: they can neither stop the adapter nor create a call.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from operator import itemgetter

from adapter.asterisk import queuewire
from adapter.asterisk.chanspy import WAITS
from adapter.asterisk.fields import NOTHING, Fields, name_in, text_in
from adapter.core import events as ev
from adapter.core import userevents
from adapter.core.events import Channel, ChannelState
from adapter.core.legs import is_aside, tone_of
from adapter.core.talk import TalkChanged
from adapter.core.userevents import ToneNews, ToneTold

STATES = {"0": ChannelState.DOWN, "1": ChannelState.DOWN, "5": ChannelState.RINGING, "6": ChannelState.UP}
"""AST_STATE_* (include/asterisk/channelstate.h): 0 down, 1 reserved, 5 ringing, 6 up; the others are between these."""
DIALLED_APPS = frozenset({"AppDial", "AppDial2", "AppQueue"})
"""The application shown for a channel that Asterisk dialled (apps/app_dial.c, main/dial.c, app_queue.c)."""
CALLS = frozenset({"basic", "stasis"})
"""BridgeType of bridges in which people talk as in a call."""
PEER = "DIALEDPEERNUMBER"
"""The variable in which Dial leaves, on the channel that it dialled, what it dialled (apps/app_dial.c)."""
STATUS = ("Status", (("Variables", PEER),))
"""The AMI action that lists how each channel came to be."""
REASONS = {
    "0": ev.OriginateFailure.UNAVAILABLE,
    "3": ev.OriginateFailure.NO_ANSWER,
    "5": ev.OriginateFailure.BUSY,
}
"""OriginateResponse's Reason: AST_CONTROL_* of the last frame (include/asterisk/frame.h); 3 ringing, 5 busy."""


OWN = re.compile(r'(?:"(.*)" )?<(.*)>', re.DOTALL)
"""A callerid as Asterisk writes it (main/callerid.c, ast_callerid_merge)."""
HELP = "CallMonitorHelp"
"""The UserEvent by which a phone asks for help (asterisk-conf/features_call_monitor.conf)."""
SHIELD = "CallMonitorShield"
"""The one by which a phone, or the dialplan, has monitoring paused (asterisk-conf/extensions_call_monitor.conf)."""
SHIELDED = "CallMonitorShielded"
"""The one by which a leg tells that it hears nothing and nobody hears it."""
PLAYED = "CallMonitorPlayed"
"""The one by which a sound of consent tells whether it was played to its end."""
TOLD: dict[str, Callable[[datetime, str], ev.Event]] = {
    HELP: userevents.HelpAsked,
    SHIELDED: userevents.LegShielded,
    WAITS: userevents.LegWaits,
}
CHANNEL = (
    *("Uniqueid", "Linkedid", "Channel", "ChannelState", "CallerIDNum", "CallerIDName"),
    *("ConnectedLineNum", "ConnectedLineName", "Exten", "Context"),
)
"""Headers that tell of a channel (main/manager_channels.c, ast_manager_build_channel_state_string_prefix)."""
_ALL = {prefix: itemgetter(*(prefix + name for name in CHANNEL)) for prefix in ("", "Dest")}
"""What reads all of them at once, by the prefix of their names."""


def channel(fields: Fields, prefix: str = "") -> Channel | None:
    """The channel in an event's headers with this prefix; None if there is none, or it is no part of the model."""
    try:
        found = _ALL[prefix](fields)
    except KeyError:  # one is missing: rare, so that the fast path does not ask for each
        found = tuple([fields.get(prefix + name, "") for name in CHANNEL])
    uniqueid, linkedid, name, state, number, caller, other, other_name, extension, context = found
    if not uniqueid or not name or is_aside(uniqueid):
        return None
    return Channel(
        uniqueid,
        linkedid or uniqueid,
        name,
        STATES.get(state, ChannelState.DIALLING),
        number if number.isalnum() else text_in(number),
        caller if caller.isalnum() else name_in(caller),
        other if other.isalnum() else text_in(other),
        other_name if other_name.isalnum() else name_in(other_name),
        extension,
        context,
    )


def _created(fields: Fields, at: datetime) -> ev.Event | None:
    found = channel(fields)
    return ev.ChannelCreated(at, found) if found else None


def _changed(fields: Fields, at: datetime) -> ev.Event | None:
    found = channel(fields)
    return ev.ChannelChanged(at, found) if found else None


def _gone(fields: Fields, at: datetime) -> ev.Event | None:
    uniqueid, cause = fields.get("Uniqueid"), fields.get("Cause", "")
    if not uniqueid:
        return None
    if (tone := tone_of(uniqueid)) is not None:
        return ToneTold(at, tone, ToneNews.GONE)
    number = int(cause) if cause.isascii() and cause.isdigit() and len(cause) < 5 else 0
    return ev.ChannelGone(at, uniqueid, number, fields.get("Context", ""), fields.get("Exten", ""))


def _dial_began(fields: Fields, at: datetime) -> ev.Event | None:
    called = channel(fields, "Dest")
    return ev.DialBegan(at, channel(fields), called, fields.get("DialString", "")) if called else None


def _dial_ended(fields: Fields, at: datetime) -> ev.Event | None:
    called = channel(fields, "Dest")
    return ev.DialEnded(at, channel(fields), called) if called else None


def _entered(fields: Fields, at: datetime) -> ev.Event | None:
    bridge, found = fields.get("BridgeUniqueid"), channel(fields)
    if not bridge or not found:
        return None
    return ev.BridgeEntered(at, bridge, fields.get("BridgeTechnology", ""), found, _kind(fields))


def _kind(fields: Fields) -> ev.BridgeKind:
    """What a bridge is for (bridge_basic.c, res_parking.c, app_agent_pool.c, app_confbridge.c)."""
    kind = fields.get("BridgeType", "")
    if kind in CALLS:
        return ev.BridgeKind.CALL
    if kind == "agent_hold":
        return ev.BridgeKind.LOGIN
    if fields.get("BridgeCreator") == "ConfBridge":
        return ev.BridgeKind.ROOM
    holds = kind == "parking" or fields.get("BridgeTechnology") == "holding_bridge"
    return ev.BridgeKind.WAITING if holds else ev.BridgeKind.CALL


def _left(fields: Fields, at: datetime) -> ev.Event | None:
    bridge, found = fields.get("BridgeUniqueid"), channel(fields)
    return ev.BridgeLeft(at, bridge, found) if bridge and found else None


def _bridge_gone(fields: Fields, at: datetime) -> ev.Event | None:
    bridge = fields.get("BridgeUniqueid")
    return ev.BridgeGone(at, bridge) if bridge else None


def _held(fields: Fields, at: datetime) -> ev.Event | None:
    found = channel(fields)
    return ev.HoldChanged(at, found, fields.get("Event") == "Hold") if found else None


def _music(fields: Fields, at: datetime) -> ev.Event | None:
    found = channel(fields)
    return ev.MusicChanged(at, found, fields.get("Event") == "MusicOnHoldStart") if found else None


def _spy_started(fields: Fields, at: datetime) -> ev.Event | None:
    leg, target = fields.get("SpyerUniqueid"), fields.get("SpyeeUniqueid")
    if not leg or not target or is_aside(leg):
        return ToneTold(at, tone, ToneNews.ATTACHED) if (tone := tone_of(leg or "")) else None
    return ev.SpyStarted(at, leg, target, fields.get("SpyerContext", ""), fields.get("SpyerExten", ""))


def _spy_stopped(fields: Fields, at: datetime) -> ev.Event | None:
    leg = fields.get("SpyerUniqueid")
    return ev.SpyStopped(at, leg) if leg and not is_aside(leg) else None


def _digit(fields: Fields, at: datetime) -> ev.Event | None:
    uniqueid = fields.get("Uniqueid")
    if not uniqueid or fields.get("Direction") != "Received":
        return None
    return ev.DigitReceived(at, uniqueid, fields.get("Digit", ""))


def _originated(fields: Fields, at: datetime) -> ev.Event | None:
    leg = fields.get("Uniqueid")
    if not leg or is_aside(leg):
        failed = fields.get("Response") != "Success"
        return ToneTold(at, tone, ToneNews.FAILED) if failed and (tone := tone_of(leg or "")) else None
    if fields.get("Response") == "Success":
        return ev.OriginateAnswered(at, leg, fields.get("Context", ""), fields.get("Exten", ""))
    return ev.OriginateFailed(at, leg, REASONS.get(fields.get("Reason", ""), ev.OriginateFailure.UNAVAILABLE))


def _transferred(fields: Fields, at: datetime) -> ev.Event | None:
    """An attended transfer (main/stasis_bridges.c, attended_transfer_to_ami)."""
    legs = tuple(found for end in ("Orig", "Second") if (found := fields.get(f"{end}TransfererUniqueid")))
    if not legs or fields.get("Result") != "Success":
        return None
    other = "Transferee" if fields.get("TransfereeUniqueid") else "TransferTarget"
    to, to_id = fields.get(f"{other}Channel", ""), fields.get(f"{other}Uniqueid", "")
    return ev.HandedOn(at, legs, fields.get("OrigTransfererChannel", ""), to, to_id)


def _picked_up(fields: Fields, at: datetime) -> ev.Event | None:
    """Somebody took a call that rang elsewhere (main/pickup.c)."""
    rang, name, uniqueid = fields.get("TargetUniqueid"), fields.get("Channel"), fields.get("Uniqueid")
    return ev.HandedOn(at, (rang,), name, name, uniqueid, picked_up=True) if rang and name and uniqueid else None


def _told_by_dialplan(fields: Fields, at: datetime) -> ev.Event | None:
    """UserEvent: run by a feature code (features.conf, applicationmap) on the channel that pressed it, by dialplan,
    or where a leg hears nothing (extensions_call_monitor.conf)."""
    uniqueid, said = fields.get("Uniqueid"), fields.get("UserEvent")
    if not uniqueid:
        return None
    if said == SHIELD:
        return userevents.ShieldAsked(at, uniqueid, fields.get("Wish", ""), fields.get("Seconds", ""))
    if said == PLAYED:
        news = ToneNews.PLAYED if fields.get("Status") == "SUCCESS" else ToneNews.FAILED
        return ToneTold(at, uniqueid, news)
    told = TOLD.get(said or "")
    return told(at, uniqueid) if told else None


def _talk(fields: Fields, at: datetime) -> ev.Event | None:
    """Of a channel with TALK_DETECT (funcs/func_talkdetect.c): the phone behind it is heard, or no longer."""
    uniqueid = fields.get("Uniqueid")
    return TalkChanged(at, uniqueid, fields.get("Event") == "ChannelTalkingStart") if uniqueid else None


TRANSLATORS: dict[str, Callable[[Fields, datetime], ev.Event | None]] = {
    "Newchannel": _created,
    "Newstate": _changed,
    "NewCallerid": _changed,
    "NewConnectedLine": _changed,
    "Hangup": _gone,
    "DialBegin": _dial_began,
    "DialEnd": _dial_ended,
    "BridgeEnter": _entered,
    "BridgeLeave": _left,
    "BridgeDestroy": _bridge_gone,
    "Hold": _held,
    "Unhold": _held,
    "MusicOnHoldStart": _music,
    "MusicOnHoldStop": _music,
    "ChanSpyStart": _spy_started,
    "ChanSpyStop": _spy_stopped,
    "DTMFEnd": _digit,
    "OriginateResponse": _originated,
    "AttendedTransfer": _transferred,
    "Pickup": _picked_up,
    **queuewire.TRANSLATORS,
    "UserEvent": _told_by_dialplan,
    "ChannelTalkingStart": _talk,
    "ChannelTalkingStop": _talk,
}
"""The events that the model needs; asterisk-conf/manager_call_monitor.conf allows exactly these."""


def translate(fields: Fields, at: datetime) -> ev.Event | None:
    """One AMI event as our event; None if the model doesn't need it."""
    translator = TRANSLATORS.get(fields.get("Event", ""))
    return translator(fields, at) if translator else None


def snapshot(
    at: datetime,
    channels: Sequence[Fields],
    bridges: Sequence[Fields],
    devices: Sequence[Fields],
    statuses: Sequence[Fields] = (),
    queues: Sequence[Fields] | None = None,
    *,
    restarted: bool,
) -> ev.Snapshot:
    """CoreShowChannels, BridgeList, DeviceStateList, Status (with the variable PEER) and QueueStatus as one event.

    `queues`: None where Asterisk has none, or doesn't tell.
    """
    told = {fields.get("Uniqueid", ""): fields for fields in statuses}
    known = tuple(_with_status(one, told.get(one.channel.uniqueid)) for one in known_channels(at, channels))
    technologies = {
        fields["BridgeUniqueid"]: fields.get("BridgeTechnology", "")
        for fields in bridges
        if fields.get("BridgeUniqueid")
    }
    held = frozenset(fields.get("Device", "") for fields in devices if fields.get("State") == "ONHOLD")
    kinds = {fields["BridgeUniqueid"]: _kind(fields) for fields in bridges if fields.get("BridgeUniqueid")}
    waiting = None if queues is None else queuewire.queues(at, queues)
    return ev.Snapshot(at, restarted, known, technologies, held, kinds, waiting, queuewire.devices(devices))


def _with_status(known: ev.KnownChannel, fields: Fields | None) -> ev.KnownChannel:
    """With how it came to be, which CoreShowChannels doesn't tell (main/manager.c, generate_status)."""
    if fields is None or "DNID" not in fields:
        return known
    peer = fields.get("Variable", "").removeprefix(f"{PEER}=") if known.was_dialled else ""
    known = known._replace(dialled=text_in(fields["DNID"]), dial_string=peer or fields.get("DialString", ""))
    known = known._replace(call_id=fields.get("CallId"), leg=fields.get("LegHeader", ""))
    said = fields.get("OwnCallerid", "")
    own = OWN.fullmatch(said) if said not in NOTHING else None
    return known._replace(own_name=name_in(own[1] or ""), own_number=text_in(own[2])) if own else known


def known_channels(at: datetime, channels: Sequence[Fields]) -> tuple[ev.KnownChannel, ...]:
    """The channels of a CoreShowChannels list."""
    return tuple(
        ev.KnownChannel(
            found,
            fields.get("BridgeId") or None,
            at - _duration(fields.get("Duration", "")),
            fields.get("Application") in DIALLED_APPS,
            fields.get("Application", ""),
            fields.get("ApplicationData", ""),
        )
        for fields in channels
        if (found := channel(fields))
    )


def _duration(text: str) -> timedelta:
    """`hh:mm:ss` since the channel was created (main/manager.c, action_coreshowchannels)."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        return timedelta()
    hours, minutes, seconds = (int(part) for part in parts)
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
