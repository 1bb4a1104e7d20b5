"""How a message between a supervisor and an agent looks. Pure."""

from adapter.core.messages import CoachMessage
from adapter.core.people import User
from adapter.core.views import Json, time_view


def message_view(message: CoachMessage, user: User) -> Json:
    """The contract's message. To the agent its monitor is the talk."""
    to_agent = message.agent_id == user.id
    return {
        "id": message.id,
        "monitor_id": message.talk if to_agent else message.monitor_id,
        "call_id": message.call_id,
        "at": time_view(message.at),
        "from": message.sender.value,
        "author": {"user_id": message.author_id, "name": message.author_name},
        "text": message.text,
    }
