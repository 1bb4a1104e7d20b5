"""Letting go of what is past its time, once an hour; what a wrong clock would take is kept, and told of."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from adapter.errors import StoreUnavailable
from adapter.store import Store
from adapter.store.retention import Plan, refusal
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

PACE = 3600.0
"""Seconds between looks: often, so that each lawful cut is small beside what stays."""
DELIVERIES_SHARE = 0.1
"""The part of all events that one look deletes at most. Deliveries are a list for people and no proof, so what is too
much is not refused but done in steps: a day catches up with everything, and a wrong clock takes a tenth an hour."""
WAY_OUT = "docs/operations/README.md, The audit"


@dataclass(frozen=True, slots=True)
class Keep:
    """What the configuration says. `audit`: None keeps all."""

    audit: timedelta | None
    audit_share: float
    deliveries: timedelta
    notes: timedelta | None = None
    """Of requests for help too; None keeps all."""
    messages: timedelta = timedelta()
    """Nothing: what was kept while it was configured goes too."""


class Retention:
    """Looks after the store's age."""

    def __init__(self, store: Store, keep: Keep, is_ours: Callable[[], bool] = lambda: True) -> None:
        """`is_ours`: of several adapters only one deletes."""
        self._is_ours = is_ours
        self._store, self._keep = store, keep
        self._told: str | None = None
        self._tasks = BackgroundTasks("retention")

    def start(self) -> None:
        """Look an hour from now, and each hour after that."""
        self._tasks.keep(self._run, "run")

    async def close(self) -> None:
        """Stop; what was not deleted is deleted in the next run."""
        await self._tasks.close()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(PACE)
            if self._is_ours():
                await self.look()

    async def look(self) -> None:
        """Delete what may be deleted now."""
        try:
            if self._keep.audit is not None:
                await self._cut(self._keep.audit)
            clock = self._store.clock
            if clock.settled:
                await self._store.sweep.events(self._keep.deliveries, DELIVERIES_SHARE, clock.now(), clock.steady())
                if self._keep.notes is not None:
                    for kept in (self._store.notes, self._store.help):
                        await kept.sweep(self._keep.notes, DELIVERIES_SHARE, clock.now(), clock.steady())
                messages = self._store.coach_messages
                await messages.sweep(self._keep.messages, DELIVERIES_SHARE, clock.now(), clock.steady())
                await self._store.shields.forget(clock.earlier())
        except StoreUnavailable as problem:
            log.warning("what is past its time could not be deleted", why=str(problem))

    async def _cut(self, keep: timedelta) -> None:
        audit = self._store.audit
        await audit.finish_cut()
        plans = await audit.plans(keep)
        if not plans:
            return
        why = await self._refusal(plans)
        self._tell(why)
        for plan in plans:
            if plan.count and why is None:
                count = await audit.cut(plan, why=f"retention of {keep.days} days")
                log.info("old audit entries were cut off", count=count, what=plan.note, chain=plan.chain)

    async def _refusal(self, plans: Sequence[Plan]) -> str | None:
        if not any(plan.count for plan in plans):
            return next(filter(None, map(_stopped, plans)), None)
        if (why := refusal(plans, self._keep.audit_share, settled=self._store.clock.settled)) is not None:
            return why
        for plan in plans:
            if plan.count and (faults := await self._store.audit.whole_until(plan)):
                return f"the chain is not whole, and a cut would destroy the proof: {faults[0]}"
        return None

    def _tell(self, why: str | None) -> None:
        """Once for each reason: the same every hour would hide all else."""
        kind = why and re.sub(r"\d+", "", why)
        if why is not None and kind != self._told:
            log.error("old audit entries are not cut off", why=why, way_out=WAY_OUT)
        self._told = kind


def _stopped(plan: Plan) -> str | None:
    if plan.stopped_by is None:
        return None
    what = f"entry {plan.stopped_by}{plan.of} is not old, though entries behind it are"
    return f"{what}: it was written by a clock that was ahead"
