"""How a message between a supervisor and an agent looks. Pure."""

from adapter.core.messages import CoachMessage
from adapter.core.people import User
from adapter.core.views import Json, time_view


def message_view(message: CoachMessage, user: User) -> Json:
    """The contract's message. To the agent its monitor is the talk."""
    return _view(message, message.talk if message.agent_id == user.id else message.monitor_id)


def exported_view(message: CoachMessage) -> Json:
    """The same in what is given out about an agent, and may come to them: of the talk.

    By the monitor's id they could tell that two talks were of one monitor, so that somebody listened in between.
    """
    return _view(message, message.talk)


def _view(message: CoachMessage, monitor_id: str) -> Json:
    return {
        "id": message.id,
        "monitor_id": monitor_id,
        "call_id": message.call_id,
        "at": time_view(message.at),
        "from": message.sender.value,
        "author": {"user_id": message.author_id, "name": message.author_name},
        "text": message.text,
    }
