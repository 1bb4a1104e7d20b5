"""Telling an agent whose page is not open, on the phone, who talks to them: a SIP MESSAGE, never in silence."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from adapter.core.call import Call
from adapter.core.changes import Changes, MonitorChange
from adapter.core.modes import Mode
from adapter.errors import AdapterError
from adapter.monitoring.ports import Picture
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

SETTLE = 0.02
"""Seconds before a message is sent: the supervisor's answer goes first."""
TEXTS = {
    Mode.WHISPER: "{name} can talk to you; the customer can't hear it.",
    Mode.BARGE: "{name} has joined the call; you and the customer hear it.",
}


class PhoneMessages:
    """`send` takes an endpoint and a text; `is_at_page` says whether a user has a page open."""

    def __init__(
        self, picture: Picture, send: Callable[[str, str], Awaitable[None]], is_at_page: Callable[[str], bool]
    ) -> None:
        self._picture, self._send, self._is_at_page = picture, send, is_at_page
        self._tasks = BackgroundTasks("phone messages")
        picture.subscribe(self._heard)

    def _heard(self, changes: Changes) -> None:
        for change in changes.monitors:
            call = self._picture.call(change.after.call_id)
            if call is not None and _begins_to_talk(change) and self._is_wanted(call):
                text = TEXTS[change.after.mode].format(name=change.after.supervisor.name)
                self._tasks.start(self._tell(call.agent.endpoint, text), f"to {call.agent.endpoint}")

    def _is_wanted(self, call: Call) -> bool:
        user = self._picture.directory.users.get(call.agent.user_id or "")
        return user is None or (user.phone_message and not self._is_at_page(user.id))

    async def _tell(self, endpoint: str, text: str) -> None:
        await asyncio.sleep(SETTLE)
        try:
            await self._send(endpoint, text)
        except AdapterError as problem:
            log.warning("the message to an agent's phone failed", endpoint=endpoint, why=str(problem))

    async def close(self) -> None:
        """Send nothing more."""
        await self._tasks.close()


def _begins_to_talk(change: MonitorChange) -> bool:
    before, after = change.before, change.after
    return after.talks and not (before and before.talks and before.mode is after.mode)
