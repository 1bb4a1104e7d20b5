"""Locks that are more than a fact's turn: held by many at once or by one alone; and of names that are no rows.

SQLite has one writer at a time, so there a turn is all of them. PostgreSQL's queue for advisory locks (its manual,
section 13.3.5) lets nobody overtake who waits to be alone; locks of rows would let those who share one come in again
and again. The row is locked as well: adapters of the version before, which may run beside, know only that one.
"""

import zlib
from collections.abc import Iterable

from sqlalchemy import Integer, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from adapter.store.database import take_turn
from adapter.store.prepared import Prepared

GATE, PLACE, LANE = 0x434D4F47, 0x434D4F50, 0x434D4F4C
"""First keys of the advisory locks ("CMOG", "CMOP", "CMOL"); the second is of a name."""

BUCKETS = 256
"""Locks that all lanes share, so that one transaction holds no more: PostgreSQL has room for 64 times its connections
(`max_locks_per_transaction`, as shipped)."""

HAS_WRITTEN = "has written"
"""Where a transaction keeps that it has: on SQLite it is alone from then on."""

_TOGETHER = Prepared(
    text(
        "WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(:key, :of)), "
        "held AS MATERIALIZED (SELECT pg_advisory_xact_lock(:lane, n) FROM gate, unnest(:lanes) AS n) "
        "SELECT value, (SELECT count(*) FROM held) FROM facts, gate WHERE name = :name FOR SHARE OF facts"
    ).bindparams(bindparam("lanes", type_=ARRAY(Integer)))
)
_ALONE = Prepared(text("SELECT pg_advisory_xact_lock(:key, :of)"))


def together(session: Session, fact: str, lanes: Iterable[str] = ()) -> None:
    """Hold this fact with others who do so too, until the transaction ends; nobody holds it `alone` meanwhile.

    `lanes`: what of it nobody else holds either. All in one statement; nobody takes more lanes later.
    """
    if is_postgresql(session):
        buckets = sorted({zlib.crc32(lane.encode()) % BUCKETS for lane in lanes})
        _TOGETHER.one(session, {"key": GATE, "of": _number(fact), "name": fact, "lane": LANE, "lanes": buckets})
    elif HAS_WRITTEN not in session.info:
        take_turn(session, fact)


def alone(session: Session, fact: str) -> None:
    """Hold it with nobody else. Never after `together`: two who both waited for that would wait for ever."""
    if is_postgresql(session):
        _ALONE.one(session, {"key": GATE, "of": _number(fact)})
        take_turn(session, fact)
    elif HAS_WRITTEN not in session.info:
        take_turn(session, fact)


def take_places(session: Session, supervisors: Iterable[str]) -> None:
    """Decide what begins for these people by one at a time, until the transaction ends: to be taken before it is read
    what they do already. On SQLite whoever has written is alone."""
    if is_postgresql(session):
        for one in sorted(set(map(_number, supervisors))):
            _ALONE.one(session, {"key": PLACE, "of": one})


def is_postgresql(session: Session) -> bool:
    """Whether others may write at the same time."""
    return (session.bind or session.get_bind()).dialect.name == "postgresql"  # get_bind costs as much as a statement


def _number(name: str) -> int:
    """A name as an advisory lock's key, which has 32 bits with a sign: who shares one by chance only waits longer."""
    return zlib.crc32(name.encode()) - 2**31
