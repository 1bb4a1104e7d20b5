"""Which PBXes this adapter looks after where there are several adapters: each PBX on its own, taken, kept, lost.

Leases are those of `ownership`: renewed by one beat of the member, judged by boot-time clocks alone. A PBX that nobody
looks after is taken by whoever has the fewest; what a living adapter owns is never taken from it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import structlog

from adapter.core.ownership import Cluster, Member, Process, Term
from adapter.core.sharing import LATECOMER, shared_out
from adapter.errors import PbxUnavailable, StoreUnavailable
from adapter.fleet.ownership import BLIND, LEASE, PACE, SHORTEST_PAUSE, Alone, Beats, Leases, described
from adapter.fleet.process import boot_time, is_gone
from adapter.tasks import BackgroundTasks, Listeners

log = structlog.get_logger(__name__)

CHORES = ":chores"
"""What one adapter of all does: deliveries, heads of the audit, what is past its time. No PBX can be called so."""
LOOK = 0.4
"""Seconds between looks at who owns what; less than `BLIND`, or nothing would be known of what lay between."""
WATCH = 0.15
"""The same while a PBX is free, or its owner has not renewed in time."""
SUSPECT = 1.3
"""Seconds without a renewal after which it is looked at more often."""
TOGETHER = 2.0
"""Seconds from the start for which room is left for another adapter that is just starting, too."""
PATIENCE = LEASE
"""Seconds for which a PBX is left to the adapter whose turn it is: one that has just started needs as long to know that
the former owner is dead. Then whoever sees it takes it."""
FORGET = 60.0
"""Seconds after which a member that renews nothing and owns nothing is forgotten."""
NEVER = Term(0, "")
"""No owner ever has this term."""


class SharedLeases(Leases, Protocol):
    """Where it stands who owns what, with many members (`adapter.store.owners.Owners`)."""

    async def join(self, member: Member, at: datetime) -> None:
        """This member is there, and may own something."""

    async def forget(self, member: str, beat: int) -> None:
        """This member is there no more, unless it has renewed since or owns something."""


class Claims(Alone):
    """The PBXes of this adapter, among several. `clock` is for people to read, `boot` decides."""

    def __init__(
        self,
        leases: SharedLeases,
        member: Member,
        pbxes: Sequence[str],
        clock: Callable[[], datetime],
        *,
        boot: Callable[[], float] = boot_time,
        gone: Callable[[Process, Process], bool] = is_gone,
    ) -> None:
        super().__init__(member)
        self._leases, self._member = leases, member
        self._pbxes = (*pbxes, CHORES)
        self._clock, self._boot, self._gone = clock, boot, gone
        self.gained: Listeners[[str, Term]] = Listeners()
        """Who is told that a term begins: of a PBX that was not ours, or anew of one that was."""
        self.given_up: Listeners[[str]] = Listeners()
        """Who is told that another adapter looks after a PBX now."""
        self.looked: Listeners[[Cluster]] = Listeners()
        """Who is told, after each turn, of what the database had at its beginning."""
        self._terms: dict[str, Term] = {}
        self._void: dict[str, int] = {}
        """What is ours, but under a term that is over: nothing begins there until a new one has begun. By PBX: how
        often it was doubted since."""
        self._until = 0.0
        """Until when our terms hold, by the boot-time clock."""
        self._due = 0.0
        self._started = boot()
        self._free: dict[str, tuple[str, float]] = {}
        """PBXes that nobody is seen to look after: whose turn it is to take them, and since when."""
        self._beats = Beats(boot)
        self._now = asyncio.Event()
        self._failing: str | None = None
        self._tasks = BackgroundTasks("claims")

    # --- asking

    def holds(self, pbx: str) -> bool:
        """Whether this process surely is the only one that acts there, at this moment."""
        return pbx in self._terms and pbx not in self._void and self._boot() < self._until

    def owns(self, pbx: str) -> bool:
        """Whether it is ours as far as we know."""
        return pbx in self._terms

    def term(self, pbx: str) -> Term | None:
        """Our term there."""
        return self._terms.get(pbx)

    def need(self, pbx: str) -> None:
        """Raise PbxUnavailable unless this process may start, raise or bridge anything there at this moment."""
        if pbx not in self._terms:
            raise PbxUnavailable("Another adapter looks after this PBX now. Try again.")
        if not self.holds(pbx):
            raise PbxUnavailable(
                "The database has not confirmed for some seconds that this adapter alone looks after the PBX. Nothing "
                "is started or made louder until it does; silence and ends always work."
            )

    def terms(self, of: Collection[str] = ()) -> Mapping[str, Term]:
        """The terms under which something is written of these PBXes."""
        return {pbx: self._terms.get(pbx, NEVER) for pbx in of}

    def problems(self) -> list[str]:
        """What is not usable now, as `part: text`; empty when all is."""
        unsure = sorted(pbx for pbx in self._terms if pbx != CHORES and not self.holds(pbx))
        why = self._failing or "being asked"
        return [f"adapter: not known to own {', '.join(unsure)} ({why}); nothing starts there"] if unsure else []

    @property
    def peers(self) -> Collection[str]:
        """Ids of the other adapters that live. Who was out of reach itself can't say that another is dead."""
        sure = self._boot() < self._until and not self._beats.blind
        known = self._alive(self.seen) if sure else self.seen.members
        return [one for one in known if one != self._member.id]

    @property
    def others(self) -> bool:
        """Whether another adapter lives, as far as is known."""
        return len(self._alive(self.seen)) > 1

    # --- beginning and end

    async def start(self) -> None:
        """Be a member, and own what falls to us. Raises StoreUnavailable."""
        await self._leases.join(self._member, self._clock())
        self.seen = await self._leases.look()
        self._beats.saw(self.seen)
        self._started = self._boot()
        self._tasks.keep(self._keep, "keep")

    async def hand_over(self) -> Collection[str]:
        """Give all PBXes to the others, and wait until they have them. Take nothing any more.

        Returns those that nobody took in time, as where all stop at once: they are ours again, to be ended.
        """
        await self._tasks.close()
        left, self._terms = [pbx for pbx in self._terms if pbx != CHORES], {}
        try:
            await self._leases.release(self._member.id)
            end = self._boot() + LEASE
            while left and self._boot() < end:
                await asyncio.sleep(WATCH)
                self.seen = seen = await self._leases.look()
                left = [pbx for pbx in left if (owner := seen.owners.get(pbx)) is None or owner.member is None]
            for pbx in left:
                self._terms.update(await self._leases.take(self._member, [pbx], self.seen, self._clock()) or {})
        except StoreUnavailable as problem:
            log.warning("the PBXes could not be handed over; others wait for them", why=str(problem))
        return list(self._terms)

    async def close(self) -> None:
        """Be no member any more. What we own is free for others at once, if the database answers."""
        await self._tasks.close()
        self._until, self._terms = 0.0, {}
        try:
            await self._leases.release(self._member.id)
        except StoreUnavailable as problem:
            log.warning("the PBXes could not be given back; others wait for them", why=str(problem))

    def doubt(self, pbx: str = "") -> None:
        """Something tells of another owner: nothing is started or raised there until a new term has begun."""
        for one in [one for one in self._terms if pbx in ("", one)]:
            self._void[one] = self._void.get(one, 0) + 1
        self._now.set()

    # --- keeping

    async def _keep(self) -> None:
        while True:
            try:
                await self.turn()
                self._failing = None
            except StoreUnavailable as problem:
                if self._failing is None:
                    log.warning("the ownership of PBXes could not be renewed; trying again", why=str(problem))
                self._failing = str(problem)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._now.wait(), self._pause())
            self._now.clear()

    def _pause(self) -> float:
        looks = WATCH if self._free or self._suspects() else LOOK
        return max(SHORTEST_PAUSE, min(looks, self._due - self._boot()))

    def _suspects(self) -> bool:
        owners = {owner.member for owner in self.seen.owners.values() if owner.member in self.seen.members}
        return any(one != self._member.id and self._beats.still(one) > SUSPECT for one in owners if one)

    async def turn(self) -> None:
        """Renew what is due, learn what there is, and take what falls to us. Raises StoreUnavailable."""
        sent = self._boot()
        renews = sent >= self._due
        if renews:
            self._due = sent + PACE
            seen = await self._leases.renew(self._member.id, self._clock())
        else:
            seen = await self._leases.look()
        self._beats.saw(seen)
        self.seen = seen
        if self._member.id not in seen.members:  # it was forgotten, or an older database was put back
            await self._leases.join(self._member, self._clock())
            self._due = 0.0
        for pbx, term in list(self._terms.items()):
            owner = seen.owners.get(pbx)
            if owner is None or owner.member != self._member.id:
                self._lose(pbx)
            elif owner.term != term:  # ours, and the answer was lost; or an older database was put back
                self._void.setdefault(pbx, 0)
        if renews:
            if self._boot() >= self._until:  # a term that was lost is never resumed, though nobody else began one
                self._void = {pbx: self._void.get(pbx, 0) for pbx in self._terms}
            self._until = sent + LEASE
        for pbx in list(self._void):
            await self._take(pbx, seen)
        await self._take_free(seen)
        self.looked.tell(seen)
        await self._forget(seen)

    def _lose(self, pbx: str) -> None:
        del self._terms[pbx]
        self._void.pop(pbx, None)
        log.warning("another adapter looks after this PBX now", pbx=pbx)
        self.given_up.tell(pbx)

    # --- taking

    def _alive(self, seen: Cluster) -> Collection[str]:
        """Members that may live. We do."""
        found = {one.id for one in seen.members.values() if not self._is_dead(one)}
        return found | {self._member.id}

    def _is_dead(self, other: Member) -> bool:
        if other.id == self._member.id:
            return False
        return self._gone(other.process, self._member.process) or self._beats.still(other.id) >= LEASE

    def _is_free(self, seen: Cluster, pbx: str) -> bool:
        member = seen.members.get(self._owner(seen, pbx))
        if member is not None and member.id == self._member.id:
            return pbx not in self._terms  # taken, and we were never told: the answer was lost
        return member is None or self._is_dead(member)

    def _owner(self, seen: Cluster, pbx: str) -> str:
        """Id of the member that has it, as it is written; empty where there is none."""
        owner = seen.owners.get(pbx)
        return (owner.member or "") if owner else ""

    async def _take_free(self, seen: Cluster) -> None:
        now = self._boot()
        free = [pbx for pbx in self._pbxes if self._is_free(seen, pbx)]
        if not free or now >= self._until:
            self._free = {}
            return
        alive = self._alive(seen)
        owned = dict.fromkeys(alive, 0)
        for pbx, owner in seen.owners.items():
            if owner.member in owned and pbx != CHORES:
                owned[owner.member] += 1
        if now - self._started < TOGETHER:
            owned[LATECOMER] = 0
        turns = dict(shared_out([pbx for pbx in free if pbx != CHORES], owned))
        turns[CHORES] = min(alive, key=lambda one: (owned[one], one))
        before, self._free = self._free, {}
        for pbx in free:
            turn, since = before.get(pbx, ("", now))
            self._free[pbx] = turns[pbx], since if turn == turns[pbx] else now
        for pbx, (turn, since) in list(self._free.items()):
            late = turn != LATECOMER and now - since > PATIENCE
            if turn == self._member.id or late or self._owner(seen, pbx) == self._member.id:
                await self._take(pbx, seen)

    async def _take(self, pbx: str, seen: Cluster) -> None:
        """Begin a term, unless somebody was faster. From one that may live it is taken only where the database lets us
        write at once: else that one can't renew either."""
        doubts = self._void.get(pbx, 0)
        former = seen.members.get(self._owner(seen, pbx))
        others = former is not None and former.id != self._member.id
        try:
            async with asyncio.timeout(BLIND if others else None):
                terms = await self._leases.take(self._member, [pbx], seen, self._clock())
        except TimeoutError:
            raise StoreUnavailable("The database takes nothing at once, so the owner can't renew either.") from None
        if terms is None:
            return
        self._free.pop(pbx, None)
        self._terms[pbx] = term = terms[pbx]
        if self._void.get(pbx, 0) == doubts:
            self._void.pop(pbx, None)
        log.info(
            "this adapter looks after the PBX" if pbx != CHORES else "this adapter does what one does for all",
            **({"pbx": pbx} if pbx != CHORES else {}),
            term=term.number,
            former=described(former) if former and others else None,
        )
        self.gained.tell(pbx, term)

    async def _forget(self, seen: Cluster) -> None:
        owners = {owner.member for owner in seen.owners.values()}
        for one in seen.members.values():
            if one.id != self._member.id and one.id not in owners and self._beats.still(one.id) > FORGET:
                await self._leases.forget(one.id, one.beat)
