"""One owner for each PBX: taken at the start, renewed every second, given back at the stop, and known to be lost.

An owner may act for `LEASE` seconds from before a renewal was sent; who sees its beat unchanged for as long, by a
boot-time clock of its own and without a gap, takes over. No wall clock and no clock of the database decides anything.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import structlog

from adapter.core.ownership import Cluster, Member, Process, Term
from adapter.errors import AlreadyOwned, PbxUnavailable, StoreUnavailable
from adapter.fleet.process import boot_time, is_gone
from adapter.tasks import BackgroundTasks, Listeners

log = structlog.get_logger(__name__)

LEASE = 3.0
"""Seconds for which a renewal holds, and after which an owner that does not renew is taken for dead."""
PACE = 1.0
"""Seconds between renewals."""
SHORTEST_PAUSE = 0.05
"""Seconds between renewals, however late they are."""
LOOK = 0.2
"""Seconds between looks of who waits for a PBX."""
BLIND = 1.0
"""Seconds between two looks after which nothing is known of what lay between: the database was away or slow. An owner
that could not renew then must not lose its PBX for it."""


class Leases(Protocol):
    """Where it stands who owns what (`adapter.store.owners.Owners`). All raise StoreUnavailable."""

    async def look(self) -> Cluster:
        """What there is now."""

    async def take(
        self, member: Member, pbxes: Sequence[str], seen: Cluster, at: datetime
    ) -> Mapping[str, Term] | None:
        """Take all of these PBXes, where nothing has changed since it was `seen`; None, and nothing, otherwise."""

    async def renew(self, member: str, at: datetime) -> Cluster:
        """Say that this member lives, and return what there is after that."""

    async def release(self, member: str) -> None:
        """This member stops: what it owns is free at once."""


class Beats:
    """When each member's beat was first seen as it is now, by our own clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._looked = clock()
        self._since: dict[str, tuple[int, float]] = {}
        self._moved: set[str] = set()

    def saw(self, cluster: Cluster) -> None:
        """These are the beats now."""
        now = self._clock()
        if now - self._looked > BLIND:
            self._since.clear()
        self._looked = now
        for member in cluster.members.values():
            beat, _ = self._since.setdefault(member.id, (member.beat, now))
            if beat != member.beat:
                self._since[member.id] = (member.beat, now)
                self._moved.add(member.id)

    @property
    def blind(self) -> bool:
        """Whether the last look is so long ago that nothing is known of now."""
        return self._clock() - self._looked > BLIND

    def moved(self, member: str) -> bool:
        """Whether it was seen to live."""
        return member in self._moved

    def still(self, member: str) -> float:
        """Seconds since its beat was first seen as it is."""
        return self._clock() - self._since[member][1]


class Alone:
    """Where there can be no other adapter: nothing is asked of anybody."""

    deposed: str | None = None

    def __init__(self, member: Member | None = None) -> None:
        """`member`: this process."""
        self.member = member
        self.lost: Listeners[[]] = Listeners()
        """Who must stop at once when another owner is there."""
        self.seen = Cluster({member.id: member} if member else {}, {})
        """Members and owners, as they were seen last: for people to read."""

    @property
    def peers(self) -> Collection[str]:
        """Ids of the other adapters that live."""
        return ()

    def need(self, pbx: str) -> None:
        """It is ours."""

    def terms(self, of: Collection[str] = ()) -> Mapping[str, Term]:
        """There are none."""
        return {}

    def owns(self, pbx: str) -> bool:
        """It is ours."""
        return True

    def problems(self) -> list[str]:
        """There are none."""
        return []


