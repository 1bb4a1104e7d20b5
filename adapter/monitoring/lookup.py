"""Finding calls by what another program knows of them: a number, or Asterisk's own ids."""

from collections.abc import Iterator
from typing import NamedTuple

from adapter.core.call import Call
from adapter.core.numbering import opaque
from adapter.monitoring.boards import Boards
from adapter.monitoring.e164 import same_number


class Known(NamedTuple):
    """What is known of a call; exactly one of these is given."""

    call_id: str | None = None
    number: str | None = None
    """The customer's; compared as numbers, never by how they end."""
    linkedid: str | None = None
    """Asterisk's id of the conversation, also a former one, where conversations were joined."""
    uniqueid: str | None = None
    """Asterisk's id of the agent's channel, or of the customer's."""


def matching(boards: Boards, known: Known, country: str, key: bytes) -> Iterator[Call]:
    """The calls that are meant, ringing ones too, oldest first. `country`: of numbers without a country code; `key`:
    the installation's."""
    for call in sorted(boards.calls(), key=lambda one: (one.started_at, one.id)):
        if _is_meant(boards, known, call, country, key):
            yield call


def _is_meant(boards: Boards, known: Known, call: Call, country: str, key: bytes) -> bool:
    if known.call_id is not None:
        return call.id == known.call_id
    if known.number is not None:
        return same_number(known.number, call.customer.number, country, call.customer.country)
    if known.uniqueid is not None:
        return known.uniqueid in (call.uniqueid, call.far)
    meant = opaque(call.pbx, known.linkedid or "", key)
    return meant == call.conversation_id or meant in boards.bars.known_as(call.conversation_id)[0]
