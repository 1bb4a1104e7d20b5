"""Cutting the audit: each chain by itself, from its beginning, and never without a note of it in that chain."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.audit import CHAIN, SYSTEM, Action, By, Entry
from adapter.errors import NotFound
from adapter.store.chain import ANCHORED
from adapter.store.chains import INSTALLATION, Chain, all_chains, find, last_cut, number_of
from adapter.store.entries import anchor, append, take_chain
from adapter.store.proof import INSTALL_KEY, Proof
from adapter.store.retention import Plan, held_against
from adapter.store.tables import AuditCutRow, AuditRow, FactRow

CUT_AT_ONCE = 20_000
"""Rows deleted in one transaction, so that a long cut keeps the database's deadline."""


class Cuts(Proof):
    """Of the audit. All methods raise StoreUnavailable when the database does not answer."""

    async def plans(self, keep: timedelta) -> Sequence[Plan]:
        """What may be cut of what is older than `keep`, of each chain that has entries.

        Only what is old without a gap, from a chain's first entry on: one wrong time in between takes nothing along.
        """
        async with self._database.read() as session:
            if (newest := await latest(session)) is None:
                return []
            before = held_against(keep, self._clock.now(), self._clock.steady(), newest)
            found = [await _plan(session, chain, before) for chain in await all_chains(session)]
        return [plan for plan in found if plan is not None]

    async def plan(self, keep: timedelta, through: int | None = None, chain: str = CHAIN) -> Plan | None:
        """The same of one chain; None when it has no entries at all.

        `through`: up to this number, whatever the times say; NotFound where there is no such entry yet, or no chain.
        """
        if through is None:
            return next((plan for plan in await self.plans(keep) if plan.chain == chain), None)
        async with self._database.read() as session:
            found = await find(session, chain)
            if found is None:
                raise NotFound(f"The audit has no chain of {chain}.")
            return await _plan_through(session, found, through)

    async def cut(self, plan: Plan, by: By = SYSTEM, why: str = "retention") -> int:
        """Delete what was planned. A note of what it was stays in the chain; it says too if that was not whole.

        Returns how many entries were deleted. Nothing is done when another cut came first.
        """
        faults = await self.whole_until(plan)
        now = self._clock.now()
        async with self._database.work() as session:
            await take_chain(session, plan.chain)
            chain = await find(session, plan.chain)
            cut = await last_cut(session, chain) if chain else None
            if chain and plan.count and plan.first == (number_of(cut.seq) if cut else 0) + 1:
                where = f", in the chain{plan.of}" if plan.of else ""
                note = f"{plan.note}{where}; {why}" + (f"; THE CHAIN WAS NOT WHOLE: {faults[0]}" if faults else "")
                target = f"{plan.last}:{plan.hash}"
                await append(session, [Entry(at=now, by=by, action=Action.CUT, target=target, reason=note)], plan.chain)
                session.add(AuditCutRow(seq=chain.seq(plan.last), hash=plan.hash))
                key = await session.scalar(select(FactRow.value).where(FactRow.name == INSTALL_KEY))
                if chain == INSTALLATION and key:  # what said before where the others end may be what goes
                    await session.run_sync(anchor, bytes.fromhex(key), now)
        return await self.finish_cut()

    async def whole_until(self, plan: Plan) -> Sequence[str]:
        """What is wrong with the chain from its beginning to where it would be cut: that would destroy the proof."""
        async with self._database.read() as session:
            chain = await find(session, plan.chain)
        return await self.faults_until(chain, plan.last) if chain else [f"there is no chain of {plan.chain}"]

    async def finish_cut(self) -> int:
        """Delete what cuts took, also what a former run did not come to; the triggers let nothing else go."""
        async with self._database.read() as session:
            chains = await all_chains(session)
        return sum([await self._finish(chain) for chain in chains])

    async def _finish(self, chain: Chain) -> int:
        deleted = 0
        while True:
            async with self._database.work() as session:
                cut, first = await last_cut(session, chain), await _first(session, chain)
                if cut is None or first is None or first > cut.seq:
                    return deleted
                end = min(cut.seq, first + CUT_AT_ONCE - 1)
                done = await session.execute(delete(AuditRow).where(AuditRow.seq >= first, AuditRow.seq <= end))
                deleted += int(done.rowcount)  # type: ignore[attr-defined]