class Ownership(Alone):
    """The PBXes that this process looks after. `clock` is for people to read, `boot` decides."""

    def __init__(
        self,
        leases: Leases,
        member: Member,
        pbxes: Sequence[str],
        clock: Callable[[], datetime],
        *,
        boot: Callable[[], float] = boot_time,
        gone: Callable[[Process, Process], bool] = is_gone,
    ) -> None:
        super().__init__(member)
        self._leases, self._member, self._pbxes = leases, member, tuple(pbxes)
        self._clock, self._boot, self._gone = clock, boot, gone
        self._terms: Mapping[str, Term] = {}
        self._until = 0.0
        """Until when our terms hold, by the boot-time clock."""
        self._doubts = 0
        self._now = asyncio.Event()
        self._failing: str | None = None
        self.deposed: str | None = None
        """Who looks after a PBX of ours now, in words; None while nobody else does."""
        self._tasks = BackgroundTasks("ownership")

    # --- asking

    def holds(self, pbx: str) -> bool:
        """Whether this process surely is the only one that acts there, at this moment."""
        return self.deposed is None and pbx in self._terms and self._boot() < self._until

    def need(self, pbx: str) -> None:
        """Raise PbxUnavailable unless this process may start, raise or bridge anything there at this moment."""
        if self.deposed is not None:
            raise PbxUnavailable(f"{self.deposed} looks after this PBX now. Ask there.")
        if not self.holds(pbx):
            raise PbxUnavailable(
                "The database has not confirmed for some seconds that this adapter alone looks after the PBX. Nothing "
                "is started or made louder until it does; silence and ends always work."
            )

    def terms(self, of: Collection[str] = ()) -> Mapping[str, Term]:
        """The present terms, for what is written in the owner's name: of all PBXes, whichever it is about."""
        return self._terms

    def problems(self) -> list[str]:
        """What is not usable now, as `part: text`; empty when all is."""
        if self.deposed is not None:
            return [f"adapter: {self.deposed} looks after the PBX now"]
        if not all(self.holds(pbx) for pbx in self._pbxes):
            return [f"adapter: not known to own the PBX ({self._failing or 'being asked'}); nothing starts"]
        return []

    # --- beginning

    async def claim(self, stop: asyncio.Event, *, standby: bool = False) -> bool:
        """Take every PBX, and keep it from then on. False when `stop` came first.

        Raises AlreadyOwned where another process lives and owns one, or with `standby` waits for its end; raises
        StoreUnavailable where the database does not answer (a standby waits for it too).
        """
        beats, told = Beats(self._boot), ""
        while not stop.is_set():
            try:
                seen = await self._leases.look()
                beats.saw(seen)
                holders = self._holders(seen, beats)
                if not holders and await self._follow(seen):
                    self._tasks.keep(self._keep_renewing, "renewal")
                    return True
                alive = [described(holder) for holder in holders if beats.moved(holder.id)]
                if alive and not standby:
                    raise AlreadyOwned(_refusal(self._pbxes, alive[0]))
                words = ", ".join(map(described, holders))
            except StoreUnavailable as problem:
                if not standby:
                    raise
                beats, words = Beats(self._boot), str(problem)
            if words and words != told:
                log.info("waiting for the PBX", standby=standby, held_by=words, lease_seconds=LEASE)
                told = words
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK)
        return False

    def _holders(self, seen: Cluster, beats: Beats) -> list[Member]:
        """Who may still act at a PBX of ours."""
        return [other for other in self._present(seen) if beats.still(other.id) < LEASE]

    def _present(self, seen: Cluster) -> list[Member]:
        """Who owns a PBX of ours, and is not surely gone."""
        names = {owner.member for pbx in self._pbxes if (owner := seen.owners.get(pbx)) and owner.member}
        known = [seen.members[name] for name in sorted(names) if name in seen.members]
        return [other for other in known if not self._gone(other.process, self._member.process)]

    async def _follow(self, seen: Cluster) -> bool:
        """Take it, from one that may live only where the database lets us write at once: else that one can't either."""
        try:
            async with asyncio.timeout(BLIND if self._present(seen) else None):
                return await self._take(seen)
        except TimeoutError:
            raise StoreUnavailable("The database takes nothing at once, so the owner can't renew either.") from None

    async def _take(self, seen: Cluster) -> bool:
        """Begin terms, unless somebody was faster."""
        sent, doubts = self._boot(), self._doubts
        terms = await self._leases.take(self._member, self._pbxes, seen, self._clock())
        if terms is None:
            return False
        self._terms, self._until = terms, sent + LEASE if doubts == self._doubts else 0.0
        log.info("this adapter looks after the PBX", terms={pbx: term.number for pbx, term in terms.items()})
        return True

    # --- keeping

    def doubt(self, pbx: str = "") -> None:
        """Something tells of another owner: nothing is started or raised until new terms have begun."""
        self._doubts += 1
        self._until = 0.0
        self._now.set()

    async def _keep_renewing(self) -> None:
        due = self._boot() + PACE
        while self.deposed is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._now.wait(), max(SHORTEST_PAUSE, due - self._boot()))
            self._now.clear()
            due = self._boot() + PACE
            try:
                await self._renew()
                self._failing = None
            except StoreUnavailable as problem:
                if self._failing is None:
                    log.warning("the ownership of the PBX could not be renewed; trying again", why=str(problem))
                self._failing = str(problem)
        await asyncio.Event().wait()  # nothing is left to do; `close` ends it

    async def _renew(self) -> None:
        sent, doubts = self._boot(), self._doubts
        seen = self.seen = await self._leases.renew(self._member.id, self._clock())
        if not seen.owns(self._member.id, self._terms):
            self._depose(seen)
        elif doubts != self._doubts or self._boot() >= self._until:
            # A term that was lost is never resumed, though nobody else began one: what was under way under it is void.
            if await self._take(seen):
                log.warning("a new term began: the last one was not renewed in time, or in doubt")
        else:
            self._until = sent + LEASE

    def _depose(self, seen: Cluster) -> None:
        if self.deposed is not None:
            return
        owners = (owner for pbx in self._pbxes if (owner := seen.owners.get(pbx)))
        other = next((owner.member for owner in owners if owner.member not in (None, self._member.id)), None)
        member = seen.members.get(other or "")
        self.deposed = described(member) if member else "Another adapter"
        self._until = 0.0  # the terms stay as they were: what is still to be written under them is refused
        log.error("another adapter has taken over; this one stops", owner=self.deposed)
        self.lost.tell()

    async def close(self) -> None:
        """Keep it no more. What we own is free for the next one at once, if the database answers."""
        await self._tasks.close()
        if self._terms and self.deposed is None:
            try:
                await self._leases.release(self._member.id)
            except StoreUnavailable as problem:
                log.warning("the PBX could not be given back; the next start waits for it", why=str(problem))
        self._terms, self._until = {}, 0.0


def described(member: Member) -> str:
    """A process in words."""
    since = member.started_at.isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")
    return f"call-monitor {member.version} (pid {member.process.pid} on {member.process.host}, since {since})"


def _refusal(pbxes: Sequence[str], holder: str) -> str:
    return (
        f"The PBX ({', '.join(pbxes)}) is looked after by {holder}, which lives. Two at once would end each other's "
        "monitors. Stop that one first, or start this one with `serve --standby`: it waits, and takes over when that "
        "one stops or dies."
    )
