"""Agents and queues as a screen on the wall shows them: no customers, no calls, nor why somebody is paused. Pure."""

from dataclasses import replace

from adapter.core.agent import AgentStatus, QueueStatus
from adapter.core.floorviews import agent_view, queue_view
from adapter.core.people import User
from adapter.core.views import Json


def agent_on_wall(agent: AgentStatus, *viewers: User) -> Json:
    """The contract's agent, without the call, and without what a paused agent said of themselves.

    `viewers`: behind whose rights the screen's token stands, as for `agent_view`.
    """
    without = tuple(replace(queue, pause_reason=None) for queue in agent.queues)
    return agent_view(replace(agent, call_id=None, account_created_at=None, queues=without), *viewers)


def queue_on_wall(queue: QueueStatus) -> Json:
    """The contract's queue: how many wait and how long, but not who."""
    return {**queue_view(queue), "callers": []}
