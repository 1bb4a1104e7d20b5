"""The report over real calls: what a real Asterisk confirmed, to the millisecond, as the audit has it."""

import asyncio
from datetime import UTC, datetime

from tests.support.lab import Lab
from tests.unit.test_report_contract import added_up, by_name, close_to


async def test_it_is_what_the_audit_of_real_calls_adds_up_to(lab: Lab) -> None:
    """Mona listens, whispers, joins, is silent by the keypad's digit, and stops; then once more to another's call."""
    since = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    await lab.talk("201", "101")
    await lab.talk("202", "102")
    supervisor = await lab.phone("302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    stream = await mona.events()
    for agent, modes in (("101", ("whisper", "barge")), ("102", ())):
        status, monitor = await mona.post("/monitors", {"agent_extension": agent, "device": "PJSIP/302"})
        assert status == 201, monitor
        at = f"/monitors/{monitor['id']}"
        await mona.until(monitor["id"], "live")
        for mode in modes:
            await asyncio.sleep(0.3)
            assert (await mona.patch(at, {"mode": mode}))[0] == 200
        if modes:
            seen = len(stream.events)
            await supervisor.dtmf("4")
            await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "silent", seen)
        assert (await mona.delete(at))[0] == 204
    _, audit = await admin.get(f"/audit?since={since}&limit=1000")
    for who, names in (("agent", {"Sam": "sam", "Ana": "ana"}), ("supervisor", {"Mona": "mona"})):
        _, body = await admin.get(f"/reports/coaching?since={since}&by={who}")
        rows, expected = by_name(body), added_up(audit["entries"][::-1], who)
        for name, username in names.items():
            close_to(rows[name], expected[username])
    sam = by_name((await admin.get(f"/reports/coaching?since={since}"))[1])["Sam"]
    assert min(sam[f"{mode}_seconds"] for mode in ("silent", "whisper", "barge")) > 0
    assert sam["unsure_seconds"] == 0
    assert (sam["calls"], sam["monitors"]) == (1, 1)
