"""Who sees what of a request for help, and how it looks: at the page, in the audit, to hooks. Pure.

Who asked is told who comes, since the supervisor chose that; never what becomes of it. Others who are or were in that
conversation see the request open, as long as it is not closed: else it would tell them that somebody listens.
"""

from datetime import datetime
from enum import StrEnum

from adapter.core.audit import Action, By, Entry
from adapter.core.call import Call
from adapter.core.help import HelpRequest, HelpState
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.core.record import EventType, HookEvent
from adapter.core.views import Json, Visibility, call_visibility, time_view


class HelpSight(StrEnum):
    """How much of a request somebody sees."""

    NOTHING = "nothing"
    OPEN = "open"
    """That there is one, whatever became of it."""
    EVERYTHING = "everything"


def help_sight(user: User, request: HelpRequest, call: Call | None, *, barred: bool, in_hand: bool) -> HelpSight:
    """What this person sees of a request that is not closed. `call`: None where it is out of sight, or over.

    `barred`: from its conversation; `in_hand`: their account or token is of somebody who is.
    """
    if not user.active:
        return HelpSight.NOTHING
    if request.agent.user_id == user.id:
        return HelpSight.OPEN if in_hand else HelpSight.EVERYTHING
    sight = Visibility.NOTHING if call is None else call_visibility(user, call, barred=barred)
    if sight is Visibility.EVERYTHING:
        return HelpSight.EVERYTHING
    return HelpSight.OPEN if sight is Visibility.TALKING and may_monitor(user) else HelpSight.NOTHING


def help_view(request: HelpRequest, sight: HelpSight) -> Json:
    """The contract's request."""
    whole = sight is HelpSight.EVERYTHING
    by = request.taken_by if whole else None
    state = request.state if whole or request.closed else HelpState.OPEN
    agent = request.agent
    return {
        "id": request.id,
        "pbx": request.pbx,
        "call_id": request.call_id,
        "agent": {"user_id": agent.user_id, "name": agent.name, "extension": agent.extension},
        "note": request.note,
        "state": state.value,
        "created_at": time_view(request.created_at),
        "taken_at": time_view(request.taken_at) if whole else None,
        "taken_by": {"user_id": by.user_id, "name": by.name} if by else None,
        "closed_at": time_view(request.closed_at),
    }


def help_entry(action: Action, request: HelpRequest, by: By, at: datetime, reason: str | None = None) -> Entry:
    """What the audit says of it."""
    taken = action is Action.HELP_TAKEN
    return Entry(
        at=at,
        by=by,
        action=action,
        reason=reason,
        target=request.id,
        call_id=request.call_id,
        conversation_id=request.conversation_id,
        monitor_id=request.monitor_id if taken else None,
        supervisor=request.taken_by.username if taken and request.taken_by else None,
        subject=request.subject,
    )


def help_event(kind: EventType, request: HelpRequest, by: By, at: datetime) -> HookEvent:
    """What hooks are told."""
    data = help_view(request, HelpSight.EVERYTHING) | {"by": by.actor, "customer": {"number": request.customer}}
    return HookEvent(at, kind, request.call_id, request.conversation_id, data)
