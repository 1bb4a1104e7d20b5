"""Who sees what, and how it looks: every rule about silence is here, and holds for everybody, whatever their rights.

Nobody sees or can infer a silent monitor on a conversation that they are in. For them a monitor begins when it
talks and is gone when it is silent again, which looks the same as if it had ended.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum

from adapter.core.call import Call
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.pbx import PbxState
from adapter.core.people import Role, User
from adapter.core.permissions import allowed_modes, may_monitor, may_monitor_call
from adapter.core.record import RecordState
from adapter.core.scopes import reaches_monitor, scope_of
from adapter.core.talk import Talk
from adapter.core.timeline import Happened, Moment, Past, Within, latest

Json = dict[str, object]


class Visibility(StrEnum):
    """How much of a thing somebody sees."""

    NOTHING = "nothing"
    TALKING = "talking"
    """They are barred from the conversation: of its monitors, only while they whisper or barge."""
    EVERYTHING = "everything"


def call_visibility(user: User, call: Call, *, barred: bool) -> Visibility:
    """What this person sees of a call and its monitors. `barred`: from its conversation (`adapter.core.bars`)."""
    if may_monitor_call(user, call):
        return Visibility.TALKING if barred or user.id in call.participants else Visibility.EVERYTHING
    return Visibility.TALKING if user.active and call.agent.user_id == user.id else Visibility.NOTHING


def monitor_visibility(
    user: User, monitor: Monitor, *, barred: bool, own_call: bool, in_hand: bool = False
) -> Visibility:
    """What this person sees of a monitor.

    `barred`: from its conversation (`adapter.core.bars`); `own_call`: it is their leg that is monitored. A supervisor
    always sees what they do themselves, unless their account or token is `in_hand` of somebody who is barred; also
    that it ended because its call is none of their teams' any more.
    """
    if not user.active:
        return Visibility.NOTHING
    if monitor.supervisor.user_id == user.id:
        return Visibility.NOTHING if in_hand else Visibility.EVERYTHING
    may_see = may_monitor(user) and reaches_monitor(user, monitor)
    if barred or own_call:
        return Visibility.TALKING if monitor.talks and (may_see or own_call) else Visibility.NOTHING
    return Visibility.EVERYTHING if may_see else Visibility.NOTHING


def set_apart(call: Call, barred: frozenset[str]) -> frozenset[str]:
    """Ids of all to whom this call or its monitors may look otherwise than to everybody else of the same scope.

    It hangs on who is in the conversation and whose leg it is, never on whether anybody listens: who is told what
    together with whom, and so how long it takes, must say nothing of a silent monitor. `barred`: from its conversation.
    """
    agent = call.agent.user_id
    return barred | call.participants | ({agent} if agent is not None else frozenset())


def time_view(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def modes_view(modes: Iterable[Mode]) -> list[str]:
    """Modes in their order from silent to barge."""
    wanted = set(modes)
    return [mode.value for mode in Mode if mode in wanted]


def user_view(user: User) -> Json:
    """The contract's User."""
    modes = allowed_modes(user) or user.granted | {Mode.SILENT}
    return {
        "id": user.id,
        "username": user.username,
        "name": user.name,
        "role": user.role.value,
        "extension": user.extension,
        "device": user.device,
        "devices": list(user.devices),
        "pbx": user.pbx,
        "can_monitor": user.can_monitor or user.role is Role.ADMINISTRATOR,
        "modes": modes_view(modes),
        "scope": scope_of(user).value,
        "active": user.active,
        "phone_message": user.phone_message,
    }


def shown_id(monitor: Monitor, sight: Visibility) -> str:
    """The monitor's id; for those in the conversation that of the talk, so that two talks say nothing of each other."""
    return monitor.talk if sight is Visibility.TALKING else monitor.id


