"""Following agents at a PBX that another adapter owns: asked once, as all else is (`adapter.fleet.forward`)."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace

from adapter import errors
from adapter.core.audit import By, Via
from adapter.core.follow import Follow
from adapter.core.people import User
from adapter.fleet.messages import Action, Answer, Command
from adapter.monitoring.ports import BROWSER, FollowRequest


class RemoteFollows:
    """Called as `monitoring.follows.Follows` is, with the same errors.

    `command` makes what the owner is asked; `ask` returns its answer; `page_of`: what to ring for a user's page.
    """

    def __init__(
        self,
        command: Callable[[Action, str, By, str], Command],
        ask: Callable[[Command], Awaitable[Answer]],
        page_of: Callable[[str], str | None],
    ) -> None:
        self._command, self._ask, self._page_of = command, ask, page_of

    async def start(
        self, user: User, request: FollowRequest, by: By | None = None, follow_id: str | None = None
    ) -> Follow:
        """Ring the supervisor's device. Returns the follow connecting."""
        command = self._command(Action.FOLLOW, user.id, by or _by(user), follow_id or uuid.uuid4().hex)
        if request.device == BROWSER:
            request = replace(request, page=self._page_of(user.id) or "")
        answer = await self._ask(replace(command, follow=request))
        if answer.follow is None:
            raise errors.PbxTimeout("The adapter that looks after this PBX did not say what became of it.")
        return answer.follow

    async def stop(self, user: User, follow_id: str, by: By | None = None) -> None:
        """End a follow; returns once its leg is gone."""
        await self._ask(self._command(Action.END_FOLLOW, user.id, by or _by(user), follow_id))


def _by(user: User) -> By:
    return By(user.username, Via.SESSION)
