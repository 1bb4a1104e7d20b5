"""Translates what AMI tells of queues and devices into our events, as `adapter.asterisk.wire` does all else. Pure.

Source of names: apps/app_queue.c (queue_member_blob_create, manager_queues_status), main/devicestate.c.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from adapter.asterisk.fields import Fields, name_in, text_in
from adapter.core import queueevents as qe

LARGEST = 10**15
"""Beyond this no count and no time is believed."""
UNKNOWN = frozenset({"", "unknown", "<unknown>", "<null>"})
"""How QueueStatus writes that there is no number or name."""


def _number(text: str) -> int:
    return found if text.isascii() and text.isdigit() and (found := int(text)) < LARGEST else 0


def _percent(text: str) -> float:
    whole, _, part = text.partition(".")
    plain = whole.isascii() and whole.isdigit() and len(whole) < 4 and (not part or (part.isascii() and part.isdigit()))
    return min(100.0, float(text)) if plain else 0.0


def _moment(text: str) -> datetime | None:
    """Seconds since 1970, by Asterisk's clock; 0 is never."""
    seconds = _number(text)
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 2**36 else None


def _member(fields: Fields, name: str, interface: str) -> qe.QueueMember | None:
    """`name`, `interface`: how these headers are called, in events and in lists."""
    queue, dialled = fields.get("Queue"), fields.get(interface)
    if not queue or not dialled:
        return None
    paused = fields.get("Paused") == "1"
    return qe.QueueMember(
        text_in(queue),
        text_in(dialled),
        text_in(fields.get("StateInterface", "")) or text_in(dialled),
        text_in(fields.get(name, "")),
        paused,
        # Of somebody who is no longer paused, an event tells why they are not (set_queue_member_pause).
        text_in(fields.get("PausedReason", "")) if paused else "",
        _moment(fields.get("LastPause", "")),
        _number(fields.get("CallsTaken", "")),
        _moment(fields.get("LastCall", "")),
    )


def _changed(fields: Fields, at: datetime) -> qe.QueueEvent | None:
    member = _member(fields, "MemberName", "Interface")
    return qe.MemberChanged(at, member) if member else None


def _gone(fields: Fields, at: datetime) -> qe.QueueEvent | None:
    queue, interface = fields.get("Queue"), fields.get("Interface")
    return qe.MemberGone(at, text_in(queue), text_in(interface)) if queue and interface else None


def _joined(fields: Fields, at: datetime) -> qe.QueueEvent | None:
    queue, uniqueid = fields.get("Queue"), fields.get("Uniqueid")
    if not queue or not uniqueid:
        return None
    return qe.CallerJoined(
        at,
        text_in(queue),
        max(1, _number(fields.get("Position", ""))),
        uniqueid,
        fields.get("Linkedid") or uniqueid,
        _said(fields.get("CallerIDNum", "")),
        name_in(_said(fields.get("CallerIDName", ""))),
    )


def _left(fields: Fields, at: datetime) -> qe.QueueEvent | None:
    queue, uniqueid = fields.get("Queue"), fields.get("Uniqueid")
    if not queue or not uniqueid:
        return None
    return qe.CallerLeft(at, text_in(queue), uniqueid, fields.get("Linkedid") or uniqueid)


def _counted(fields: Fields, at: datetime) -> qe.QueueEvent | None:
    queue = fields.get("Queue")
    return qe.FiguresChanged(at, text_in(queue)) if queue else None


def _device(fields: Fields, at: datetime) -> qe.QueueEvent | None:
    device = fields.get("Device")
    return qe.DeviceChanged(at, text_in(device), fields.get("State", "")) if device else None


def _said(text: str) -> str:
    return "" if text in UNKNOWN else text_in(text)


TRANSLATORS: Mapping[str, Callable[[Fields, datetime], qe.QueueEvent | None]] = {
    "QueueMemberAdded": _changed,
    "QueueMemberStatus": _changed,
    "QueueMemberPause": _changed,
    "QueueMemberRemoved": _gone,
    "QueueCallerJoin": _joined,
    "QueueCallerLeave": _left,
    "QueueCallerAbandon": _counted,
    "AgentComplete": _counted,
    "DeviceStateChange": _device,
}
"""The events of queues and devices that the model needs."""


def queues(at: datetime, listed: Iterable[Fields]) -> tuple[qe.QueueListed, ...]:
    """QueueStatus as it was listed: queues, their members, and who waits, each behind its queue."""
    heads: dict[str, Fields] = {}
    members: dict[str, list[qe.QueueMember]] = {}
    callers: dict[str, list[qe.QueueCaller]] = {}
    for fields in listed:
        queue, kind = text_in(fields.get("Queue", "")), fields.get("Event")
        if not queue:
            continue
        if kind == "QueueParams":
            heads[queue] = fields
        elif kind == "QueueMember" and (member := _member(fields, "Name", "Location")):
            members.setdefault(queue, []).append(member)
        elif kind == "QueueEntry" and (uniqueid := fields.get("Uniqueid")):
            since = at - timedelta(seconds=min(_number(fields.get("Wait", "")), 10**8))
            number, name = _said(fields.get("CallerIDNum", "")), _said(fields.get("CallerIDName", ""))
            callers.setdefault(queue, []).append(qe.QueueCaller(uniqueid, number, name, since))
    return tuple(
        qe.QueueListed(
            name,
            _number(head.get("Completed", "")),
            _number(head.get("Abandoned", "")),
            _percent(head.get("ServicelevelPerf", "")),
            tuple(members.get(name, ())),
            tuple(callers.get(name, ())),
        )
        for name, head in heads.items()
    )


def devices(listed: Sequence[Fields]) -> dict[str, str]:
    """DeviceStateList: the state of each device."""
    return {text_in(fields["Device"]): fields.get("State", "") for fields in listed if fields.get("Device")}
