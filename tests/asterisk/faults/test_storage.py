"""The database locked, full, read-only and restarted: nothing starts unrecorded, what runs is told, nothing is lost."""

import asyncio
import resource
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from adapter.lab import people
from tests.asterisk.faults.support import command, no_legs, until_told
from tests.support.cheap import cheap_hashes
from tests.support.client import Client, Json, Stream
from tests.support.lab import Lab, assert_hears, listen
from tests.support.postgresql import PostgreSQL


class Monitored:
    """A monitor that is live, and who is told of what."""

    def __init__(self, lab: Lab, admin: Client, mona: Client, stream: Stream, agents: Stream, monitor: Json) -> None:
        self.lab, self.admin, self.mona = lab, admin, mona
        self.stream, self.agents, self.monitor = stream, agents, monitor

    @classmethod
    async def on(cls, lab: Lab) -> "Monitored":
        """Admin listens to Sam."""
        await lab.talk("201", "101")
        await lab.phones("301", "302")
        admin, mona, sam = await lab.client("admin"), await lab.client("mona"), await lab.client("sam")
        stream, agents = await admin.events(), await sam.events()
        monitor = await admin.monitor(await admin.call("101"))
        return cls(lab, admin, mona, stream, agents, monitor)

    async def told(self, state: str) -> None:
        """The supervisor's stream says how the record is."""
        await self.stream.until(lambda kind, data: kind == "record.state" and data["state"] == state)

    async def nothing_starts(self) -> None:
        """A wish to monitor is refused, nothing rings, and nobody is listened to."""
        rang = self.lab.known("302").rang()
        status, body = await self.mona.post("/monitors", {"agent_extension": "101"})
        assert (status, body["code"]) == (503, "record_unavailable")
        assert self.lab.known("302").rang() == rang
        assert [m["id"] for m in (await self.admin.get("/monitors"))[1]["monitors"]] == [self.monitor["id"]]

    async def nothing_is_raised(self) -> None:
        """Nobody begins to talk by a click: refused at once, and nothing is asked of Asterisk."""
        for mode in ("whisper", "barge"):
            async with self.admin.http.patch(
                f"{self.admin.base}/monitors/{self.monitor['id']}", json={"mode": mode}
            ) as answer:
                assert (answer.status, (await answer.json())["code"]) == (503, "record_unavailable")
                assert int(answer.headers["Retry-After"]) > 0
        assert (await self.admin.get(f"/monitors/{self.monitor['id']}"))[1]["mode"] == "silent"

    async def goes_on(self) -> None:
        """The keypad needs no database at all; silence by a click works too."""
        customer, agent = self.lab.known("201"), self.lab.known("101")
        await self.lab.known("301").dtmf("5")
        await self.stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "whisper")
        assert_hears(await listen(customer, agent), p101={"201", "301"}, p201={"101"})
        await self.admin.switch(self.monitor, "silent")
        assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})

    async def nothing_was_lost(self) -> None:
        """What happened meanwhile is in the audit, whose chain is whole; the agent was told of the talk alone."""
        await until_told(self.admin, self.monitor, "monitor.mode_changed")
        await command(self.lab, "audit", "verify")
        assert "record.state" not in self.agents.kinds()
        end = time.monotonic() + 30
        while (answer := await self.mona.post("/monitors", {"agent_extension": "101"}))[0] == 503:
            assert time.monotonic() < end, answer  # the record's state is looked at now and then
            await asyncio.sleep(0.1)
        assert answer[0] == 201, answer


async def test_sqlite_locked_by_somebody_else(own: Lab) -> None:
    world = await Monitored.on(own)
    with locked(own):
        await world.told("failing")
        await world.nothing_is_raised()
        await world.goes_on()
        await world.nothing_starts()
    await world.told("ok")
    await world.nothing_was_lost()


async def test_all_monitoring_can_be_stopped_while_the_record_is_away(own: Lab) -> None:
    world = await Monitored.on(own)
    await world.admin.switch(world.monitor, "barge")
    with locked(own):
        await world.told("failing")
        status, body = await world.admin.post("/monitors/stop-all", {"reason": "Nobody can see who listens"})
        assert (status, body) == (200, {"stopped": 1})
        await no_legs(own, deadline=1)
        assert_hears(await listen(own.known("201"), own.known("101")), p101={"201"}, p201={"101"})
    await world.told("ok")
    await until_told(world.admin, world.monitor, "monitor.ended")
    ended = (await world.admin.get("/audit?action=monitor.ended&limit=500"))[1]["entries"]
    ended = [one for one in ended if one["monitor_id"] == world.monitor["id"]]  # other tests' ended in this lab too
    stopped = (await world.admin.get("/audit?action=monitor.stopped_all&limit=500"))[1]["entries"]
    for entries in (ended, stopped):
        assert [(one["actor"], one["reason"]) for one in entries] == [("admin", "Nobody can see who listens")], entries
    await world.nothing_was_lost()


