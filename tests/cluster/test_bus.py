"""The bus, over a real NATS server: nothing is kept for later, nothing overtakes, and strangers get nowhere."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from nats.aio.client import Client

from adapter.errors import ConfigError
from adapter.fleet.bus import Bus, LocalBus, NotSent, Subjects, matches
from adapter.fleet.natsaccess import NatsAccess
from adapter.fleet.natsbus import NatsBus
from tests.support.cable import Cable
from tests.support.nats import Authority, NatsServer
from tests.support.waiting import until

Got = list[tuple[str, bytes]]


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer.running(tmp_path) as server:
        yield server


@asynccontextmanager
async def connected(access: NatsAccess, name: str = "test") -> AsyncIterator[NatsBus]:
    """A bus that is there."""
    bus = NatsBus(access, name)
    bus.start()
    try:
        await until(lambda: bus.connected, "no connection")
        yield bus
    finally:
        await bus.close()


def listening(bus: Bus, subject: str) -> Got:
    """All that is heard under a subject."""
    got: Got = []
    bus.subscribe(subject, lambda subject, data: got.append((subject, data)))
    return got


async def reaches(sender: Bus, heard: Got, subject: str = "cm.i.p.owner.probe") -> None:
    """Once this returns, subscriptions stand."""
    for attempt in range(200):
        sender.publish(subject, b"probe %d" % attempt)
        await asyncio.sleep(0.02)
        if heard:
            break
    assert heard, "nothing arrives"
    await asyncio.sleep(0.2)
    heard.clear()


# --- one process


def test_the_local_bus_keeps_the_order_also_of_what_is_told_while_it_tells() -> None:
    bus, got = LocalBus(), []

    def first(subject: str, data: bytes) -> None:
        got.append(b"first " + data)
        if data == b"1":
            bus.publish("cm.i.p.owner.beat", b"2")

    def broken(subject: str, data: bytes) -> None:
        raise ValueError("a listener that fails harms nobody")

    bus.subscribe("cm.i.p.owner.*", first)
    bus.subscribe("cm.i.p.owner.*", broken)
    end = bus.subscribe("cm.i.p.*.beat", lambda subject, data: got.append(b"second " + data))
    bus.publish("cm.i.p.owner.beat", b"1")
    assert got == [b"first 1", b"second 1", b"first 2", b"second 2"]
    end()
    end()
    bus.publish("cm.i.p.owner.beat", b"3")
    bus.publish("cm.i.q.owner.beat", b"4")
    assert got[4:] == [b"first 3"]


def test_subjects() -> None:
    subjects = Subjects("0123abcd", "north")
    assert subjects.by_owner("change") == "cm.0123abcd.north.owner.change"
    assert matches(subjects.all_by_owner, subjects.by_owner("beat"))
    assert not matches(subjects.all_by_owner, subjects.to_owner("command"))
    assert not matches(subjects.all_by_owner, Subjects("0123abcd", "south").by_owner("beat"))
    for wrong in ("", "a.b", "*", ">", "a b", "a\n", "x" * 65):
        with pytest.raises(ValueError, match="not a part of a subject"):
            Subjects("0123abcd", wrong)
        with pytest.raises(ValueError, match="not a part of a subject"):
            Subjects(wrong, "north")


# --- several


async def test_all_from_one_sender_arrives_in_its_order(nats: NatsServer) -> None:
    async with connected(nats.access()) as sender, connected(nats.access()) as receiver:
        got = listening(receiver, "cm.i.p.owner.*")
        await reaches(sender, got)
        sent = [(f"cm.i.p.owner.kind{n % 5}", b"%d" % n * (1 + n % 700)) for n in range(3000)]
        for subject, data in sent:
            sender.publish(subject, data)
        await until(lambda: len(got) >= len(sent))
        assert got == sent


async def test_what_it_says_itself_it_does_not_hear(nats: NatsServer) -> None:
    async with connected(nats.access()) as one, connected(nats.access()) as other:
        mine, theirs = listening(one, "cm.i.p.*.*"), listening(other, "cm.i.p.*.*")
        await reaches(one, theirs)
        one.publish("cm.i.p.ask.command", b"x")
        await until(lambda: theirs)
        assert mine == []


async def test_who_leaves_hears_nothing_more(nats: NatsServer) -> None:
    async with connected(nats.access()) as sender, connected(nats.access()) as receiver:
        stays, leaves = listening(receiver, "cm.i.p.owner.*"), []
        end = receiver.subscribe("cm.i.p.owner.*", lambda subject, data: leaves.append(data))
        await reaches(sender, stays)
        leaves.clear()
        end()
        end()
        sender.publish("cm.i.p.owner.x", b"1")
        await until(lambda: stays)
        assert leaves == []


async def test_killed_and_started_again_nothing_old_arrives(nats: NatsServer) -> None:
    async with connected(nats.access()) as sender, connected(nats.access()) as receiver:
        got = listening(receiver, "cm.i.p.owner.*")
        told: list[bool] = []
        sender.changed.subscribe(told.append)
        await reaches(sender, got)
        nats.kill()
        sender.publish("cm.i.p.owner.x", b"before it is known")
        await until(lambda: not sender.connected and not receiver.connected)
        assert len(sender.problem or "") > 0
        with pytest.raises(NotSent):
            sender.publish("cm.i.p.owner.x", b"away")
        nats.start()
        await until(lambda: sender.connected and receiver.connected)
        assert sender.problem is None
        assert told == [False, True]
        sender.publish("cm.i.p.owner.x", b"after")
        await until(lambda: got)
        await asyncio.sleep(0.3)
        assert got == [("cm.i.p.owner.x", b"after")], "nothing was kept for later"


@pytest.mark.parametrize("how", ["unplug", "block"])
async def test_a_cut_is_noticed_and_what_was_held_back_is_not_resent(nats: NatsServer, how: str) -> None:
    """`unplug`: connections are reset; `block`: they stand, and nothing passes, as a firewall does it."""
    cable = Cable(nats.port)
    await cable.plug()
    try:
        async with connected(nats.access(port=cable.port)) as sender, connected(nats.access()) as receiver:
            got = listening(receiver, "cm.i.p.owner.*")
            await reaches(sender, got)
            if how == "unplug":
                await cable.unplug()
            else:
                cable.block()
            await until(lambda: not sender.connected, "the cut was not noticed")
            with pytest.raises(NotSent):
                sender.publish("cm.i.p.owner.x", b"cut off")
            if how == "unplug":
                await cable.plug()
            else:
                cable.clear()
            await until(lambda: sender.connected)
            sender.publish("cm.i.p.owner.x", b"after")
            await until(lambda: b"after" in (data for _, data in got))
            assert [data for _, data in got if data == b"cut off"] == []
    finally:
        await cable.close()


async def test_a_server_that_is_stopped_is_given_up_and_is_there_again(nats: NatsServer) -> None:
    async with connected(nats.access()) as bus:
        os.kill(nats.pid, signal.SIGSTOP)
        try:
            await until(lambda: not bus.connected, "it was not noticed")
            with pytest.raises(NotSent):
                bus.publish("cm.i.p.owner.x", b"1")
        finally:
            os.kill(nats.pid, signal.SIGCONT)
        await until(lambda: bus.connected)


async def test_a_slow_reader_is_dropped_by_the_server_and_holds_nobody_up(tmp_path: Path) -> None:
    more = 'max_pending: 2000000\nwrite_deadline: "1s"\n'
    with NatsServer.running(tmp_path, more=more) as nats:
        cable = Cable(nats.port)
        await cable.plug()
        try:
            async with (
                connected(nats.access()) as sender,
                connected(nats.access()) as quick,
                connected(nats.access(port=cable.port)) as slow,
            ):
                got, late = listening(quick, "cm.i.p.owner.*"), listening(slow, "cm.i.p.owner.*")
                await reaches(sender, late)
                got.clear()
                cable.block()
                for n in range(40):
                    sender.publish("cm.i.p.owner.x", b"%d " % n * 60_000)
                    await asyncio.sleep(0)
                await until(lambda: len(got) == 40, "one that does not read held the others up")
                await until(lambda: not slow.connected, "it was not given up")
                cable.clear()
                await until(lambda: slow.connected)
        finally:
            await cable.close()


async def test_too_much_that_the_socket_does_not_take_is_not_kept(nats: NatsServer) -> None:
    async with connected(nats.access()) as bus:
        data = b"x" * 800_000
        for _ in range(100):
            if not bus.connected:
                break
            with suppress(NotSent):
                bus.publish("cm.i.p.owner.x", data)
        with pytest.raises(NotSent):
            bus.publish("cm.i.p.owner.x", data)
        assert not bus.connected
        await until(lambda: bus.connected)


async def test_a_server_that_takes_too_little_is_refused_with_the_reason(tmp_path: Path) -> None:
    with NatsServer.running(tmp_path, more="max_payload: 65536\n") as nats:
        bus = NatsBus(nats.access(), "test")
        bus.start()
        await until(lambda: "max_payload" in (bus.problem or ""))
        assert not bus.connected
        await bus.close()


# --- TLS, and who may


async def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    with NatsServer.running(tmp_path, tls=Authority.made_in(tmp_path)) as nats:
        async with connected(nats.access()) as sender, connected(nats.access()) as receiver:
            await reaches(sender, listening(receiver, "cm.i.p.owner.*"))


async def never(access: NatsAccess, says: Callable[[str], bool]) -> None:
    """It never connects, and says why."""
    bus = NatsBus(access, "test")
    bus.start()
    try:
        await until(lambda: says((bus.problem or "").lower()), "not the reason")
        assert not bus.connected
    except AssertionError:
        raise AssertionError(bus.problem) from None
    finally:
        await bus.close()


async def test_a_wrong_authority_and_a_wrong_name_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    strange = Authority.made_in(other)
    with NatsServer.running(tmp_path, tls=Authority.made_in(tmp_path)) as nats:
        await never(nats.access(ca=strange.ca), lambda why: "certificate" in why)
    with NatsServer.running(other, tls=Authority.made_in(other, "nats.example")) as nats:
        await never(nats.access(), lambda why: "certificate" in why)


async def test_a_wrong_password_is_refused_and_a_renewed_one_is_read(nats: NatsServer, tmp_path: Path) -> None:
    right = nats.password_file.read_text()
    nats.password_file.write_text("wrong")
    bus = NatsBus(nats.access(), "test")
    bus.start()
    await until(lambda: "authorization" in (bus.problem or "").lower())
    nats.password_file.unlink()
    await until(lambda: "nats.password" in (bus.problem or ""))
    nats.password_file.write_text(right)
    await until(lambda: bus.connected)
    await bus.close()


async def test_a_stranger_hears_and_says_nothing(nats: NatsServer) -> None:
    async with (
        connected(nats.access()) as one,
        connected(nats.access()) as other,
        connected(nats.access(user="stranger")) as stranger,
    ):
        heard, overheard = listening(other, "cm.i.p.*.*"), listening(stranger, "cm.i.p.*.*")
        everything = listening(stranger, ">")
        await until(lambda: stranger.refused >= 2, "the server did not refuse")
        await reaches(one, heard)
        stranger.publish("cm.i.p.ask.command", b"by a stranger")
        await until(lambda: stranger.refused >= 3)
        one.publish("cm.i.p.owner.x", b"1")
        await until(lambda: heard)
        assert (heard, overheard, everything) == ([("cm.i.p.owner.x", b"1")], [], [])


async def test_nobody_talks_the_password_out_of_us_in_the_clear(tmp_path: Path) -> None:
    """A server that talks first, without TLS (or whoever sits between), gets a handshake and nothing else."""
    said = bytearray()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","version":"2.10.0","max_payload":1048576,"headers":true}\r\n')
        while data := await reader.read(4096):
            said.extend(data)
        writer.close()

    password = tmp_path / "password"
    password.write_text("a secret of ours")
    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bus = NatsBus(NatsAccess([f"tls://127.0.0.1:{port}"], user="adapter", password_file=password), "test")
    bus.start()
    try:
        await until(lambda: said and bus.problem)
        await asyncio.sleep(0.5)
        assert said[:1] == b"\x16", "TLS begins with a handshake (RFC 8446, section 5.1)"
        assert b"CONNECT" not in said
        assert b"secret" not in said
        assert not bus.connected
    finally:
        await bus.close()
        server.close()


@pytest.mark.parametrize(
    "urls",
    [
        [],
        ["nats://10.0.0.1:4222"],
        ["http://x"],
        ["tls://user:secret@x"],
        ["tls://x:1", "nats://127.0.0.1:1"],
        ["x:1"],
    ],
    ids=str,
)
def test_what_would_be_readable_on_a_network_is_refused(urls: list[str]) -> None:
    with pytest.raises(ConfigError):
        NatsBus(NatsAccess(urls), "test")


def test_files_that_can_t_be_used(tmp_path: Path) -> None:
    access = NatsAccess(["tls://x:1"], tls_ca=tmp_path / "none.pem")
    with pytest.raises(OSError, match="No such file"):
        access.context()
    with pytest.raises(OSError, match="No such file"):
        replace(access, password_file=tmp_path / "none").password()


async def test_who_subscribes_while_it_is_connecting_hears_too(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last moment of connecting: all that wanted to hear before are subscribed, the connection is not said yet."""
    flush, late = Client.flush, list[Got]()

    async def flushed(client: Client, timeout: int = 10) -> None:
        if not late:
            late.append(listening(bus, "cm.i.p.owner.*"))
        await flush(client, timeout)

    bus = NatsBus(nats.access(), "late")
    monkeypatch.setattr(Client, "flush", flushed)
    bus.start()
    try:
        await until(lambda: bus.connected, "no connection")
        async with connected(nats.access(), "other") as other:
            await reaches(other, late[0])
    finally:
        await bus.close()
