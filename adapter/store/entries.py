"""Writing the audit's entries: each at the end of its chain, as part of a transaction; and what binds the chains.

The installation's chain says at a steady pace where the others end (`anchor`). So whoever proves its head proves all of
them up to then: none can be dropped, shortened or written anew behind that.
"""

import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from adapter.core import heads
from adapter.core.audit import CHAIN, SYSTEM, Entry, Result
from adapter.core.heads import End
from adapter.store.chain import ANCHORED, anchor_text, row_hash
from adapter.store.chain_tables import AuditChainRow
from adapter.store.chains import Tip, keep, take
from adapter.store.database import TOLD
from adapter.store.fit import Fit
from adapter.store.prepared import Prepared
from adapter.store.tables import AuditRow, table_of


def add(session: Session, entries: Sequence[Entry], ids: Sequence[str] = (), chains: Sequence[str] = ()) -> None:
    """Add entries in their order, as part of a transaction, and tell the log once that is committed.

    `ids`: their ids, where they were made before; then the log was told already. `chains`: the name of each one's
    chain; without any, all are the installation's.
    """
    if not entries:
        return
    names = chains or [CHAIN] * len(entries)
    made = ids or [uuid.uuid4().hex for _ in entries]
    _add(session, names, [{"id": one, **_FIT(_columns(entry))} for one, entry in zip(made, entries, strict=True)])
    if not ids:
        session.info.setdefault(TOLD, []).extend(entries)


def _add(session: Session, names: Sequence[str], rows: Sequence[dict[str, object]]) -> None:
    tips = take(session, names)
    changed: dict[str, Tip] = {}
    for name, row in zip(names, rows, strict=True):
        chain, number, previous = changed.get(name) or tips[name]
        row.update(seq=chain.seq(number + 1), previous=previous)
        row["hash"] = entry_hash = row_hash(row, name)
        changed[name] = Tip(chain, number + 1, entry_hash)
    _ADD.run(session, rows)
    keep(session, changed.values())


_ADD = Prepared(insert(table_of(AuditRow)), *table_of(AuditRow).columns.keys())
_FIT = Fit(AuditRow)


async def append(session: AsyncSession, entries: Sequence[Entry], chain: str = CHAIN) -> None:
    """The same in a transaction made of awaits; all of one chain."""
    await session.run_sync(add, entries, (), [chain] * len(entries))


async def take_chain(session: AsyncSession, chain: str = CHAIN) -> None:
    """Be the only one who adds to the installation's chain, and to this one, until the transaction ends: to be taken
    before anything is read or locked.

    Whatever is both decided and audited there is so decided by one at a time.
    """
    await session.run_sync(take, {CHAIN, chain})


def anchor(session: Session, key: bytes, at: datetime) -> None:
    """Say in the installation's chain where the others end now; nothing where there are none.

    Each end is sealed as heads are that go out (`adapter.core.heads`): the entry tells nobody whether anything was
    written of a PBX. `key`: the installation's.
    """
    take(session, {CHAIN})
    rows = session.execute(select(AuditChainRow.name, AuditChainRow.head).order_by(AuditChainRow.id)).all()
    ends = []
    for name, head in rows:
        number, _, entry_hash = head.partition(":")
        ends.append((name, heads.seal(key, End(name, int(number), entry_hash), secrets.token_bytes(heads.NONCE))))
    if not ends:
        return
    empty: dict[str, object] = dict.fromkeys(table_of(AuditRow).columns.keys())
    told = {"id": uuid.uuid4().hex, "at": at.astimezone(UTC), "actor": SYSTEM.actor, "via": SYSTEM.way}
    what = {"action": ANCHORED, "result": Result.OK.value, "target": anchor_text(ends)}
    _add(session, [CHAIN], [{**empty, **told, **what}])


def _columns(entry: Entry) -> dict[str, object]:
    agent, agent_name, extension, customer = (value or None for value in entry.subject)
    return {
        "at": entry.at.astimezone(UTC),
        "actor": entry.by.actor,
        "via": entry.by.way,
        "action": entry.action.value,
        "result": entry.result.value,
        "reason": entry.reason,
        "target": entry.target,
        "allowed_by": entry.allowed_by,
        "call_id": entry.call_id,
        "conversation_id": entry.conversation_id,
        "monitor_id": entry.monitor_id,
        "supervisor": entry.supervisor,
        "agent": agent,
        "agent_name": agent_name,
        "extension": extension,
        "customer": customer,
        "mode": entry.mode.value if entry.mode else None,
    }
