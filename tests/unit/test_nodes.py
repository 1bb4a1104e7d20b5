"""Several PBXes in one process: people and supervisors are everybody's, and one that is lost blinds only itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapter import errors
from adapter.core.changes import Changes
from adapter.monitoring.ports import StartRequest
from adapter.store import Store
from adapter.tasks import FAILURES
from tests.fake.pbx import FakePbx, settle
from tests.support.clock import real
from tests.support.site import SECRET, Site, is_problem

NAMES = ("north", "south")


class Two(Site):
    """One adapter at two PBXes that both have the agents 101 to 104."""

    def __init__(self, store: Store) -> None:
        pbx = [{"id": name, "ami": SECRET, "ari": SECRET, "watch_interval_seconds": 3600} for name in NAMES]
        super().__init__(store, pbx=pbx)
        self.pbxes = {name: FakePbx(name) for name in NAMES}

    def connect_to(self, name: str) -> Any:
        return self.pbxes[name].connect

    def name_boards(self) -> None:
        for board in self.service.boards.own:
            self.pbxes[board.id].board = board

    def calls_at(self, name: str, customer: str, agent: str) -> tuple[str, str]:
        """A call that is up there."""
        both = self.pbxes[name].scene.answered_call(customer, agent)
        self.pbxes[name].run()
        return both


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    """Fresh for each test."""
    site = Two(await Store.open(f"sqlite+aiosqlite:///{tmp_path}/test.sqlite", clock=real))
    runner = await site.start()
    yield site
    await site.close(runner)


async def test_calls_of_both_are_shown_and_each_is_monitored_where_it_is(two: Two) -> None:
    two.calls_at("north", "201", "101")
    two.calls_at("south", "202", "102")
    admin = await two.client("admin")
    calls = {call["agent"]["extension"]: call for call in await admin.calls()}
    assert calls.keys() == {"101", "102"}
    monitor = await admin.monitor(calls["102"])
    assert (await admin.switch(monitor, "barge"))["mode"] == "barge"
    assert two.pbxes["south"].did == ["originate silent keypad", "digit barge"]
    assert two.pbxes["north"].did == []
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "stopped"


async def test_a_supervisor_has_one_place_at_both(two: Two) -> None:
    two.calls_at("north", "201", "101")
    two.calls_at("south", "202", "102")
    admin = await two.client("admin")
    await admin.monitor(await admin.call("101"))
    is_problem(await admin.post("/monitors", {"agent_extension": "102"}), 409, "already_monitoring")


async def test_the_same_extension_at_both_is_ambiguous(two: Two) -> None:
    two.calls_at("north", "201", "101")
    two.calls_at("south", "202", "101")
    admin = await two.client("admin")
    problem = is_problem(await admin.post("/monitors", {"agent_extension": "101"}), 409, "ambiguous")
    assert len(problem["calls"]) == 2
    assert problem["calls"][0]["id"] != problem["calls"][1]["id"]


async def test_one_that_is_lost_hides_its_own_calls_only_and_says_so(two: Two) -> None:
    two.calls_at("north", "201", "101")
    two.calls_at("south", "202", "102")
    admin = await two.client("admin")
    stream = await admin.events()
    there = await admin.call("102")
    two.pbxes["north"].down()
    lost = await stream.until(lambda kind, data: kind == "pbx.state")
    assert lost["state"] == "down"
    assert [call["id"] for call in await admin.calls()] == [there["id"]]
    is_problem(await admin.post("/monitors", {"agent_extension": "101"}), 503, "pbx_unavailable")
    assert (await admin.post("/monitors", {"agent_extension": "102"}))[0] == 201


async def test_a_resync_of_one_ends_nobody_elses_calls(two: Two) -> None:
    two.calls_at("north", "201", "101")
    two.calls_at("south", "202", "102")
    open_calls = two.recorder.journal.open
    assert len(open_calls) == 2
    two.pbxes["north"].scene.channels.clear()
    two.pbxes["north"].up_again()
    assert [known.call.pbx for known in open_calls.values()] == ["south"]
    two.pbxes["south"].up_again()
    assert [known.call.pbx for known in open_calls.values()] == ["south"]


async def test_calls_of_a_pbx_that_is_no_longer_configured_are_over(two: Two) -> None:
    two.calls_at("south", "202", "102")
    await two.recorder.settled()
    left = await two.store.records.open_calls()
    record = type(two.recorder.journal)(two.service.boards.call)
    record.open.update(left)
    over = record.forget_others(["north"], two.now)
    assert [event.type.value for event in over.events] == ["call.ended"]
    assert list(over.calls.values()) == [None]
    assert record.open == {}


async def test_a_change_of_accounts_is_told_once_and_acts_at_both(two: Two) -> None:
    two.calls_at("north", "201", "101")
    two.calls_at("south", "202", "102")
    mona, coach, admin = await two.client("mona"), await two.client("coach"), await two.client("admin")
    watching = [await mona.monitor(await mona.call("101")), await coach.monitor(await coach.call("102"))]
    told: list[Changes] = []
    two.service.boards.subscribe(lambda changes: told.append(changes) if changes.people else None)
    for one in (mona, coach):
        assert (await admin.patch(f"/users/{one.user['id']}", {"can_monitor": False}))[0] == 200
    await settle()
    assert [changes.pbx for changes in told] == [None, None]
    for client, monitor in zip((mona, coach), watching, strict=True):
        view = (await admin.get(f"/monitors/{monitor['id']}"))[1]
        assert (view["ended_reason"], client.user["can_monitor"]) == ("permission_revoked", True)


async def test_the_worse_connection_is_the_one_that_is_shown(two: Two) -> None:
    boards = two.service.boards
    south = boards.board("south")
    assert south is not None
    known = [boards.complete]
    two.pbxes["south"].down()
    known.append(boards.complete)
    assert boards.pbx_state == south.pbx_state
    two.pbxes["south"].up_again()
    assert [*known, boards.complete] == [True, False, True]


async def test_one_listener_that_fails_leaves_the_others_told_and_the_commands_carried_out(two: Two) -> None:
    def bad(changes: Changes) -> None:
        raise ValueError("a surprise")

    (north, south) = two.service.boards.own
    for board in (north, south):
        board._changes._all.insert(0, bad)
    before = sum(FAILURES.listeners.values())
    two.calls_at("south", "202", "102")
    admin = await two.client("admin")
    monitor = await admin.monitor(await admin.call("102"), "barge")
    scene = two.pbxes["south"].scene
    third = scene.channel("203")
    scene.enter("b1", third)  # its bridge changes while it talks: it is silent at once
    two.pbxes["south"].run()
    await settle()
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["mode"] == "silent"
    assert sum(FAILURES.listeners.values()) > before


async def test_events_during_the_stop_harm_nobody(two: Two) -> None:
    two.calls_at("north", "201", "101")
    admin = await two.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    await two.service.close()
    for pbx in two.pbxes.values():
        pbx.scene.answered_call("203", "103")
        pbx.run()
        pbx.down()
        pbx.up_again()
    await settle()
    found = await two.store.monitors.find(monitor["id"])
    assert found is not None
    assert found.ended_reason is not None
    assert found.ended_reason.value == "adapter_stopped"


async def test_who_may_not_is_refused_before_anything_is_looked_for(two: Two) -> None:
    sam = next(user for user in two.service.boards.directory.users.values() if user.username == "sam")
    with pytest.raises(errors.Forbidden):
        two.service.nodes.node_for(sam, StartRequest(call_id="nothing"))