def monitor_view(monitor: Monitor, sight: Visibility, viewer: User | None = None) -> Json:
    """The contract's Monitor. For those in the conversation each talk is one, with an id of its own.

    `viewer`: who looks, where that matters: nobody is ever told that they are followed.
    """
    talking = sight is Visibility.TALKING
    followed = talking or (viewer is not None and monitor.agent_id == viewer.id)
    view: Json = {
        "id": shown_id(monitor, sight),
        "pbx": monitor.pbx,
        "call_id": monitor.call_id,
        "follow_id": None if followed else monitor.follows,
        "supervisor": {"user_id": monitor.supervisor.user_id, "name": monitor.supervisor.name},
        "device": None if talking else monitor.device,
        "mode": monitor.mode.value,
        "state": monitor.state.value,
        # For those in the conversation by what they hear themselves: when it attached is nobody's business.
        "audible": monitor.connected if talking else monitor.audible,
        "started_at": time_view(monitor.talking_since if talking else monitor.started_at),
        "live_at": time_view(monitor.talking_since if talking else monitor.live_at),
        "ended_at": time_view(monitor.ended_at),
        "ended_reason": monitor.ended_reason.value if monitor.ended_reason else None,
        "shielded": monitor.shielded,
    }
    if monitor.notice and not monitor.mode.talks and not talking:
        view["reason"] = monitor.notice.value
    return view


def call_view(call: Call, monitors: Iterable[Monitor], sight: Visibility) -> Json:
    """The contract's Call, with those of its monitors that this sight shows.

    For those in it, whether barge reaches the customer hangs on who is in the bridge alone: its technology may be
    another while somebody listens.
    """
    talking = sight is Visibility.TALKING
    shown = [monitor for monitor in monitors if sight is Visibility.EVERYTHING or monitor.talks]
    return {
        "id": call.id,
        "conversation_id": call.conversation_id,
        "pbx": call.pbx,
        "agent": {"user_id": call.agent.user_id, "name": call.agent.name, "extension": call.agent.extension},
        "customer": {"number": call.customer.number, "name": call.customer.name},
        "direction": call.direction.value,
        "state": call.state.value,
        "started_at": time_view(call.started_at),
        "answered_at": time_view(call.answered_at),
        "barge_reaches_customer": call.has_one_peer if talking else call.barge_reaches_customer,
        "queue": call.queue,
        "waited_seconds": call.waited_seconds,
        "monitorable": call.monitorable,
        "shielded_until": time_view(call.shielded_until) if call.shield_confirmed else None,
        "talk": talk_view(call.talk) if call.monitorable and not talking else None,
        "monitors": [monitor_view(monitor, sight) for monitor in shown],
    }


def talk_view(talk: Talk | None) -> Json | None:
    """The contract's `talk`: never for those in the conversation."""
    if talk is None:
        return None
    return {
        "since": time_view(talk.since),
        "agent_share": talk.agent_share,
        "recent_share": talk.recent_share,
        "silent_since": time_view(talk.silent_since),
        "together_since": time_view(talk.together_since),
    }


def timeline_view(
    call: Call, past: Past, sight: Visibility, service: str | None = None, within: Within | None = None
) -> Json:
    """The contract's time line of a call, oldest first: of its monitors what this sight shows.

    `service`: id of the service token that asks, which sees of the monitors only those that it started; `within`: the
    scope of whoever asks, where they have one. What happened while the call was not in it is not theirs to see.
    """
    monitors = past.monitors.values() if service is None else [past.monitors.get(service, ())]
    known = latest(*monitors) if sight is Visibility.EVERYTHING else past.talks
    began = [Moment(0, call.started_at, Happened.RANG)]
    if call.answered_at is not None:
        began.append(Moment(0, call.answered_at, Happened.ANSWERED))
    seen = [moment for moment in (*past.facts, *known) if within is None or past.was_within(moment, within)]
    moments = [*began, *sorted(seen)]
    return {
        "entries": [{"at": time_view(one.at), "kind": one.kind.value, "name": one.name} for one in moments],
    }


def pbx_view(state: PbxState) -> Json:
    """The contract's `pbx`."""
    return {"state": state.state.value, "since": time_view(state.since)}


def named_pbx_view(pbx: str, name: str, state: PbxState) -> Json:
    """One of the contract's `pbxs`."""
    return {"id": pbx, "name": name, **pbx_view(state)}


def record_view(state: RecordState) -> Json:
    """Whether what happens can be written: `ok` or `failing`."""
    return {"state": "ok" if state.writable else "failing", "since": time_view(state.since)}


def coach_view(monitor: Monitor, mode: Mode) -> Json:
    """What the agent is told when a supervisor begins or ceases to talk."""
    return {
        "monitor_id": monitor.talk,
        "call_id": monitor.call_id,
        "supervisor": {"name": monitor.supervisor.name},
        "mode": mode.value,
    }
