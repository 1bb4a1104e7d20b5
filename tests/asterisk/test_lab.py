"""The lab itself: clean start, what may dial what, what the AMI user may do, and the contract of `make lab`."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import aiohttp
import psutil
import pytest

from adapter.asterisk import tones
from adapter.asterisk.ami import AmiAddress, AmiConnection
from adapter.asterisk.splitter import Message
from adapter.errors import LabError, PbxRefused
from adapter.lab.phones import Phone
from adapter.lab.ports import free_port
from adapter.lab.provision import Toolchain, provision
from adapter.lab.run import Adapter
from adapter.lab.tour import tour
from tests.support.client import Client
from tests.support.lab import Lab


def test_the_cache_is_reused_and_checked(toolchain: Toolchain) -> None:
    began = time.monotonic()
    assert provision() == toolchain
    assert time.monotonic() - began < 5


async def test_a_clean_start_says_nothing_bad(running_lab: Lab) -> None:
    lines = running_lab.pbx.first_log.splitlines()
    assert lines
    assert [line for line in lines if " ERROR" in line or " WARNING" in line] == []


async def test_customers_reach_agents_and_the_queue_and_nobody_else(lab: Lab) -> None:
    customer = await lab.phone("201")
    await lab.phones("202", "301")
    for number in ("202", "301", "silent", "whisper-keypad", "600", "700", "701", "9202", "*45", "*8", "*8101"):
        mark = customer.mark()
        await customer.dial(number)
        await customer.seen("CALL_CLOSED", mark)
        assert not [e for e in customer.events[mark:] if e.get("type") == "CALL_ESTABLISHED"]
    await lab.talk("201", "102")


async def test_the_ami_user_may_do_what_is_needed_and_no_more(running_lab: Lab) -> None:
    ports, secret = running_lab.pbx.ports, running_lab.pbx.ami_secret
    lost: list[str] = []
    events: list[Message] = []
    ami = await AmiConnection.open(
        AmiAddress("127.0.0.1", ports.ami, "call-monitor", secret), events.extend, lost.append, 3
    )
    for name in ("CoreStatus", "Ping"):
        await ami.action(name, deadline=3)
    for name in ("CoreShowChannels", "BridgeList", "DeviceStateList"):
        await ami.listing(name, deadline=3)
    refused = {
        "Command": [("Command", "core show version")],
        "GetConfig": [("Filename", "manager.conf")],
        "UpdateConfig": [("SrcFilename", "x.conf"), ("DstFilename", "x.conf")],
        "DBGet": [("Family", "x"), ("Key", "y")],
        "Reload": [],
        "Originate": [("Channel", "PJSIP/101"), ("Application", "System"), ("Data", "true"), ("Async", "true")],
    }
    for name, fields in refused.items():
        with pytest.raises(PbxRefused):
            await ami.action(name, fields, deadline=3)
    ami.close()


async def test_a_leg_without_a_target_or_with_a_wrong_one_spies_on_nobody(lab: Lab) -> None:
    await lab.talk("201", "101")
    for target in ("", "PJSIP/101", "17.99"):
        command = "channel originate Local/silent-keypad@call-monitor application Wait 1"
        await lab.pbx.cli(
            f"dialplan set global CM_TARGET {target or 'x'}" if target else "dialplan remove global CM_TARGET"
        )
        await lab.pbx.cli(command)
        await asyncio.sleep(0.3)
        assert "ChanSpy" not in await lab.pbx.cli("core show channels concise")


async def test_make_lab_keeps_its_contract(tmp_path: Path) -> None:
    http_port, sip_port = free_port(), free_port()
    env = {
        **os.environ,
        "LAB_DIR": str(tmp_path / "lab"),
        "LAB_HTTP_PORT": str(http_port),
        "LAB_SIP_PORT": str(sip_port),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adapter", "lab", env=env, start_new_session=True, stderr=asyncio.subprocess.PIPE
    )
    try:
        await until_ready(http_port)
        parts = children(process.pid)
        assert any("asterisk.conf" in line for line in parts.values()), parts
        serving = next(pid for pid, line in parts.items() if " serve" in line)
        asterisk = next(pid for pid, line in parts.items() if "asterisk.conf" in line)
        for pid, mark in ((serving, " serve"), (asterisk, "asterisk.conf")):
            os.kill(pid, signal.SIGKILL)
            await restarted(process.pid, pid, mark)
            await until_ready(http_port)
        left = children(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        await asyncio.wait_for(process.wait(), 20)
    assert process.returncode == 0
    assert [line for pid, line in left.items() if psutil.pid_exists(pid)] == []


def free_row(count: int, kind: int = socket.SOCK_DGRAM) -> int:
    """The first of so many ports in a row that nobody uses now, UDP by default."""
    while True:
        first = free_port(kind)
        with ExitStack() as probes, suppress(OSError):
            for port in range(first + 1, first + count):
                probe = probes.enter_context(socket.socket(socket.AF_INET, kind))
                probe.bind(("127.0.0.1", port))
            return first


async def test_make_lab_with_three_pbxes(tmp_path: Path, toolchain: Toolchain) -> None:
    """Each has its numbers and people at its own SIP port, and all reach each other."""
    http_port, sip_port = free_port(), free_row(3)
    moved = {"LAB_DIR": str(tmp_path / "lab"), "LAB_HTTP_PORT": str(http_port), "LAB_SIP_PORT": str(sip_port)}
    env = {**os.environ, **moved, "LAB_PBXES": "3"}
    process = await asyncio.create_subprocess_exec(*Adapter.command("lab"), env=env, start_new_session=True)
    phones: list[Phone] = []
    clients: list[Client] = []
    try:
        await until_ready(http_port)
        for node, numbers in enumerate((("101", "301"), ("121", "221"), ("141", "341"))):
            for number in numbers:
                wav = tmp_path / f"{number}.wav"
                tones.tone(wav, 700, 20)
                phone = Phone(toolchain, tmp_path / number, number, sip_port + node, wav)
                await phone.start()
                phones.append(phone)
        for caller, called in ((0, 2), (2, 4), (4, 0)):
            mark = phones[caller].mark()
            await phones[caller].dial(phones[called].number)
            await phones[caller].seen("CALL_ESTABLISHED", mark)
            await phones[caller].hangup()
            await phones[caller].seen("CALL_CLOSED", mark)
        base = f"http://127.0.0.1:{http_port}"
        clients += [await Client(base).sign_in(name, f"lab-{name}") for name in ("max2", "sam1", "admin")]
        told = [(one.user["device"], one.user["pbx"], one.user["can_monitor"]) for one in clients]
        assert told == [
            ("PJSIP/341", "pbx2", True),
            ("PJSIP/121", "pbx1", False),
            ("PJSIP/301", "pbx0", True),
        ]
        _, body = await clients[-1].get("/calls")
        assert [(one["id"], one["state"]) for one in body["pbxs"]] == [(f"pbx{n}", "connected") for n in range(3)]
        left = children(process.pid)
        assert sum("asterisk.conf" in line for line in left.values()) >= 3
    finally:
        for client in clients:
            await client.close()
        await asyncio.gather(*(phone.stop() for phone in phones))
        os.killpg(process.pid, signal.SIGINT)
        await asyncio.wait_for(process.wait(), 20)
    assert process.returncode == 0
    assert [line for pid, line in left.items() if psutil.pid_exists(pid)] == []


async def test_make_lab_with_two_adapters_and_two_pbxes(tmp_path: Path) -> None:
    """Each at its own port, with one PBX each; PostgreSQL and NATS are restarted, too; nothing is left."""
    http_port, sip_port = free_row(2, socket.SOCK_STREAM), free_row(2)
    moved = {"LAB_DIR": str(tmp_path / "lab"), "LAB_HTTP_PORT": str(http_port), "LAB_SIP_PORT": str(sip_port)}
    env = {**os.environ, **moved, "LAB_PBXES": "2", "LAB_ADAPTERS": "2"}
    process = await asyncio.create_subprocess_exec(*Adapter.command("lab"), env=env, start_new_session=True)
    admin: Client | None = None
    left: dict[int, str] = {}
    try:
        for port in (http_port, http_port + 1):
            await until_ready(port, 90)
        admin = await Client(f"http://127.0.0.1:{http_port + 1}").sign_in("admin", "lab-admin")
        end = time.monotonic() + 30  # on a busy machine the second one is ready before it has its PBX
        while True:
            _, body = await admin.get("/cluster")
            if [len(one["owns"]) for one in body["members"]] == [1, 1]:
                break
            assert time.monotonic() < end, body
            await asyncio.sleep(0.2)
        parts = children(process.pid)
        assert sum(" serve" in line for line in parts.values()) == 2
        for mark in ("nats-server", "bin/postgres -D", " serve"):
            dead = next(pid for pid, line in children(process.pid).items() if mark in line)
            os.kill(dead, signal.SIGKILL)
            await restarted(process.pid, dead, mark)
            for port in (http_port, http_port + 1):
                await until_ready(port, 60)
        left = {**parts, **children(process.pid)}
        folders = set(re.findall(r"/\S*call-monitor-pg-\w+", " ".join(left.values())))
    finally:
        if admin is not None:
            await admin.close()
        os.killpg(process.pid, signal.SIGINT)
        await asyncio.wait_for(process.wait(), 20)
    assert process.returncode == 0
    assert [line for pid, line in left.items() if psutil.pid_exists(pid)] == []
    assert folders
    assert [folder for folder in folders if os.path.exists(folder)] == []  # noqa: ASYNC240 - all is over


async def test_make_demo_has_something_to_click_and_make_try_walks_through_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    http_port = free_port()
    moved = {
        "LAB_DIR": str(tmp_path / "lab"),
        "LAB_HTTP_PORT": str(http_port),
        "LAB_SIP_PORT": str(free_row(2)),
    }
    process = await asyncio.create_subprocess_exec(
        *Adapter.command("lab", "--demo"), env={**os.environ, **moved}, start_new_session=True
    )
    try:
        await until_ready(http_port)
        await tour(f"http://127.0.0.1:{http_port}", pause=0.2)
        admin = await Client(f"http://127.0.0.1:{http_port}").sign_in("admin", "lab-admin")
        end = time.monotonic() + 20
        while {call["pbx"] for call in await admin.calls()} != {"pbx0", "pbx1"}:
            assert time.monotonic() < end, "calls at both PBXes"
            await asyncio.sleep(0.2)
        await admin.close()
        left = children(process.pid)
        assert sum("baresip" in line for line in left.values()) >= 16
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 20)
    said = capfd.readouterr().out
    for words in ("whisper  confirmed by Asterisk", "barge    confirmed", "silent   confirmed", "Ended: stopped"):
        assert words in said
    assert [line for pid, line in left.items() if psutil.pid_exists(pid)] == []


async def test_a_folder_that_is_no_labs_is_left_alone(tmp_path: Path) -> None:
    from adapter.lab.run import fresh

    (tmp_path / "precious").write_text("x")
    with pytest.raises(LabError, match="LAB_DIR"):
        fresh(tmp_path)
    assert (tmp_path / "precious").exists()


def children(pid: int) -> dict[int, str]:
    """Command lines of all processes below this one."""
    found = {}
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            found[child.pid] = " ".join(child.cmdline())
    return found


async def restarted(lab: int, dead: int, mark: str) -> None:
    """Wait until another process took the place of the dead one."""
    end = time.monotonic() + 60
    while not any(mark in line and pid != dead for pid, line in children(lab).items()):
        assert time.monotonic() < end
        await asyncio.sleep(0.1)


async def until_ready(port: int, deadline: float = 60) -> None:
    """Wait for /readyz."""
    end = time.monotonic() + deadline
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            assert time.monotonic() < end
            await asyncio.sleep(0.1)
