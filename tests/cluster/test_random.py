"""Whatever happens on the way, and to whom: a mirror shows what the owner of its term has had, then what it has."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.core.modes import Mode
from adapter.core.ownership import Term
from adapter.core.pbx import LinkState, PbxState
from adapter.errors import AdapterError
from adapter.fleet.bus import LocalBus
from adapter.monitoring.ports import StartRequest
from tests.fake.pbx import settle
from tests.fake.scene import ADMIN, MONA, SAM
from tests.support.cluster import Accounts, Other, Owner, Picture, picture, term
from tests.support.virtual_time import virtual_time

FAULTS = ("none", "loses", "doubles", "shuffles", "all", "cut", "holds")
HAPPENINGS = (
    *("call", "call", "hang up", "hold", "join", "start", "switch", "switch", "stop", "people", "link", "new term"),
    *("new owner", "restart", "wait", "wait long", "release", "stopped"),
)


class Wire(LocalBus):
    """Loses, doubles, holds back and shuffles, as chance has it."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self.chance, self.fault = chance, "none"
        self.held: list[tuple[str, bytes]] = []

    def _does(self, fault: str, share: float = 0.3) -> bool:
        return self.fault in (fault, "all") and self.chance.random() < share

    def publish(self, subject: str, data: bytes) -> None:
        if self.fault == "cut" or self._does("loses"):
            return
        if self.fault == "holds" or self._does("shuffles"):
            self.held.append((subject, data))
            return
        super().publish(subject, data)
        if self._does("doubles"):
            self.held.append((subject, data))

    def release(self, *, in_order: bool) -> None:
        """What was held back comes now."""
        held, self.held = self.held, []
        if not in_order:
            self.chance.shuffle(held)
        for subject, data in held:
            super().publish(subject, data)


