"""Sessions of embeds: who stands behind one, and for which call it is now."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from adapter.core.call import Call
from adapter.core.embeds import AFTER_CALL, SESSION_LASTS, Embed, by_embed, call_of
from adapter.core.help import HelpRequest
from adapter.core.monitor import Monitor
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.errors import NotAuthenticated
from adapter.monitoring.boards import Boards
from adapter.store.embeds import SESSION
from adapter.web.principal import Principal
from adapter.web.ttl_cache import TtlCache

FORGOTTEN = 2 * SESSION_LASTS.total_seconds()
"""Seconds after which no session can be left that was seen without a call then."""
Find = Callable[[str], Awaitable[Monitor | None]]
ENDED = "This frame's session has ended. Open the call in the CRM again."


def is_embed(secret: str) -> bool:
    """Whether a bearer token is an embed's session, by how it begins."""
    return secret.startswith(SESSION)


class Sites(NamedTuple):
    """Whose pages may show frames, as configured."""

    origins: Sequence[str]
    ancestors: Sequence[str] = ()
    """Of the pages around those, where they are frames themselves."""


class EmbedSessions:
    """All that are open. `find`: one monitor, also an ended one; `passing`: seconds of a clock that nobody can set."""

    def __init__(
        self,
        boards: Boards,
        cache: TtlCache[Embed],
        sites: Sites,
        find: Find,
        passing: Callable[[], float] = time.monotonic,
    ) -> None:
        self._boards, self._cache, self.sites, self._find, self._passing = boards, cache, sites, find, passing
        self._callless: dict[str, float] = {}
        """By embed: since when it has no call, as far as was seen here."""

    async def principal(self, secret: str, now: datetime) -> Principal:
        """Who is behind this session. Raises NotAuthenticated, and StoreUnavailable."""
        embed = await self._cache.find(secret, now)
        if embed is None or embed.ends_at is None or embed.ends_at <= now or embed.origin not in self.sites.origins:
            raise NotAuthenticated(ENDED)
        user = self.supervisor(embed)
        if user is None or self._is_long_over(embed):
            raise NotAuthenticated(ENDED)
        return Principal(user, None, None, by_embed(embed, user), embed)

    def supervisor(self, embed: Embed) -> User | None:
        """For whom it is; None where they may not monitor any more."""
        user = self._boards.directory.users.get(embed.user_id)
        return user if user is not None and may_monitor(user) else None

    def call(self, embed: Embed) -> Call | None:
        """Which call it is for now, whether its supervisor may see that or not."""
        if (own := self._boards.call(embed.call_id)) is not None:
            return own
        return call_of(embed, self._boards.calls(), self.names(embed))

    def names(self, embed: Embed) -> frozenset[str]:
        """All ids that its conversation has, or had."""
        return self._boards.bars.known_as(embed.conversation_id)[0]

    def _is_long_over(self, embed: Embed) -> bool:
        """Its call was over for `AFTER_CALL` when we looked. While a PBX is out of sight, nothing is over."""
        if not self._boards.complete or self.call(embed) is not None:
            self._callless.pop(embed.id, None)
            return False
        now = self._passing()
        self._callless = {one: since for one, since in self._callless.items() if now - since < FORGOTTEN}
        return now - self._callless.setdefault(embed.id, now) > AFTER_CALL

    async def monitor(self, monitor_id: str) -> Monitor | None:
        """One monitor, also an ended one. Raises StoreUnavailable."""
        return self._boards.monitor(monitor_id) or await self._find(monitor_id)

    def help(self, help_id: str) -> HelpRequest | None:
        """A request for help that is not closed."""
        return self._boards.help.get(help_id)
