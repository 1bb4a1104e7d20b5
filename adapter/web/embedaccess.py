"""What an embed's session may do: the whole list, and how it is known that it is about the embed's own call."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from adapter.core.embeds import Embed
from adapter.errors import Forbidden, NotFound
from adapter.web.embedded import EmbedSessions

IsOwn = Callable[[EmbedSessions, Embed, str, Any], Awaitable[bool]]


async def _its_call(sessions: EmbedSessions, embed: Embed, part: str, given: Any) -> bool:
    call = sessions.call(embed)
    return call is not None and call.id == part


async def _starts_there(sessions: EmbedSessions, embed: Embed, part: str, given: Any) -> bool:
    """By the call's id: a number or an extension may come to mean another call."""
    return given.call_id is not None and await _its_call(sessions, embed, given.call_id, None)


async def _own_monitor(sessions: EmbedSessions, embed: Embed, part: str, given: Any) -> bool:
    """The supervisor's own, of this call or of what became of it."""
    monitor = await sessions.monitor(part)
    if monitor is None or monitor.supervisor.user_id != embed.user_id:
        return False
    is_there = monitor.call_id == embed.call_id or await _its_call(sessions, embed, monitor.call_id, None)
    return is_there or monitor.conversation_id in sessions.names(embed)


async def _asked_there(sessions: EmbedSessions, embed: Embed, part: str, given: Any) -> bool:
    request = sessions.help(part)
    return request is not None and await _its_call(sessions, embed, request.call_id, None)


async def _always(sessions: EmbedSessions, embed: Embed, part: str, given: Any) -> bool:
    """Nothing is named: what it is about is the embed's own by itself."""
    return True


ALLOWED: Mapping[str, IsOwn] = {
    "GET /events": _always,
    "GET /calls/{id}": _its_call,
    "POST /monitors": _starts_there,
    "PATCH /monitors/{id}": _own_monitor,
    "DELETE /monitors/{id}": _own_monitor,
    "POST /help/{id}/take": _asked_there,
    "POST /calls/{id}/shield": _its_call,
    "DELETE /calls/{id}/shield": _its_call,
}
"""What is not here no embed may do, whatever its supervisor may."""


def need_allowed(operation: str) -> None:
    """Raise Forbidden for what no embed may do."""
    if operation not in ALLOWED:
        raise Forbidden("A frame in a CRM's page can only look at its call and monitor it.")


async def need_own(sessions: EmbedSessions, embed: Embed, operation: str, part: str, given: Any) -> None:
    """Raise NotFound where it is not about the embed's own call. `part`: the id in the path; `given`: the body.

    Raises StoreUnavailable where an ended monitor can't be looked up.
    """
    if not await ALLOWED[operation](sessions, embed, part, given):
        raise NotFound("This is not of the call of this frame.")