class World:
    """Owners, one after the other, of one PBX, and an adapter that mirrors it."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.wire, self.accounts = chance, Wire(chance), Accounts()
        self.boot = asyncio.get_running_loop().time
        self.had: dict[Term, list[Picture]] = {}
        """By term: all that its owner's board ever was in it."""
        self.looks = 0
        self.newest: dict[Other, int] = {}
        """By adapter: the number of the newest term that it showed."""
        self.wrong: list[str] = []
        """What was shown that the owner had not had."""
        self.numbers = 0
        self.owners: list[Owner] = []
        self.own()
        self.other = self.join()

    @property
    def owner(self) -> Owner:
        return self.owners[-1]

    def own(self) -> None:
        """Another process owns the PBX from now on. The last one goes on as if nothing were: it does not know yet."""
        made = Owner(self.wire, self.accounts, self.boot)
        if self.owners:
            made.pbx.scene = self.owner.pbx.scene
            made.pbx.scene.take()
            made.pbx.up_again()
        made.board._changes._all.insert(0, lambda changes: self.keep(made))  # before anybody tells of it
        self.owners.append(made)
        self.begin()

    def begin(self) -> None:
        self.numbers += 1
        self.had[term(self.numbers)] = [picture(self.owner.board, self.owner.bars)]
        self.owner.publisher.begin(term(self.numbers))

    def keep(self, owner: Owner) -> None:
        if (known := owner.publisher.term) is not None:
            self.had[known].append(picture(owner.board, owner.bars))

    def join(self) -> Other:
        other = Other(self.wire, self.accounts, self.boot)
        other.boards.subscribe(lambda changes: self.check(other))
        return other

    def check(self, other: Other) -> None:
        """It never shows what its owner has not had in its present term."""
        if not other.board.in_sight:
            assert not other.board.calls()
            return
        self.looks += 1
        now = other.follower.term
        assert now is not None
        if now.number < self.newest.get(other, 0):
            self.wrong.append(f"{now} after a newer term")
        self.newest[other] = now.number
        shown, had = picture(other.board, other.bars), self.had[now]
        if shown not in had:
            self.wrong.append(difference(shown, had[-1]))

    async def happen(self, what: str) -> None:
        scene, pbx, chance, board = self.owner.pbx.scene, self.owner.pbx, self.chance, self.owner.board
        there = sorted(one for one in scene.channels if one not in scene.over and not one.startswith("cm-"))
        monitors, supervision = list(board.monitors()), self.owner.supervision
        match what:
            case "call":
                number = len(scene.channels)
                scene.answered_call(f"2{number % 90:02}", f"10{number % 4 + 1}", f"b{number}")
            case "hang up" if there:
                one = chance.choice(there)
                scene.gone(one)
                scene.channels.pop(one, None)
            case "hold" if there:
                scene.hold(chance.choice(there), chance.random() < 0.5)
            case "join" if there:
                first = scene.channels[chance.choice(there)]
                joins = scene.channel("302", linked=first.linkedid)
                scene.dial(first.uniqueid, joins)
                if chance.random() < 0.5:
                    scene.up(joins)
                    scene.enter(scene.bridges.get(first.uniqueid, "b0"), joins)
            case "start" if board.calls():
                call = chance.choice(sorted(board.calls(), key=lambda one: one.id))
                with suppress(AdapterError):
                    await supervision.start(chance.choice((ADMIN, MONA)), StartRequest(call_id=call.id))
            case "switch" if monitors:
                monitor = chance.choice(monitors)
                user = board.directory.users[monitor.supervisor.user_id]
                with suppress(AdapterError):
                    await supervision.switch(user, monitor.id, chance.choice(list(Mode)))
            case "stop" if monitors:
                monitor = chance.choice(monitors)
                with suppress(AdapterError):
                    await supervision.stop(board.directory.users[monitor.supervisor.user_id], monitor.id)
            case "people":
                self.accounts.change(replace(SAM, name=f"Sam {self.accounts.mark}"))
                self.owner.people.take()
            case "link":
                if board.pbx_state.state is LinkState.CONNECTED:
                    board.set_pbx(PbxState(LinkState.DOWN, scene.now))
                else:
                    pbx.up_again()
            case "new term":
                self.begin()
            case "new owner":
                self.own()
            case "restart":
                await self.other.close()
                self.other = self.join()
            case "wait":
                await asyncio.sleep(chance.random() / 2)
            case "wait long":
                await asyncio.sleep(1 + 3 * chance.random())
            case "release":
                self.wire.release(in_order=chance.random() < 0.5)
            case "stopped":  # the mirror's process: all that was said meanwhile it reads at once, afterwards
                fault, self.wire.fault = self.wire.fault, "holds"
                await asyncio.sleep(3 * chance.random())
                self.wire.fault = fault
                self.wire.release(in_order=True)
            case _:
                pass
        pbx.run()
        await settle()
        self.check(self.other)
        assert not self.wrong, self.wrong[0]

    async def settled(self) -> None:
        """Nothing goes wrong any more: soon it is the same."""
        self.wire.fault = "none"
        self.wire.release(in_order=False)
        for _ in range(100):
            if self.other.shows(self.owner):
                return
            await asyncio.sleep(0.1)
        assert picture(self.other.board, self.other.bars) == picture(self.owner.board, self.owner.bars)
        raise AssertionError("it is out of sight")

    async def close(self) -> None:
        await self.other.close()
        for owner in self.owners:
            await owner.close()


def difference(shown: Picture, had: Picture) -> str:
    """Where two pictures differ."""
    return "\n".join(f"{one}\n  and not {other}" for one, other in zip(shown, had, strict=True) if one != other)


@given(
    st.lists(st.tuples(st.sampled_from(FAULTS), st.lists(st.sampled_from(HAPPENINGS), max_size=8)), max_size=8),
    st.integers(0, 2**32),
)
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_whatever_happens(phases: list[tuple[str, list[str]]], seed: int) -> None:
    async def live() -> None:
        loop = asyncio.get_running_loop()
        loop.time = lambda: 1000.0  # type: ignore[method-assign]  # only virtual time passes: what fails can be repeated
        with virtual_time(loop):
            world = World(Random(seed))
            try:
                for fault, happenings in phases:
                    world.wire.fault = fault
                    for what in happenings:
                        await world.happen(what)
                await world.settled()
                assert world.looks > 0
                assert not world.wrong, world.wrong[0]
            finally:
                await world.close()

    asyncio.run(live())


@pytest.mark.soak
@given(
    st.lists(st.tuples(st.sampled_from(FAULTS), st.lists(st.sampled_from(HAPPENINGS), max_size=20)), max_size=20),
    st.integers(0, 2**32),
)
@settings(max_examples=2000, suppress_health_check=list(HealthCheck))
def test_whatever_happens_for_long(phases: list[tuple[str, list[str]]], seed: int) -> None:
    test_whatever_happens.hypothesis.inner_test(phases, seed)  # type: ignore[attr-defined]
