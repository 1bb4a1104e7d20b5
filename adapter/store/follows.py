"""Follows in the database: one row each, as Asterisk last confirmed it. Written with the record."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from adapter.core.audit import By, read_way
from adapter.core.call import Agent
from adapter.core.follow import Follow, FollowState
from adapter.core.monitor import BROWSER, Monitor, MonitorState, Supervisor
from adapter.errors import PlaceTaken
from adapter.store.coaching_tables import FollowRow
from adapter.store.columns import reason_of
from adapter.store.database import Database
from adapter.store.fit import Fit
from adapter.store.tables import MonitorRow

_FIT = Fit(FollowRow)


class Follows:
    """All follows that ever were. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, follow_id: str) -> Follow | None:
        """One follow, also an ended one."""
        async with self._database.read() as session:
            row = await session.get(FollowRow, follow_id)
            return follow_of(row) if row else None

    async def unfinished(self) -> Sequence[Follow]:
        """Those that were not ended when the adapter last stopped."""
        async with self._database.read() as session:
            rows = await session.scalars(select(FollowRow).where(FollowRow.state != FollowState.ENDED.value))
            return [follow_of(row) for row in rows]


def put(session: Session, follows: Collection[Follow], monitors: Collection[Monitor]) -> None:
    """Insert or replace the follows' rows, as part of a transaction. `monitors`: what else is written in it.

    Raises PlaceTaken where a supervisor would follow and monitor at once, which no index can say; who begins holds
    their place (`beginning`).
    """
    for follow in follows:
        if follow.state is FollowState.CONNECTING:
            others = select(MonitorRow.id).where(
                MonitorRow.supervisor_id == follow.supervisor.user_id, MonitorRow.state != MonitorState.ENDED.value
            )
            _need_none(session.scalar(others.limit(1)))
        session.merge(FollowRow(**_FIT(_columns(follow))))
    if follows:
        session.flush()
    for monitor in monitors:
        if monitor.state is MonitorState.CONNECTING and monitor.follow_id is None:
            running = select(FollowRow.id).where(
                FollowRow.supervisor_id == monitor.supervisor.user_id, FollowRow.state != FollowState.ENDED.value
            )
            _need_none(session.scalar(running.limit(1)))


def beginning(follows: Collection[Follow], monitors: Collection[Monitor]) -> set[str]:
    """The supervisors, by id, who begin to follow or to monitor with these."""
    of_follows = {one.supervisor.user_id for one in follows if one.state is FollowState.CONNECTING}
    alone = (one for one in monitors if one.state is MonitorState.CONNECTING and one.follow_id is None)
    return of_follows | {one.supervisor.user_id for one in alone}


def _need_none(found: str | None) -> None:
    if found is not None:
        raise PlaceTaken("This supervisor monitors or follows somebody already.")


def _columns(follow: Follow) -> dict[str, object]:
    return {
        "id": follow.id,
        "pbx": follow.pbx,
        "agent_id": follow.agent_id,
        "agent": follow.agent_username,
        "agent_name": follow.agent.name,
        "extension": follow.agent.extension,
        "supervisor_id": follow.supervisor.user_id,
        "supervisor_name": follow.supervisor.name,
        "supervisor": follow.supervisor.username,
        "actor": follow.by.actor,
        "via": follow.by.way,
        "token_id": follow.token,
        "device": follow.device,
        "ring": follow.ring if follow.device == BROWSER else None,
        "phone_pbx": follow.phone_pbx,
        "leg": follow.leg,
        "state": follow.state.value,
        "monitor_id": follow.monitor_id,
        "calls": follow.calls,
        "passed": " ".join(sorted(follow.passed)),
        "started_at": follow.started_at,
        "ended_at": follow.ended_at,
        "ended_reason": follow.ended_reason.value if follow.ended_reason else None,
    }


def follow_of(row: FollowRow) -> Follow:
    """As it was kept."""
    via, detail = read_way(row.via)
    return Follow(
        id=row.id,
        pbx=row.pbx,
        agent=Agent(row.agent_id, row.agent_name, row.extension, ""),
        agent_username=row.agent,
        supervisor=Supervisor(row.supervisor_id, row.supervisor_name, row.supervisor),
        by=By(row.actor, via, row.token_id, detail=detail),
        token=row.token_id,
        device=row.device,
        ring=(row.ring or "") if row.device == BROWSER else row.device,
        phone_pbx=row.phone_pbx,
        leg=row.leg,
        state=FollowState(row.state),
        monitor_id=row.monitor_id,
        calls=row.calls,
        passed=frozenset(row.passed.split()),
        started_at=row.started_at,
        ended_at=row.ended_at,
        ended_reason=reason_of(row.ended_reason),
    )
