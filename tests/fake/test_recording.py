"""Recording over a scripted Asterisk: it asks what the adapter asks, never waits for the disk, and ends as it says."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapter import config, wiring
from adapter.asterisk.ami import AmiAddress, AuthenticationFailed
from adapter.asterisk.connection import Connection, LinkSettings
from adapter.doctor.record import FULL, LOST, STOPPED, TIME_UP, Recorded, RecordRequest, Tap, record
from adapter.doctor.recordfile import RecordFile
from adapter.errors import PbxRefused, PbxUnavailable
from tests.fake.ami_server import Action, AmiServer, Peer, agree, refuse_login
from tests.support.replay import Replay, read_file

CHANNEL = ("Channel: PJSIP/101-00000001", "ChannelState: 6", "Uniqueid: 1764103000.1", "Linkedid: 1764103000.1")
PARTIES = ("CallerIDNum: 101", "ConnectedLineNum: +12025550101", "Context: acme", "Exten: s")
HANGUP = ("Event: Hangup", "Uniqueid: 1764103000.1", "Linkedid: 1764103000.1", "Cause: 16")


async def talks(peer: Peer, action: Action) -> None:
    """One call that is up, and during the snapshot its end, which the lists do not know of."""
    mine, name = f"ActionID: {action['ActionID']}", action["Action"]
    if not name.endswith(("Channels", "List")):
        await agree(peer, action)
        return
    await peer.say("Response: Success", mine, "EventList: start")
    if name == "CoreShowChannels":
        await peer.say("Event: CoreShowChannel", mine, *CHANNEL, *PARTIES, "Duration: 00:00:05")
        await peer.say(*HANGUP)
    await peer.say(f"Event: {name}Complete", mine, "EventList: Complete", "ListItems: 1")


def settings(port: int, folder: Path) -> config.Settings:
    """The adapter's configuration for a scripted Asterisk."""
    return config.Settings.model_validate(
        {
            "database": {"url": f"sqlite+aiosqlite:///{folder}/none.sqlite"},
            "pbx": [
                {
                    "ami": {"port": port, "secret": "s"},
                    "ari": {"secret": "s"},
                    "ping_interval_seconds": 0.1,
                    "ping_deadline_seconds": 0.3,
                }
            ],
        }
    )


class World:
    """A recording under way."""

    def __init__(self, server: AmiServer, folder: Path, **wanted: Any) -> None:
        self.server, self.path, self.tap = server, folder / "calls.jsonl", wanted.pop("tap", None) or Tap()
        self.wanted = RecordRequest(**{"path": self.path, "seconds": None, "most": 1_000_000, "force": False, **wanted})
        self.settings, self.looks = settings(server.port, folder), 0
        self._act: Callable[[], None] = lambda: None

    def progress(self, file: RecordFile, seconds: float) -> None:
        """Count the looks; at the first, do what is to be done once it records."""
        self.looks += 1
        if self.looks == 1:
            self._act()

    async def run(self, act: Callable[[], None] = lambda: None) -> Recorded:
        """Record to the end; `act` is done once it has begun."""
        self._act = act
        async with asyncio.timeout(20):
            link, numbering = wiring.link_settings(self.settings.pbx[0]), wiring.numbering(self.settings.pbx[0], b"key")
            return await record(
                self.settings, self.settings.pbx[0], link, numbering, self.wanted, self.tap, self.progress
            )

    def lines(self) -> list[dict[str, Any]]:
        """What is in the file."""
        return [json.loads(line) for line in self.path.read_text().splitlines()]


async def test_it_asks_what_the_adapter_asks_and_tells_the_backlog_with_the_snapshot(tmp_path: Path) -> None:
    async with AmiServer(talks).running() as server:
        world = World(server, tmp_path)
        found = await world.run(lambda: world.tap.end(STOPPED))
        asked = [action["Action"] for action in server.actions]
        server.actions.clear()
        address = AmiAddress("127.0.0.1", server.port, "u", "s")
        done = asyncio.Event()
        link = Connection(
            LinkSettings("lab", address, "http://127.0.0.1:9/ari", "u", "s"),
            lambda events: done.set(),
            lambda state: None,
            lambda: datetime.now(UTC),
        )
        link.start()
        await asyncio.wait_for(done.wait(), 10)
        await asyncio.wait_for(link.close(), 5)
    snapshot = ["CoreStatus", "CoreShowChannels", "BridgeList", "DeviceStateList", "Status", "QueueStatus"]
    assert asked == ["Login", "CoreSettings", *snapshot]
    assert [action["Action"] for action in server.actions][:7] == ["Login", *snapshot]
    assert (found.why, found.people_known) == (STOPPED, False)
    header, first, second, end = world.lines()
    assert header["people_known"] is False
    assert first["t"] == second["t"] == 0.0
    assert second["event"]["Event"] == "Hangup"
    assert end["end"] == STOPPED
    replay = Replay(read_file(world.path))
    assert not replay.board.calls(), "its end came in the same moment as the snapshot"
    assert "2025550101" not in world.path.read_text()
    assert "acme" not in world.path.read_text()


