"""What must be true after load, however much it was: the adapter's view is Asterisk's, and the record is whole."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from adapter.lab.run import Adapter
from tests.load.actors import Log
from tests.load.pages import Seen
from tests.load.stage import Stage
from tests.support.client import Client

SETTLE_DEADLINE = 30.0
"""Seconds in which what is shown must become what Asterisk has."""


async def figures(port: int) -> dict[str, float]:
    """The adapter's own figures (/metrics), by their names with labels."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as response:
        assert response.status == 200
        text = await response.text()
    return {name: float(value) for name, value in re.findall(r"^(\w+(?:\{[^}]*\})?) (\S+)$", text, re.M)}


async def same_as_asterisk(stage: Stage) -> None:
    """Calls and monitors that the adapter shows are Asterisk's channels: two for each call, one for each monitor."""
    end = asyncio.get_running_loop().time() + SETTLE_DEADLINE
    while True:
        calls = await stage.admin.calls()
        monitors = [monitor for call in calls for monitor in call["monitors"]]
        channels = await stage.channels()
        if channels == 2 * len(calls) + len(monitors):
            return
        assert asyncio.get_running_loop().time() < end, f"{len(calls)} calls, {len(monitors)} monitors; {channels=}"
        await asyncio.sleep(0.5)


async def nothing_left(stage: Stage) -> None:
    """No call and no monitor is shown, and Asterisk has no channel."""
    await same_as_asterisk(stage)
    assert await stage.admin.calls() == []
    assert (await stage.admin.get("/monitors"))[1] == {"monitors": []}


async def recorded(port: int) -> dict[str, float]:
    """The adapter's figures once nothing waits for the database: the record is written behind what happens."""
    end = asyncio.get_running_loop().time() + SETTLE_DEADLINE
    while (told := await figures(port))["call_monitor_record_waiting"]:
        assert asyncio.get_running_loop().time() < end, told["call_monitor_record_waiting"]
        await asyncio.sleep(0.2)
    return told


async def every_monitor_ended_once(admin: Client, log: Log) -> Counter[str]:
    """Each monitor has one beginning and one end in the audit, with a true reason; how often which."""
    reasons: Counter[str] = Counter()
    for monitor_id, allowed in log.ends.items():
        status, monitor = await admin.get(f"/monitors/{monitor_id}")
        assert status == 200, monitor
        assert monitor["state"] == "ended", monitor
        assert monitor["ended_reason"] in allowed, (monitor, allowed)
        reasons[monitor["ended_reason"]] += 1
    for action in ("monitor.requested", "monitor.ended"):
        told = Counter(entry["monitor_id"] for entry in await _audit(admin, action) if entry["result"] == "ok")
        wrong = {monitor_id: told[monitor_id] for monitor_id in log.ends if told[monitor_id] != 1}
        assert not wrong, f"{action} is in the audit so often: {wrong}"
    return reasons


async def _audit(admin: Client, action: str) -> list[dict[str, str]]:
    entries: list[dict[str, str]] = []
    cursor = ""
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        status, body = await admin.get(f"/audit?action={action}&limit=1000{more}")
        assert status == 200, body
        entries += body["entries"]
        if not (cursor := body["next_cursor"]):
            return entries


def streams_were_whole(seen: Seen, told: Mapping[str, float]) -> None:
    """No id was missing, no stream was ended by the adapter."""
    assert (seen.gaps, seen.lost) == (0, 0), seen
    assert told["call_monitor_event_streams_dropped_total"] == 0
    assert told["call_monitor_record_dropped_total"] == 0


def errors_in(log: Path) -> list[str]:
    """Lines of the adapter's log that tell of an error or of a dropped client; there should be none."""
    bad = []
    for line in log.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            bad.append(line)  # a traceback that went past the log
            continue
        if entry["level"] in ("error", "critical") or "dropped" in entry["event"]:
            bad.append(line)
    return bad


def calls_were_good(stage: Stage) -> None:
    """SIPp saw no call fail."""
    failed = {name: tally.failed for name, crowd in stage.crowds.items() if (tally := crowd.tally()).failed}
    assert not failed, failed


async def audit_is_whole(conf: Path) -> str:
    """`call-monitor audit verify` finds no fault; what it says."""
    process = await asyncio.create_subprocess_exec(
        *Adapter.command("audit", "verify", "--config", str(conf)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode().strip()
