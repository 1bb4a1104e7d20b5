"""The door to every PBX where there are several adapters: ours are acted upon here, others' through their owners."""

import asyncio
from collections.abc import Collection, Iterator, Sequence

import structlog

from adapter import errors
from adapter.core.audit import By
from adapter.core.ownership import Cluster, Term
from adapter.core.people import User
from adapter.fleet.claims import CHORES
from adapter.fleet.node import TAKEN_UP, Node
from adapter.fleet.nodes import PARTS, Nodes, OnePbx
from adapter.fleet.switchover import Parts, Switchover
from adapter.monitoring.stopall import Stopped, outcome

log = structlog.get_logger(__name__)


class SharedNodes(Nodes):
    """All PBXes of the configuration, whoever looks after them."""

    def __init__(self, pbxes: Sequence[str], parts: Parts, country: str) -> None:
        super().__init__((), parts.boards, country)
        self._parts = parts
        self._all = {pbx: Switchover(pbx, parts) for pbx in pbxes}
        parts.claims.gained.subscribe(self._gained)
        parts.claims.given_up.subscribe(self._given_up)
        parts.claims.looked.subscribe(self._looked)

    def __iter__(self) -> Iterator[Node]:
        """Those that are ours now."""
        return iter([one.node for one in self._all.values() if one.node is not None])

    def at(self, pbx: str) -> OnePbx | None:
        """What acts at this PBX; None where it is not configured. Raises PbxUnavailable while it is taken over."""
        found = self._all.get(pbx)
        if self._is_between(pbx):
            raise errors.PbxUnavailable("This PBX is just being taken over. Try again in a moment.")
        return found and (found.node or found)

    def _is_between(self, pbx: str) -> bool:
        """Whether it is ours, but what its former owner left is not read yet."""
        return pbx in self._all and self._all[pbx].node is None and self._parts.claims.owns(pbx)

    def node(self, pbx: str) -> Node | None:
        """All of a PBX that is ours now."""
        found = self._all.get(pbx)
        return found.node if found else None

    def _gained(self, pbx: str, term: Term) -> None:
        if pbx != CHORES:
            self._all[pbx].gained(term)

    def _given_up(self, pbx: str) -> None:
        if pbx != CHORES:
            self._all[pbx].given_up()

    def _looked(self, seen: Cluster) -> None:
        for pbx, one in self._all.items():
            if (owner := seen.owners.get(pbx)) is not None and not self._parts.claims.owns(pbx):
                one.owner_is(owner.term)

    async def stop_all(self, user: User, by: By, why: str, awaited: Collection[str]) -> Stopped:
        """End every monitor at every PBX, all at once; at others' PBXes by their owners."""
        ends = {one: end for node in self for one, end in node.supervision.stop_all.begin(by, why).items()}
        asked = [one for one in self._all.values() if one.node is None]
        elsewhere: dict[str, list[str]] = {one.id: [] for one in asked}
        known = {one.id: one.pbx for one in self._boards.monitors()} | {f.id: f.pbx for f in self._boards.follows()}
        for one in awaited:
            if (pbx := known.get(one, "")) in elsewhere:
                elsewhere[pbx].append(one)
        here, *others = await asyncio.gather(
            outcome(ends, awaited), *(self._stop_there(one, user, by, why, elsewhere[one.id]) for one in asked)
        )
        return Stopped(
            here.gone + sum(one.gone for one in others),
            [*here.left, *(left for one in others for left in one.left)],
            [pbx for one in others for pbx in one.unreached],
        )

    async def _stop_there(self, there: Switchover, user: User, by: By, why: str, awaited: Collection[str]) -> Stopped:
        try:
            return await there.supervision.stop_all(user, by, why, awaited)
        except errors.AdapterError as problem:
            log.error("another adapter did not say that it stopped all", pbx=there.id, why=problem.detail)
            return Stopped(0, awaited, [there.id])

    @property
    def parts(self) -> dict[str, bool]:
        """Parts of readiness: each PBX that is ours must have been listed once."""
        return {f"{pbx}.{part}": part == TAKEN_UP for pbx in self._all for part in PARTS}

    def problems(self) -> list[str]:
        """What is not usable now at any PBX of ours, and whether others can be heard, as `part: text`."""
        found = [f"{node.id}.{problem}" for node in self for problem in node.problems()]
        found += [f"{pbx}.{TAKEN_UP}: it is just being taken over" for pbx in self._all if self._is_between(pbx)]
        bus = self._parts.bus.problem
        return [*found, f"bus: {bus}; others' PBXes are not seen"] if bus else found

    def behind(self) -> dict[str, float]:
        """Of each PBX: seconds since its owner was heard last, none for ours; infinite while it is out of sight."""
        return {pbx: one.behind for pbx, one in self._all.items()}

    async def start(self) -> None:
        """Follow the owners of all PBXes, and look after what falls to us. Raises StoreUnavailable."""
        self._parts.bus.start()
        await self._parts.claims.start()  # first: whose pages are left over is asked of a PBX once it is followed
        for one in self._all.values():
            one.start()

    async def end_monitors(self) -> None:
        """Leave what runs to another adapter, where one takes it; else as the configuration says."""
        if not self._parts.claims.others:
            await super().end_monitors()
            return
        ours = {node.id: node for node in self}
        log.info("handing the PBXes over to other adapters", pbxes=sorted(ours))
        await asyncio.gather(*(node.leave() for node in ours.values()))
        await self._parts.recorder.drain()
        if left := [pbx for pbx in await self._parts.claims.hand_over() if pbx in ours]:
            log.warning("no other adapter took these PBXes over", pbxes=left)
            await asyncio.gather(*(ours[pbx].end_left() for pbx in left))

    async def close(self) -> None:
        """Give everything up; monitors were ended before, or left."""
        await asyncio.gather(*(one.close() for one in self._all.values()))
        await self._parts.bus.close()
