"""Scopes: which calls are somebody's business at all. Decided here and nowhere else. Pure.

What lies outside somebody's scope is for them as for somebody without the right to monitor: no call, no number, no
event, no count. A monitor is where its call is, and once that is over, where it was last (`Monitor.agent_id`, `queue`).
"""

from adapter.core.call import Call
from adapter.core.monitor import Monitor
from adapter.core.people import Role, User
from adapter.core.teams import MonitorScope, Supervised


def scope_of(user: User) -> MonitorScope:
    """An administrator's is always all."""
    return MonitorScope.ALL if user.role is Role.ADMINISTRATOR else user.scope


def is_scoped(user: User) -> bool:
    """Whether they may look after some calls only."""
    return scope_of(user) is not MonitorScope.ALL


Common = Supervised | None
"""What people have in common who see the same calls: what they supervise; None: they see all."""


def common_scope(user: User) -> Common:
    """With whom they see the same calls, once they may monitor."""
    return user.supervised if is_scoped(user) else None


def reaches(user: User, agent: str | None, queue: str | None) -> bool:
    """Whether a call is in their scope, by the id of its agent's account and the name of its queue."""
    return not is_scoped(user) or user.supervised.has(agent, queue)


def reaches_call(user: User, call: Call) -> bool:
    """Whether this call is in their scope now. Whether they may monitor at all is another question."""
    return reaches(user, call.agent.user_id, call.queue)


def reaches_monitor(user: User, monitor: Monitor) -> bool:
    """Whether this monitor's call is in their scope, or was last."""
    return reaches(user, monitor.agent_id, monitor.queue)