async def test_it_ends_when_the_time_is_up(tmp_path: Path) -> None:
    async with AmiServer(talks).running() as server:
        world = World(server, tmp_path, seconds=0.5)
        began = time.monotonic()
        assert (await world.run()).why == TIME_UP
    assert time.monotonic() - began >= 0.5
    assert world.lines()[-1]["end"] == TIME_UP


async def test_it_ends_when_the_connection_is_lost_or_nobody_answers(tmp_path: Path) -> None:
    async def falls_silent(peer: Peer, action: Action) -> None:
        if action["Action"] != "Ping":
            await talks(peer, action)

    async with AmiServer(talks).running() as server:
        world = World(server, tmp_path)
        assert (await world.run(server.hang_up)).why == LOST
    assert world.lines()[-1]["end"] == LOST
    async with AmiServer(falls_silent).running() as server:
        assert (await World(server, tmp_path, force=True).run()).why == LOST


async def test_a_full_file_ends_it_and_says_so(tmp_path: Path) -> None:
    async def floods(peer: Peer, action: Action) -> None:
        await talks(peer, action)
        if action["Action"] == "DeviceStateList":
            for _ in range(200):
                await peer.say("Event: Newchannel", *CHANNEL, *PARTIES)

    async with AmiServer(floods).running() as server:
        world = World(server, tmp_path, most=10_000)
        found = await world.run()
    assert found.why == FULL
    assert world.lines()[-1]["end"] == FULL
    assert 8_000 < world.path.stat().st_size <= 10_000
    assert found.file.size == world.path.stat().st_size


async def test_a_slow_disk_holds_nothing_up_and_what_is_missed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, add = 0.5, RecordFile.add

    def slowly(self: RecordFile, told: Any) -> None:
        time.sleep(slow)
        add(self, told)

    monkeypatch.setattr(RecordFile, "add", slowly)
    async with AmiServer(talks).running() as server:
        world = World(server, tmp_path, tap=Tap(most=20))
        longest = 0.0

        async def play() -> None:
            nonlocal longest
            while not world.looks:  # noqa: ASYNC110 - progress is told by a call
                await asyncio.sleep(0.01)
            for _ in range(100):
                began = time.monotonic()
                world.tap.heard([{"Event": "Hold", "Uniqueid": "1764103000.1"}])
                longest = max(longest, time.monotonic() - began)
                await asyncio.sleep(0.01)
            world.tap.end(STOPPED)

        found, _ = await asyncio.gather(world.run(), play())
    lines = world.lines()
    missed = sum(line.get("missed", 0) for line in lines)
    held = sum(line.get("event", {}).get("Event") == "Hold" for line in lines)
    assert longest < slow / 2, "whoever tells of an event does not wait for the disk"
    assert missed > 0
    assert held + missed == 100
    assert (found.file.missed, read_file(world.path).missed) == (missed, missed)


async def test_a_disk_that_fails_is_told_and_the_connection_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: RecordFile, told: Any) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(RecordFile, "add", fails)
    async with AmiServer(talks).running() as server:
        world = World(server, tmp_path)
        with pytest.raises(OSError, match="No space left"):
            await world.run()
        await asyncio.wait_for(server.peers[-1].gone.wait(), 5)
    assert read_file(world.path).end is None, "it breaks off"


async def test_without_ami_or_without_rights_nothing_is_made(tmp_path: Path) -> None:
    async def denies(peer: Peer, action: Action) -> None:
        await peer.say("Response: Error", f"ActionID: {action['ActionID']}", "Message: Permission denied")

    async def hangs_up(peer: Peer, action: Action) -> None:
        if action["Action"] == "BridgeList":
            peer.hang_up()
        else:
            await talks(peer, action)

    for script, why in ((refuse_login, AuthenticationFailed), (denies, PbxRefused)):
        async with AmiServer(script).running() as server:
            world = World(server, tmp_path)
            with pytest.raises(why):
                await world.run()
            assert not world.path.exists()
    with pytest.raises(PbxUnavailable):
        await world.run()
    assert not world.path.exists()
    async with AmiServer(hangs_up).running() as server:
        world = World(server, tmp_path)
        with pytest.raises(Exception, match="lost"):
            await world.run()
        assert not world.path.exists()


async def test_a_file_that_came_meanwhile_is_never_written_over(tmp_path: Path) -> None:
    async with AmiServer(talks).running() as server:
        world = World(server, tmp_path)
        world.path.write_text("mine")
        with pytest.raises(FileExistsError):
            await world.run()
        assert world.path.read_text() == "mine"
        world = World(server, tmp_path, force=True)
        world.path.chmod(0o644)
        await world.run(lambda: world.tap.end(STOPPED))
    assert world.path.stat().st_mode & 0o777 == 0o600
    assert len(world.lines()) == 4
