"""Pausing monitoring while the connection to Asterisk comes and goes: nothing is lost, nothing stays that is over."""

from typing import Any

import pytest

from adapter.errors import PbxUnavailable
from tests.fake.pbx import settle
from tests.support.site import is_problem
from tests.unit.test_shield import Busy, busy, pause, resume, until

__all__ = ["busy"]


async def test_after_a_lost_link_who_listens_there_is_moved_and_who_is_there_stays(busy: Busy) -> None:
    site, call_id, who, monitor = busy
    await pause(who["sam"], call_id)
    site.pbx.down()
    site.pbx.up_again()
    await settle()
    one = (await who["mona"].get(f"/monitors/{monitor['id']}"))[1]
    assert (one["shielded"], one["state"]) == (True, "live")
    assert site.board.call(call_id).shielded  # type: ignore[union-attr]
    (known,) = site.board.monitors()
    site.pbx.down()
    site.pbx.stands(known.leg, "barge-keypad")
    site.pbx.up_again()
    await until(lambda: all(one.shielded for one in site.board.monitors()))
    assert site.pbx.did[-1] == "shield"
    assert (await resume(who["sam"], call_id))[0] == 204
    await until(lambda: all(one.audible for one in site.board.monitors()))


async def test_a_mark_that_nothing_else_tells_of_is_believed(busy: Busy) -> None:
    site, call_id, who, monitor = busy
    site.pbx.down()
    customer = next(one for one, channel in site.pbx.scene.channels.items() if channel.number == "201")
    site.pbx.marks[customer] = f"{int(site.now.timestamp()) + 100} 300 user {who['sam'].user['id']}"
    site.pbx.up_again()
    await until(lambda: all(one.shielded for one in site.board.monitors()))
    call = await who["mona"].call("101", state=None)
    assert call["shielded_until"] is not None
    assert (await resume(who["sam"], call_id))[0] == 204
    await until(lambda: all(one.audible for one in site.board.monitors()))
    assert (await who["mona"].get(f"/monitors/{monitor['id']}"))[1]["shielded"] is False


@pytest.fixture
async def recorded(busy: Busy) -> Busy:
    """The same, where the operator records, and has that paused too."""
    site = busy[0]
    (node,) = site.service.nodes
    node.shielding._recordings = True
    site.pbx.recorded.update(site.pbx.scene.channels)
    return busy


async def test_it_is_not_lifted_where_asterisk_cant_be_told(recorded: Busy) -> None:
    site, call_id, who, _ = recorded
    await pause(who["sam"], call_id)
    assert site.pbx.muted
    site.pbx.down()
    is_problem(await resume(who["sam"], call_id), 503, "pbx_unavailable")
    site.pbx.up_again()
    await settle()
    assert site.board.call(call_id).shielded  # type: ignore[union-attr]
    assert (await resume(who["sam"], call_id))[0] == 204
    await until(lambda: not site.pbx.muted)
    assert not any(site.pbx.marks.values())


async def test_what_was_over_while_asterisk_was_away_is_taken_back_there_too(recorded: Busy) -> None:
    site, call_id, who, _ = recorded
    await pause(who["sam"], call_id, seconds=1)
    assert site.pbx.muted
    site.pbx.down()
    (node,) = site.service.nodes
    await until(lambda: not node.shielding._keeper.shields.running)
    assert site.pbx.muted, "nobody could tell Asterisk"
    site.pbx.up_again()
    await until(lambda: not site.pbx.muted and not any(site.pbx.marks.values()))
    await until(lambda: all(one.audible for one in site.board.monitors()))


async def test_what_asterisk_did_not_hear_of_an_end_is_told_again(
    recorded: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, call_id, who, _ = recorded
    await pause(who["sam"], call_id)

    async def lost(*_: Any, **__: Any) -> bool:
        raise PbxUnavailable("the connection broke in this moment")

    with monkeypatch.context() as broken:
        broken.setattr(site.pbx, "mark", lost)
        broken.setattr(site.pbx, "mute_recordings", lost)
        assert (await resume(who["sam"], call_id))[0] == 204
        await settle()
    assert site.pbx.muted
    site.pbx.down()
    site.pbx.up_again()
    await until(lambda: not site.pbx.muted and not any(site.pbx.marks.values()))
    assert not site.board.call(call_id).shielded, "the mark that was left raised it again"  # type: ignore[union-attr]
