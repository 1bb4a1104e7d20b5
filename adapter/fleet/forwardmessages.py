"""Text between supervisors and agents at a PBX that another adapter owns: asked once, as all else is (`forward`)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from adapter import errors
from adapter.core.audit import By, Via
from adapter.core.messages import CoachMessage, MessageRequest
from adapter.core.people import User
from adapter.fleet.messages import Action, Answer, Command


class RemoteMessages:
    """Called as `monitoring.coachmessages.CoachMessages` is, with the same errors.

    `command` makes what the owner is asked; `ask` returns its answer.
    """

    def __init__(
        self, command: Callable[[Action, str, By, str], Command], ask: Callable[[Command], Awaitable[Answer]]
    ) -> None:
        self._command, self._ask = command, ask

    async def send(self, user: User, monitor_id: str, request: MessageRequest, by: By | None = None) -> CoachMessage:
        """Send it. What arrives at the owner when nobody talks any more is refused there, and never sent late."""
        command = self._command(Action.MESSAGE, user.id, by or By(user.username, Via.SESSION), monitor_id)
        answer = await self._ask(replace(command, message=request))
        if answer.message is None:
            raise errors.PbxTimeout("The adapter that looks after this PBX did not say what became of it.")
        return answer.message
