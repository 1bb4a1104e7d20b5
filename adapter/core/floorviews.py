"""Who sees which agents and queues, and how they look to them: all rules of it are here. Pure.

Neither says anything of monitors: what an agent does is read of calls, which are the same whether anybody listens.
"""

from adapter.core.agent import AgentStatus, QueueStatus
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.core.scopes import is_scoped, reaches
from adapter.core.views import Json, time_view


def agent_visible(user: User, agent: AgentStatus) -> bool:
    """Whether this person sees an agent: whoever may monitor their calls does, and everybody sees themselves."""
    return (may_monitor(user) and reaches(user, agent.user_id, None)) or (user.active and agent.user_id == user.id)


def queue_visible(user: User, queue: QueueStatus) -> bool:
    """Whether this person sees a queue, and so who waits in it."""
    return may_monitor(user) and reaches(user, None, queue.name)


def agent_view(agent: AgentStatus, *viewers: User) -> Json:
    """The contract's agent. `viewers`: whose rights count; with scopes, they see their own teams and queues only."""
    places, teams = agent.queues, agent.team_ids
    if viewers and all(is_scoped(user) and user.id != agent.user_id for user in viewers):
        places = tuple(one for one in places if any(reaches(user, None, one.name) for user in viewers))
        teams = tuple(team for team in teams if any(team in user.supervised.teams for user in viewers))
    return {
        "id": agent.id,
        "user_id": agent.user_id,
        "name": agent.name,
        "extension": agent.extension,
        "pbx": agent.pbx,
        "state": agent.state.value,
        "since": time_view(agent.since),
        "call_id": agent.call_id,
        "team_ids": list(teams),
        "account_created_at": time_view(agent.account_created_at),
        "queues": [
            {
                "name": one.name,
                "paused": one.paused,
                "pause_reason": one.pause_reason,
                "calls_taken": one.calls_taken,
                "last_call_at": time_view(one.last_call_at),
            }
            for one in places
        ],
    }


def queue_view(queue: QueueStatus) -> Json:
    """The contract's queue."""
    return {
        "id": queue.id,
        "name": queue.name,
        "pbx": queue.pbx,
        "waiting": len(queue.callers),
        "longest_wait_since": time_view(queue.longest_wait_since),
        "callers": [
            {"position": place, "number": one.number, "name": one.name, "since": time_view(one.since)}
            for place, one in enumerate(queue.callers, 1)
        ],
        "available": queue.available,
        "on_call": queue.on_call,
        "paused": queue.paused,
        "completed": queue.completed,
        "abandoned": queue.abandoned,
        "service_level_percent": queue.service_level_percent,
    }
