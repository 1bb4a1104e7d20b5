"""Who sees a follow, and how it looks: at the page, in the audit, to hooks. Pure.

Nobody ever sees a follow of themselves, whatever their rights, whether they are in a call or not.
"""

from datetime import datetime

from adapter.core.audit import Action, Entry, Result
from adapter.core.follow import Follow
from adapter.core.monitor import FAILURES
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.core.record import EventType, HookEvent
from adapter.core.scopes import reaches
from adapter.core.views import Json, time_view


def follow_visible(user: User, follow: Follow, *, barred: bool, in_hand: bool) -> bool:
    """Whether this person sees a follow. `barred`: from it (`core.heldlegs`); `in_hand`: their account or token is of
    somebody who is."""
    if not user.active or user.id == follow.agent_id:
        return False
    if follow.supervisor.user_id == user.id:
        return not in_hand
    return not barred and may_monitor(user) and reaches(user, follow.agent_id, None)


def follow_view(follow: Follow) -> Json:
    """The contract's follow."""
    agent, supervisor = follow.agent, follow.supervisor
    return {
        "id": follow.id,
        "pbx": follow.pbx,
        "agent": {"user_id": agent.user_id, "name": agent.name, "extension": agent.extension},
        "supervisor": {"user_id": supervisor.user_id, "name": supervisor.name},
        "device": follow.device,
        "state": follow.state.value,
        "monitor_id": follow.monitor_id,
        "calls": follow.calls,
        "started_at": time_view(follow.started_at),
        "ended_at": time_view(follow.ended_at),
        "ended_reason": follow.ended_reason.value if follow.ended_reason else None,
    }


def follow_entry(action: Action, follow: Follow, at: datetime) -> Entry:
    """What the audit says of it."""
    reason = follow.ending_why or (follow.ended_reason and follow.ended_reason.value) or None
    return Entry(
        at=at,
        by=follow.by,
        action=action,
        result=Result.FAILED if follow.ended_reason in FAILURES else Result.OK,
        reason=reason,
        target=follow.id,
        conversation_id=follow.conversation,
        supervisor=follow.supervisor.username,
        subject=follow.subject,
    )


def follow_event(kind: EventType, follow: Follow, at: datetime) -> HookEvent:
    """What hooks are told. They are in order for one follow."""
    data = follow_view(follow) | {"by": follow.by.actor}
    return HookEvent(at, kind, follow.id, follow.conversation, data)
