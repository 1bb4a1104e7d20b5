"""A lab for tests of whose microphone it is: phones that can pick up, a named Asterisk, a dialplan without our gate."""

import asyncio
import time
from typing import Any

from tests.support.client import Client
from tests.support.lab import Lab

GROUPS = "".join(f"[{number}](+)\ncall_group = 1\npickup_group = 1\n" for number in ("101", "102", "103", "104", "302"))
OLD_CODES = """
[lab-agents](+)
include => old-codes
[lab-supervisors](+)
include => old-codes
[old-codes]
exten => _*97X.,1,Stasis(call-monitor,barge,${EXTEN:3})
 same => n,Goto(call-monitor,said-failed,1)
"""
"""Star codes as they stood before the dialplan had a gate: there the adapter alone refuses."""
MORE = {
    "asterisk": "systemname = cm-east\n",
    "pjsip": f"\n{GROUPS}",
    "extensions": OLD_CODES,
}
CODES = ("*57", "*97")


async def listening(lab: Lab) -> list[str]:
    """The channels that are in ChanSpy."""
    lines = (await lab.pbx.cli("core show channels concise")).splitlines()
    return [line for line in lines if "!ChanSpy!" in line]


async def nobody_listens(lab: Lab, deadline: float = 8) -> float:
    """Wait until no channel is in ChanSpy; returns the seconds that it took."""
    began = time.monotonic()
    while found := await listening(lab):
        assert time.monotonic() - began < deadline, found
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def refused(lab: Lab, admin: Client, actor: str, *, entries: int = 1) -> dict[str, Any]:
    """Wait until the audit tells that a code was refused, of whom, and that nobody listens."""
    path = "/audit?action=monitor.requested&limit=500"
    end = time.monotonic() + 30
    while True:
        rows = (await admin.get(path))[1]["entries"]
        mine = [row for row in rows if row["reason"] == "not_own_call" and row["actor"] == actor]
        if len(mine) >= entries:
            break
        assert time.monotonic() < end, rows[:2]
        await asyncio.sleep(0.05)
    assert (mine[0]["result"], mine[0]["via"], mine[0]["agent"]) == ("refused", "star code", "lee")
    assert await listening(lab) == []
    assert (await admin.get("/monitors"))[1]["monitors"] == []
    return dict(mine[0])


async def count_of(admin: Client, actor: str) -> int:
    """How many refusals of calls that were not the phone's own the audit tells of this actor."""
    rows = (await admin.get("/audit?action=monitor.requested&limit=500"))[1]["entries"]
    return sum(row["reason"] == "not_own_call" and row["actor"] == actor for row in rows)
