"""The audit's chains: the installation's, and one for each PBX, so that what is written of two PBXes waits for nobody.

All are in one table. An entry's `seq` says both its chain and its number in it: the upper bits are the chain's id (the
installation's is 0, so its entries are numbered as ever), the lower `BITS` the number. So one number finds an entry, no
two chains ever share one, and adapters of the version before, which know one chain, read and write that one beside us.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.types import String

from adapter.core.audit import CHAIN
from adapter.core.heads import End
from adapter.store.chain import START
from adapter.store.chain_tables import AuditChainRow
from adapter.store.database import take_turn
from adapter.store.locks import HAS_WRITTEN, is_postgresql
from adapter.store.prepared import Prepared
from adapter.store.tables import AuditCutRow, FactRow

HEAD = "audit_head"
"""The fact that is the head of the installation's chain; those of PBXes are in `audit_chains`."""
BITS = 40
LONGEST_NUMBER = 19
"""Digits of a head's number; one that was tampered with may have any."""
TIPS = "tips"
"""Where a transaction keeps the ends of the chains that it holds."""


class Chain(NamedTuple):
    """One chain."""

    id: int
    name: str

    def seq(self, number: int) -> int:
        """Which `seq` the entry of this number has."""
        return (self.id << BITS) + number

    @property
    def end(self) -> int:
        """The `seq` behind its last possible one."""
        return (self.id + 1) << BITS


INSTALLATION = Chain(0, CHAIN)


class Tip(NamedTuple):
    """Where a chain ends for whoever may add to it now."""

    chain: Chain
    number: int
    hash: str

    @property
    def head(self) -> str:
        """As it is kept."""
        return f"{self.number}:{self.hash}"


def number_of(seq: int) -> int:
    """The number that an entry has in its chain."""
    return seq & ((1 << BITS) - 1)


def take(session: Session, names: Iterable[str]) -> dict[str, Tip]:
    """Be the only one who adds to these chains, until the transaction ends: the installation's first, others by id.

    Whoever needs the installation's together with others takes it first or with them. Returns all that are held.
    """
    held: dict[str, Tip] = session.info.setdefault(TIPS, {})
    wanted = sorted(set(names) - held.keys())
    if wanted:
        session.info[HAS_WRITTEN] = True
    if CHAIN in wanted:
        held[CHAIN] = _tip(INSTALLATION, take_turn(session, HEAD))
        wanted.remove(CHAIN)
    if wanted:
        found = _take(session, wanted)
        for name in wanted:
            if name not in found:
                _NEW.run(session, [{"name": name, "head": f"0:{START}"}])
        if missing := [name for name in wanted if name not in found]:
            found |= _take(session, missing)
        held |= found
    return held


def keep(session: Session, tips: Iterable[Tip]) -> None:
    """These chains end here now; they are held."""
    held: dict[str, Tip] = session.info.setdefault(TIPS, {})
    for tip in tips:
        if tip.chain == INSTALLATION:
            _SET_HEAD.run(session, [{"name": HEAD, "head": tip.head}])
        else:
            _SET_CHAIN.run(session, [{"name": tip.chain.name, "head": tip.head}])
        held[tip.chain.name] = tip


def _take(session: Session, names: Sequence[str]) -> dict[str, Tip]:
    if is_postgresql(session):
        rows = [tuple(row) for row in session.connection().execute(_TAKE_THESE, {"names": names})]
    else:  # writing first: so SQLite gives its one write lock at once
        rows = [tuple(row) for name in names if (row := _TAKE_ONE.one(session, {"name": name}))]
    return {name: _tip(Chain(number, name), head) for number, name, head in rows}


_TAKE_ONE = Prepared(text("UPDATE audit_chains SET head = head WHERE name = :name RETURNING id, name, head"))
_TAKE_THESE = text(
    "SELECT id, name, head FROM audit_chains WHERE name = ANY(:names) ORDER BY id FOR UPDATE"
).bindparams(bindparam("names", type_=ARRAY(String)))
_NEW = Prepared(text("INSERT INTO audit_chains (name, head) VALUES (:name, :head) ON CONFLICT (name) DO NOTHING"))
_SET_HEAD = Prepared(text("UPDATE facts SET value = :head WHERE name = :name"))
_SET_CHAIN = Prepared(text("UPDATE audit_chains SET head = :head WHERE name = :name"))


def _tip(chain: Chain, head: str) -> Tip:
    number, _, entry_hash = head.partition(":")
    return Tip(chain, int(number), entry_hash)


class Tied(NamedTuple):
    """One chain as it is kept: where it ends, and the last of its entries that a cut took."""

    chain: Chain
    head: str
    cut: AuditCutRow | None


def _stated(name: str, head: str) -> End:
    """The end that a head states; of number 0 where it is no head."""
    number, _, entry_hash = head.partition(":")
    return End(name, int(number) if number.isdigit() and len(number) < LONGEST_NUMBER else 0, entry_hash)


async def all_chains(session: AsyncSession) -> Sequence[Chain]:
    """All chains, by their ids: the installation's first."""
    rows = await session.execute(select(AuditChainRow.id, AuditChainRow.name).order_by(AuditChainRow.id))
    return [INSTALLATION, *(Chain(number, name) for number, name in rows)]


async def all_ends(session: AsyncSession) -> Sequence[End]:
    """Where all chains end as their heads state it, the installation's first."""
    head = await session.scalar(select(FactRow.value).where(FactRow.name == HEAD))
    rows = await session.execute(select(AuditChainRow.name, AuditChainRow.head).order_by(AuditChainRow.id))
    return [_stated(CHAIN, str(head)), *(_stated(name, other) for name, other in rows)]


async def find(session: AsyncSession, name: str) -> Chain | None:
    """A chain by its name."""
    if name == CHAIN:
        return INSTALLATION
    number = await session.scalar(select(AuditChainRow.id).where(AuditChainRow.name == name))
    return None if number is None else Chain(number, name)


async def tied(session: AsyncSession, chain: Chain) -> Tied:
    """A chain as it is kept now."""
    query = select(FactRow.value).where(FactRow.name == HEAD)
    if chain != INSTALLATION:
        query = select(AuditChainRow.head).where(AuditChainRow.name == chain.name)
    head = await session.scalar(query)
    return Tied(chain, str(head), await last_cut(session, chain))


async def last_cut(session: AsyncSession, chain: Chain) -> AuditCutRow | None:
    """The last cut of a chain."""
    mine = select(AuditCutRow).where(AuditCutRow.seq >= chain.seq(0), AuditCutRow.seq < chain.end)
    cut: AuditCutRow | None = await session.scalar(mine.order_by(AuditCutRow.seq.desc()).limit(1))
    return cut
