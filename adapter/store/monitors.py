"""Monitors in the database: one row each, as Asterisk last confirmed it. Serves `adapter.monitoring.recorder`."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from adapter.core.audit import Subject
from adapter.core.modes import Mode
from adapter.core.monitor import BROWSER, Monitor, MonitorState, Supervisor
from adapter.store.columns import reason_of
from adapter.store.database import Database
from adapter.store.fit import Fit
from adapter.store.prepared import insert_or_replace
from adapter.store.tables import MonitorRow, table_of


class Monitors:
    """All monitors that ever were. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, monitor: Monitor) -> None:
        """Insert or replace the monitor's row."""
        await self._database.run(lambda session: put(session, monitor))

    async def find(self, monitor_id: str) -> Monitor | None:
        """One monitor, also an ended one."""
        async with self._database.read() as session:
            row = await session.get(MonitorRow, monitor_id)
            return monitor_of(row) if row else None

    async def unfinished(self) -> Sequence[Monitor]:
        """Monitors that were not ended when the adapter last stopped."""
        async with self._database.read() as session:
            rows = await session.scalars(select(MonitorRow).where(MonitorRow.state != MonitorState.ENDED.value))
            return [monitor_of(row) for row in rows]


def put(session: Session, *monitors: Monitor) -> None:
    """Insert or replace the monitors' rows, as part of a transaction: one statement, however many there are."""
    if monitors:
        _PUT.run(session, [_FIT(_columns(monitor)) for monitor in monitors])


_PUT = insert_or_replace(table_of(MonitorRow))
_FIT = Fit(MonitorRow)


def _columns(monitor: Monitor) -> dict[str, object]:
    return {
        "id": monitor.id,
        "pbx": monitor.pbx,
        "call_id": monitor.call_id,
        "conversation_id": monitor.conversation_id,
        "target": monitor.target,
        "leg": monitor.leg,
        "supervisor_id": monitor.supervisor.user_id,
        "supervisor_name": monitor.supervisor.name,
        "supervisor_username": monitor.supervisor.username,
        "token_id": monitor.token,
        "agent_id": monitor.agent_id,
        "queue": monitor.queue,
        "peers": " ".join(sorted(monitor.peers)),
        "agent": monitor.subject.agent,
        "agent_name": monitor.subject.agent_name,
        "extension": monitor.subject.extension,
        "customer": monitor.subject.customer,
        "device": monitor.device,
        "phone_pbx": monitor.phone_pbx,
        "ring": monitor.ring if monitor.device == BROWSER else None,
        "keypad": monitor.keypad,
        "mode": monitor.mode.value,
        "state": monitor.state.value,
        "started_at": monitor.started_at,
        "live_at": monitor.live_at,
        "ended_at": monitor.ended_at,
        "follow_id": monitor.follow_id,
        "pauses_follow": monitor.pauses_follow,
        "ended_reason": monitor.ended_reason.value if monitor.ended_reason else None,
    }


def monitor_of(row: MonitorRow) -> Monitor:
    """As it was kept."""
    return Monitor(
        id=row.id,
        pbx=row.pbx,
        call_id=row.call_id,
        conversation_id=row.conversation_id,
        target=row.target,
        leg=row.leg,
        supervisor=Supervisor(row.supervisor_id, row.supervisor_name, row.supervisor_username),
        subject=Subject(row.agent, row.agent_name, row.extension, row.customer),
        agent_id=row.agent_id,
        queue=row.queue,
        token=row.token_id,
        peers=frozenset(row.peers.split()),
        ring=(row.ring or "") if row.device == BROWSER else row.device,
        device=row.device,
        phone_pbx=row.phone_pbx,
        keypad=row.keypad,
        mode=Mode(row.mode),
        state=MonitorState(row.state),
        started_at=row.started_at,
        live_at=row.live_at,
        ended_at=row.ended_at,
        ended_reason=reason_of(row.ended_reason),
        follow_id=row.follow_id,
        pauses_follow=row.pauses_follow,
    )