async def latest(session: AsyncSession) -> datetime | None:
    """When the last entry was made, of whichever chain; what binds the chains tells of nothing that happened."""
    found = [await _last(session, chain, AuditRow.action != ANCHORED) for chain in await all_chains(session)]
    return max((row.at for row in found if row is not None), default=None)


async def _plan(session: AsyncSession, chain: Chain, before: datetime) -> Plan | None:
    newest, first = await _last(session, chain), await _after_cut(session, chain)
    if newest is None or first is None:
        return None
    kept = select(func.min(AuditRow.seq)).where(AuditRow.seq >= first.seq, AuditRow.seq < chain.end)
    stop = await session.scalar(kept.where(AuditRow.at >= before))
    end = newest.seq if stop is None else stop - 1
    old_behind = select(AuditRow.seq).where(AuditRow.seq > end, AuditRow.seq < chain.end, AuditRow.at < before)
    stopped = stop is not None and await session.scalar(old_behind.limit(1)) is not None
    return await _of(session, chain, (first, newest), end, before, stop if stopped else None)


async def _plan_through(session: AsyncSession, chain: Chain, through: int) -> Plan | None:
    newest, first = await _last(session, chain), await _after_cut(session, chain)
    if newest is None or first is None:
        return None
    if through > number_of(newest.seq):
        raise NotFound(f"There is no entry {through}; the last one is {number_of(newest.seq)}.")
    end = chain.seq(through)
    mine = select(func.max(AuditRow.at)).where(AuditRow.seq >= first.seq, AuditRow.seq <= end)
    until = await session.scalar(mine)
    return await _of(session, chain, (first, newest), end, (until or first.at) + timedelta(milliseconds=1), None)


async def _of(
    session: AsyncSession,
    chain: Chain,
    ends: tuple[AuditRow, AuditRow],
    end: int,
    before: datetime,
    stopped: int | None,
) -> Plan:
    """The plan to cut from the chain's first entry, `ends[0]`, to the one with the `seq` `end`."""
    first, newest = ends
    taken = select(AuditRow).where(AuditRow.seq >= first.seq, AuditRow.seq <= end)
    last = await session.scalar(taken.order_by(AuditRow.seq.desc()).limit(1))
    number, total = number_of(first.seq), newest.seq - first.seq + 1
    by = None if stopped is None else number_of(stopped)
    if last is None:
        return Plan(number, number - 1, total, first.previous, first.at, first.at, before, by, chain.name)
    return Plan(number, number_of(last.seq), total, last.hash, first.at, last.at, before, by, chain.name)


async def _first(session: AsyncSession, chain: Chain) -> int | None:
    mine = (AuditRow.seq >= chain.seq(0), AuditRow.seq < chain.end)
    found: int | None = await session.scalar(select(func.min(AuditRow.seq)).where(*mine))
    return found


async def _last(session: AsyncSession, chain: Chain, *wanted: ColumnElement[bool]) -> AuditRow | None:
    mine = select(AuditRow).where(AuditRow.seq >= chain.seq(0), AuditRow.seq < chain.end, *wanted)
    found: AuditRow | None = await session.scalar(mine.order_by(AuditRow.seq.desc()).limit(1))
    return found


async def _after_cut(session: AsyncSession, chain: Chain) -> AuditRow | None:
    """The first entry that no cut took."""
    cut = await last_cut(session, chain)
    after = cut.seq if cut else chain.seq(0)
    mine = select(AuditRow).where(AuditRow.seq > after, AuditRow.seq < chain.end)
    found: AuditRow | None = await session.scalar(mine.order_by(AuditRow.seq).limit(1))
    return found
