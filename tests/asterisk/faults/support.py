"""What tests of faults say often."""

import asyncio
import time
from collections.abc import Callable

import aiohttp

from adapter.core.legs import is_leg
from tests.support import forkserver
from tests.support.client import Client, Json
from tests.support.lab import Lab


async def pbx_state(client: Client, wanted: str, deadline: float = 30) -> None:
    """Wait until the adapter says so."""
    end = time.monotonic() + deadline
    while (await client.get("/calls"))[1]["pbx"]["state"] != wanted:
        assert time.monotonic() < end, f"the PBX is not {wanted}"
        await asyncio.sleep(0.05)


async def until(wanted: Callable[[], bool], deadline: float = 30) -> None:
    """Wait until something is so."""
    end = time.monotonic() + deadline
    while not wanted():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def channels(lab: Lab) -> dict[str, str]:
    """Names of all channels by uniqueid, as Asterisk's own command line tells them."""
    lines = (await lab.pbx.cli("core show channels concise")).splitlines()
    return {line.rpartition("!")[2]: line.partition("!")[0] for line in lines if "!" in line}


async def legs(lab: Lab) -> list[str]:
    """Uniqueids of the supervisors' legs that are up at Asterisk."""
    return [uniqueid for uniqueid in await channels(lab) if is_leg(uniqueid)]


async def no_legs(lab: Lab, deadline: float = 10) -> None:
    """Wait until no supervisor's leg is up."""
    end = time.monotonic() + deadline
    while found := await legs(lab):
        assert time.monotonic() < end, f"still there: {found}"
        await asyncio.sleep(0.05)


async def killed(lab: Lab) -> None:
    """SIGKILL for the adapter, once what happened is recorded: that is 20 ms behind."""
    await asyncio.sleep(0.5)
    assert lab.adapter.process is not None
    lab.adapter.process.kill()
    await lab.adapter.process.wait()


async def command(lab: Lab, *arguments: str) -> None:
    """Run the adapter's own command line."""
    process = await forkserver.start(*arguments, "--config", str(lab.conf))
    assert await process.wait() == 0


async def ready(lab: Lab) -> tuple[int, list[str]]:
    """What /readyz says: its status, and the parts that are not usable."""
    try:
        async with aiohttp.ClientSession() as http, http.get(f"{lab.base}/readyz") as response:
            body: Json = await response.json()
            return response.status, [name for name, state in body["parts"].items() if state != "ok"]
    except aiohttp.ClientConnectorError:
        return 0, ["the adapter does not listen yet"]


async def until_ready(lab: Lab, *, mentions: str | None = None, deadline: float = 30) -> None:
    """Wait until /readyz says 200, or until it names a part."""
    end = time.monotonic() + deadline
    while True:
        status, problems = await ready(lab)
        if (status == 200) if mentions is None else mentions in problems:
            return
        assert time.monotonic() < end, problems
        await asyncio.sleep(0.05)


async def until_told_why(admin: Client, words: str, deadline: float = 30) -> None:
    """Wait until /health tells an administrator this."""
    end = time.monotonic() + deadline
    while True:
        _, body = await admin.get("/health")
        if any(words in (part["problem"] or "") for part in body["parts"]):
            return
        assert time.monotonic() < end, body
        await asyncio.sleep(0.05)


async def refused_at_once(client: Client, call: Json, monitor: Json | None = None) -> None:
    """Without the PBX a click is answered 503 at once, with when to come back."""
    began = time.monotonic()
    async with client.http.post(f"{client.base}/monitors", json={"call_id": call["id"]}) as response:
        body = await response.json()
        assert (response.status, body["code"]) == (503, "pbx_unavailable")
        assert int(response.headers["Retry-After"]) > 0
    if monitor is not None:
        status, body = await client.patch(f"/monitors/{monitor['id']}", {"mode": "barge"})
        assert (status, body["code"]) == (503, "pbx_unavailable")
    assert time.monotonic() - began < 2, "it waited for the PBX"


async def told(client: Client, monitor: Json, action: str) -> int:
    """How often the audit tells this of a monitor."""
    rows = (await client.get(f"/audit?action={action}&limit=500"))[1]["entries"]
    return sum(row["monitor_id"] == monitor["id"] for row in rows)


async def until_told(client: Client, monitor: Json, action: str, deadline: float = 30) -> None:
    """Wait until the audit tells this of a monitor."""
    end = time.monotonic() + deadline
    while not await told(client, monitor, action):
        assert time.monotonic() < end, f"the audit does not tell {action}"
        await asyncio.sleep(0.1)


async def until_mode(client: Client, monitor: Json, mode: str, deadline: float = 30) -> None:
    """Wait until a monitor is shown in this mode: after a restart, what Asterisk is asked for comes a moment later."""
    end = time.monotonic() + deadline
    while (now := (await client.get(f"/monitors/{monitor['id']}"))[1]["mode"]) != mode:
        assert time.monotonic() < end, f"it is {now}"
        await asyncio.sleep(0.05)