async def test_a_talk_at_the_moment_of_the_failure_is_taken_back(own: Lab) -> None:
    """Seen: PATCH barge was 200 and heard by the customer, and a start took 11.6 s to its 503."""
    world = await Monitored.on(own)
    with locked(own):
        began = time.monotonic()
        status, body = await world.admin.patch(f"/monitors/{world.monitor['id']}", {"mode": "barge"})
        assert (status, body["code"]) == (503, "record_unavailable")
        assert time.monotonic() - began < 8
        assert_hears(await listen(own.known("201"), own.known("101")), p101={"201"}, p201={"101"})
        began = time.monotonic()
        await world.nothing_starts()
        assert time.monotonic() - began < 8
    await world.nothing_was_lost()


async def test_who_talks_unrecorded_for_long_is_made_silent(own: Lab) -> None:
    own.conf.write_text(own.conf.read_text().replace("[monitoring]", "[monitoring]\nunrecorded_seconds = 2.0"))
    await own.adapter.stop()
    await own.start_adapter()
    world = await Monitored.on(own)
    await world.admin.switch(world.monitor, "barge")
    await world.stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "barge")
    mark = len(world.stream.events)
    with locked(own):
        await world.told("failing")
        told = await world.stream.until(lambda kind, data: kind == "monitor.updated", mark)
        assert told["reason"] == "unrecorded"
        assert_hears(await listen(own.known("201"), own.known("101")), p101={"201"}, p201={"101"})
        assert (await world.admin.delete(f"/monitors/{world.monitor['id']}"))[0] == 204, "an end needs no record"
    await world.told("ok")
    await until_told(world.admin, world.monitor, "monitor.ended")
    rows = (await world.admin.get("/audit?action=monitor.mode_changed"))[1]["entries"]
    assert (rows[0]["mode"], rows[0]["via"], rows[0]["reason"]) == ("silent", "adapter", "unrecorded")


@contextmanager
def locked(lab: Lab) -> Iterator[None]:
    """A backup that does not end, say."""
    other = sqlite3.connect(lab.folder / "adapter.sqlite", isolation_level=None, timeout=10)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.rollback()
    other.close()


async def test_a_disk_that_takes_nothing(own: Lab) -> None:
    """The kernel refuses every write of the adapter to a file, its log's too (RLIMIT_FSIZE: EFBIG)."""
    world = await Monitored.on(own)
    assert own.adapter.process is not None
    before = resource.prlimit(own.adapter.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(own.adapter.process.pid, resource.RLIMIT_FSIZE, (1, before[1]))
    await world.told("failing")
    await world.goes_on()
    await world.nothing_starts()
    resource.prlimit(own.adapter.process.pid, resource.RLIMIT_FSIZE, before)
    await world.told("ok")
    await world.nothing_was_lost()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """A real PostgreSQL."""
    with PostgreSQL.running() as server:
        yield server


@pytest.fixture
async def on_postgresql(own: Lab, server: PostgreSQL) -> AsyncIterator[Lab]:
    """The lab's adapter, with its database there."""
    await own.adapter.stop()
    lines = own.conf.read_text().splitlines()
    url = f'url = "{server.url("postgres")}"'
    own.conf.write_text("\n".join(url if "sqlite" in line else line for line in lines))
    with cheap_hashes():
        await people.seed(own.conf)
    await own.start_adapter()
    yield own
    await own.close_clients()
    await own.adapter.stop()


async def test_postgresql_restarted(on_postgresql: Lab, server: PostgreSQL) -> None:
    world = await Monitored.on(on_postgresql)
    await asyncio.to_thread(server.halt)
    try:
        await world.told("failing")
        await world.goes_on()
    finally:
        await asyncio.to_thread(server.start)
    await world.told("ok")
    await world.nothing_was_lost()


async def test_postgresql_read_only(on_postgresql: Lab, server: PostgreSQL) -> None:
    """As a standby is after a failover that the adapter was not told of."""
    world = await Monitored.on(on_postgresql)
    await asyncio.to_thread(server.ask, "ALTER SYSTEM SET default_transaction_read_only = on")
    await asyncio.to_thread(server.ask, "SELECT pg_reload_conf()")
    try:
        await world.told("failing")
        await world.nothing_starts()
        await world.goes_on()
    finally:
        await asyncio.to_thread(server.ask, "ALTER SYSTEM RESET default_transaction_read_only")
        await asyncio.to_thread(server.ask, "SELECT pg_reload_conf()")
    await world.told("ok")
    await world.nothing_was_lost()
