"""What an owner of a PBX that is no more has left of it in the database, for the one that comes after it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, cast, delete, select

from adapter.core.bars import Bar, Making
from adapter.core.follow import Follow, FollowState
from adapter.core.monitor import Monitor, MonitorState
from adapter.core.record import OpenCall
from adapter.core.shield import Shield
from adapter.store import bars, monitors, record, shields
from adapter.store.coaching_tables import FollowRow
from adapter.store.cuts import latest
from adapter.store.database import Database, next_number
from adapter.store.follows import follow_of
from adapter.store.shield_tables import ShieldRow
from adapter.store.tables import RUNNING, BarRow, MakingRow, MonitorRow, OpenCallRow

ACROSS = '"elsewhere":["'
"""How a bar's data tell that its conversation is at several PBXes."""
MAKINGS = "makings_number"
"""The fact that numbers what is made at any adapter, in its order."""


@dataclass(frozen=True, slots=True)
class Left:
    """All that is kept of some PBXes."""

    open_calls: Mapping[str, OpenCall]
    """Calls of whose end programs are still to be told."""
    monitors: Sequence[Monitor]
    """Monitors that had not ended."""
    follows: Sequence[Follow]
    """Follows that had not ended."""
    latest: datetime | None
    """The time of the audit's last entry."""
    bars: Sequence[Bar]
    """Conversations that were not over."""
    makings: Sequence[Making]
    shields: Sequence[Shield] = ()
    """Shields that had not ended."""


class LeftBehind:
    """Reads it. All methods raise StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, is_meant: Callable[[str], bool]) -> Left:
        """What is kept of PBXes, by their ids."""
        async with self._database.read() as session:
            calls = {row.call_id: record.call_of(row) for row in await session.scalars(select(OpenCallRow))}
            unfinished = await session.scalars(select(MonitorRow).where(MonitorRow.state != MonitorState.ENDED.value))
            following = await session.scalars(select(FollowRow).where(FollowRow.state != FollowState.ENDED.value))
            found = [bars.bar_of(row) for row in await session.scalars(select(BarRow))]
            return Left(
                {one: known for one, known in calls.items() if is_meant(known.call.pbx)},
                [monitors.monitor_of(row) for row in unfinished if is_meant(row.pbx)],
                [follow_of(row) for row in following if is_meant(row.pbx)],
                await latest(session),
                [bar for bar in found if any(map(is_meant, bar.pbxes))],
                [bars.making_of(row) for row in await session.scalars(select(MakingRow))],
                [
                    shields.shield_of(row)
                    for row in await session.scalars(select(ShieldRow).where(ShieldRow.ended_at.is_(None)))
                    if is_meant(row.pbx)
                ],
            )

    async def pbxes(self) -> Collection[str]:
        """The PBXes of which anything is left: monitors that have not ended, open calls, bars."""
        async with self._database.read() as session:
            found = {*await session.scalars(select(MonitorRow.pbx).where(RUNNING).distinct())}
            for named in (cast(OpenCallRow.data, JSON)["call"]["pbx"], cast(BarRow.data, JSON)["pbx"]):
                found.update(await session.scalars(select(named.as_string()).distinct()))
            across = await session.scalars(select(BarRow).where(BarRow.data.contains(ACROSS, autoescape=True)))
            return found.union(*(bars.bar_of(row).pbxes for row in across))

    async def makings(self) -> Sequence[Making]:
        """What somebody made while conversations ran."""
        async with self._database.read() as session:
            return [bars.making_of(row) for row in await session.scalars(select(MakingRow))]

    async def forget_makings(self, below: int) -> None:
        """Those with lower numbers count for no conversation any more."""
        async with self._database.work() as session:
            await session.execute(delete(MakingRow).where(MakingRow.number < below))

    async def next_making(self, at_least: int) -> int:
        """A number that is higher than all that were given, at whatever adapter, and no lower than this one."""
        return await self._database.run(lambda session: next_number(session, MAKINGS, at_least))
