"""The proof that the audit is whole: every chain by itself, and all of them by what the installation's says of others.

Whoever can write the whole database could make new chains, or take the last entries off: so the installation's head
goes out by itself (`adapter.health.heads`), and `verify` takes back every head that was ever sent. It speaks for the
other chains too, up to where the installation's chain said last that they end.
"""

from collections.abc import AsyncIterator, Iterable, Sequence

from sqlalchemy import select

from adapter.core.audit import CHAIN
from adapter.core.clock import Clock
from adapter.core.heads import End, SentHead
from adapter.store.chain import MOST_FAULTS, Anchors, ChainVerdict, Verdict, Walk
from adapter.store.chains import BITS, INSTALLATION, Chain, Tied, all_chains, all_ends, find, last_cut, number_of, tied
from adapter.store.database import Database
from adapter.store.entries import anchor
from adapter.store.tables import AuditRow, FactRow

PAGE = 1000
"""Rows read at once while all are gone through."""
INSTALL_KEY = "install_key"
"""The fact that is the installation's key."""


class Proof:
    """Of the audit. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def anchor(self, key: bytes) -> None:
        """Say in the installation's chain where the others end now. `key`: the installation's."""
        now = self._clock.now()
        await self._database.run(lambda session: anchor(session, key, now))

    async def head(self) -> End:
        """Where the installation's chain ends now."""
        return (await self.ends())[0]

    async def ends(self) -> Sequence[End]:
        """Where all chains end now, the installation's first."""
        async with self._database.read() as session:
            return await all_ends(session)

    async def holds(self, end: End) -> bool:
        """Whether this was an end of the chain that is there now; also where a cut took it since."""
        async with self._database.read() as session:
            chain = await find(session, end.chain)
            if chain is None:
                return False
            cut = await last_cut(session, chain)
            if end.seq < (number_of(cut.seq) if cut else 1):
                return True
            found = await session.scalar(select(AuditRow.hash).where(AuditRow.seq == chain.seq(end.seq)))
            return end.hash == found or (cut is not None and (chain.seq(end.seq), end.hash) == (cut.seq, cut.hash))

    async def verify(
        self, noted: str | Sequence[str] | None = None, heads: Sequence[SentHead] = (), key: bytes = b""
    ) -> Verdict:
        """Go through all chains. `noted`: heads that were written down before and must still be in them.

        `heads`: those that were sent, sealed with the installation's `key`; each must be borne out too.
        """
        async with self._database.read() as session:
            known = await all_chains(session)
            kept = await session.scalar(select(FactRow.value).where(FactRow.name == INSTALL_KEY))
        wanted = _by_chain([noted] if isinstance(noted, str) else noted or ())
        anchors = Anchors(bytes.fromhex(kept) if kept else key)
        first, *others = [
            await self._verdict(chain, wanted.pop(chain.name, []), anchors, key, heads) for chain in known
        ]
        faults = [*first.faults, *(fault for other in others for fault in other.faults)]
        async with self._database.read() as session:  # what began meanwhile is there, and was not gone through
            now = {chain.name for chain in await all_chains(session)}
        missing = {*anchors.claims, *wanted} - now
        faults += [f"the chain of {name} is missing: there was one" for name in sorted(missing)]
        faults += await self._strays(known)
        pbxes = [
            ChainVerdict(chain.name, one.entries, one.first, one.head)
            for chain, one in zip(known[1:], others, strict=True)
        ]
        return Verdict(
            first.entries + sum(one.entries for one in others),
            first.first,
            first.head,
            faults[:MOST_FAULTS],
            [*first.cuts, *(cut for other in others for cut in other.cuts)],
            first.proven,
            first.beyond,
            pbxes,
        )

    async def _verdict(
        self, chain: Chain, noted: Sequence[str], anchors: Anchors, key: bytes, heads: Sequence[SentHead]
    ) -> Verdict:
        async with self._database.read() as session:
            kept = await tied(session, chain)
        is_first = chain == INSTALLATION
        walk = _walk(kept, noted, anchors if is_first else None)
        if is_first:
            walk.expect(key, heads)
        else:
            walk.expect_said(anchors.claims.get(chain.name, ()))
        async for row in self._rows(chain, walk.seq, walk.head_seq):
            walk.take(row)
        return walk.verdict()

    async def faults_until(self, chain: Chain, number: int) -> Sequence[str]:
        """What is wrong with a chain from its beginning to this entry."""
        async with self._database.read() as session:
            kept = await tied(session, chain)
        walk = _walk(kept._replace(head=f"{number}:"), (), None)
        async for row in self._rows(chain, walk.seq, number):
            walk.take(row)
        return walk.faults

    async def _rows(self, chain: Chain, after: int, until: int) -> AsyncIterator[AuditRow]:
        last, end = chain.seq(after), min(chain.seq(until), chain.end - 1)
        while last < end:
            async with self._database.read() as session:
                query = select(AuditRow).where(AuditRow.seq > last, AuditRow.seq <= end).order_by(AuditRow.seq)
                rows = list(await session.scalars(query.limit(PAGE)))
            for row in rows:
                yield row
                last = row.seq
            if not rows:
                return

    async def _strays(self, known: Sequence[Chain]) -> Sequence[str]:
        """Entries that lie in no chain that there is. A chain may have begun since `known` was read."""
        found = []
        async with self._database.read() as session:
            for chain, following in zip(known, [*known[1:], None], strict=True):
                query = select(AuditRow.seq, AuditRow.id).where(AuditRow.seq >= chain.end).order_by(AuditRow.seq)
                if following is not None:
                    query = query.where(AuditRow.seq <= following.seq(0))
                found += list(await session.execute(query.limit(1)))
        async with self._database.read() as session:
            now = {chain.id for chain in await all_chains(session)}
        strays = [entry_id for seq, entry_id in found if number_of(seq) == 0 or seq >> BITS not in now]
        return [f"the entry with the id {stray} is in no chain that there is" for stray in strays]


def _walk(kept: Tied, noted: Sequence[str], anchors: Anchors | None) -> Walk:
    return Walk(kept.cut, kept.head, noted, name=kept.chain.name, base=kept.chain.seq(0), anchors=anchors)


def _by_chain(noted: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in noted:
        *name, number, entry_hash = one.split(":")
        found.setdefault(name[0] if name else CHAIN, []).append(f"{number}:{entry_hash}")
    return found
