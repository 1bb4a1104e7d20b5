"""One of two real PBXes dies, and blinds only itself; the doctor looks at both at once."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapter.lab.provision import Toolchain
from tests.support import forkserver
from tests.support.lab import assert_hears
from tests.support.pbxes import Several, listen
from tests.support.site import is_problem


@pytest.fixture
async def own_pair(toolchain: Toolchain, tmp_path: Path) -> AsyncIterator[Several]:
    """Two that this test may break."""
    async with Several(toolchain, tmp_path).running() as pair:
        yield pair


async def test_the_doctor_examines_both_at_once(pair: Several) -> None:
    process = await forkserver.piped("doctor", "--json", "--config", str(pair.conf))
    output, progress = await process.communicate()
    report = json.loads(output)
    wrong = [one for one in report["findings"] if one["verdict"] in ("wrong", "unknown")]
    assert wrong == []
    assert {one["pbx"] for one in report["findings"]} == {"", "pbx0", "pbx1"}
    assert [one["verdict"] for one in report["findings"] if one["name"] == "reach"] == ["ok"]
    first, last = progress.index(b"pbx1: AMI"), progress.rindex(b"pbx0: ")
    assert first < last, "neither waits for the other"


async def test_one_that_dies_hides_its_calls_only_and_its_trunks_are_nobodys_business(own_pair: Several) -> None:
    """101 talks to 121; pbx0 dies. What is left of that call at pbx1, and other calls there, go on being coached."""
    pair = own_pair
    await pair.talk("101", "121")
    customer, agent = await pair.talk("222", "122")
    ear = await pair.phone("321")
    max1, admin = await pair.client("max1"), await pair.client("admin")
    stream = await admin.events()
    lost, there = await admin.call("101"), await admin.call("122")
    monitor = await max1.monitor(there)
    assert pair.pbxes[0].process is not None
    pair.pbxes[0].process.kill()
    down = await stream.until(lambda kind, data: kind == "pbx.state" and data["state"] != "connected")
    assert (down["id"], down["name"]) == ("pbx0", "PBX 0")
    await stream.until(lambda kind, data: kind == "call.removed" and data["id"] == lost["id"])
    _, body = await admin.get("/calls")
    assert [(one["id"], one["state"] == "connected") for one in body["pbxs"]] == [("pbx0", False), ("pbx1", True)]
    assert {call["pbx"] for call in body["calls"]} == {"pbx1"}
    is_problem(await admin.post("/monitors", {"agent_extension": "101"}), 503, "pbx_unavailable")
    await max1.switch(monitor, "whisper")
    assert_hears(await listen(customer, agent, ear), p321={"222", "122"}, p122={"222", "321"}, p222={"122"})
    await pair.pbxes[0].start()
    end = time.monotonic() + 30
    while (await admin.get("/calls"))[1]["pbx"]["state"] != "connected":
        assert time.monotonic() < end
        await asyncio.sleep(0.1)
    assert (await max1.get(f"/monitors/{monitor['id']}"))[1]["mode"] == "whisper"
