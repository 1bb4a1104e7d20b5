"""One call in a frame of a CRM's page: for one supervisor, made by a service, while that call goes on. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from adapter.core.audit import Action, By, Entry, Result, Subject, Via
from adapter.core.call import Call
from adapter.core.people import User

LINK_LASTS = timedelta(seconds=60)
"""How long a link can be opened: the CRM's page asks for it when it shows the frame, not before."""
SESSION_LASTS = timedelta(hours=1)
"""How long a frame may act at most; for a longer call the CRM asks for another link."""
AFTER_CALL = 300.0
"""Seconds for which a frame lives on when its call is over, so that what became of it can be read."""


@dataclass(frozen=True, slots=True)
class Embed:
    """One link, and the session that its first opening began."""

    id: str
    user_id: str
    """Of the supervisor, whose rights count."""
    token_id: str
    """Of the service token that asked for it, with which it ends."""
    token_name: str
    pbx: str
    call_id: str
    conversation_id: str
    origin: str
    """Of the page that may show the frame."""
    expires_at: datetime
    """Until when the link can be opened."""
    opened_at: datetime | None = None
    ends_at: datetime | None = None
    """When the session ends at the latest; None while the link was not opened."""


class Refusal(StrEnum):
    """Why a link was not opened, as the audit has it."""

    USED = "link_used"
    EXPIRED = "link_expired"
    ORIGIN = "origin"
    """It is for another site's page, or the configuration names that site no more."""
    RIGHT = "permission_revoked"
    """The supervisor may not monitor any more."""


def call_of(embed: Embed, calls: Iterable[Call], names: Collection[str]) -> Call | None:
    """Which call it shows now: its own; once that is over, the newest of the conversation (after a transfer), if any.

    `names`: all ids of its conversation. Whether its supervisor may see that call is another question.
    """
    found = [call for call in calls if call.id == embed.call_id or call.conversation_id in names]
    return max(found, key=lambda call: (call.id == embed.call_id, call.started_at, call.id), default=None)


def by_embed(embed: Embed, user: User) -> By:
    """Who acts: the supervisor, in a frame of that service. An administrator's frame administers nothing."""
    return By(user.username, Via.TOKEN, None, administers=False, detail=f"{embed.token_name} (embed)")


def embed_entry(
    action: Action, embed: Embed, by: By, at: datetime, supervisor: str, subject: Subject, why: Refusal | None = None
) -> Entry:
    """What the audit says of it; for those in that conversation, once it is over."""
    return Entry(
        at=at,
        by=by,
        action=action,
        result=Result.REFUSED if why else Result.OK,
        reason=why.value if why else None,
        target=embed.origin,
        call_id=embed.call_id,
        conversation_id=embed.conversation_id,
        supervisor=supervisor,
        subject=subject,
    )
