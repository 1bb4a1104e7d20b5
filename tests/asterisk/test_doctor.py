"""The doctor at a real PBX: beside a running adapter and a real call, and at one that is broken in every way."""

import asyncio
import json
import re
import shlex
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from adapter.lab.pbx_conf import operator_conf
from adapter.lab.ports import free_port
from adapter.lab.run import ready
from tests.support import forkserver
from tests.support.client import Client
from tests.support.lab import Lab, assert_hears, listen

Json = dict[str, Any]


class Doctor:
    """One run of the command, as an operator's script sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    @classmethod
    async def start(cls, conf: Path, *options: str) -> "Doctor":
        """Begin."""
        return cls(await forkserver.piped("doctor", "--json", "--config", str(conf), *options))

    async def says(self, text: str) -> None:
        """Wait until its progress tells this."""
        assert self.process.stderr is not None
        async with asyncio.timeout(120):
            while text not in (line := (await self.process.stderr.readline()).decode()):
                assert line, f"it never said {text!r}: {self.said} {(await self.report())[1]}"
                self.said += line

    async def report(self) -> tuple[int, Json]:
        """Its exit status and its findings."""
        output, errors = await asyncio.wait_for(self.process.communicate(), 60)
        assert "Traceback" not in errors.decode(), errors.decode()
        assert self.process.returncode is not None
        told: Json = json.loads(output or b"{}")
        return self.process.returncode, told


async def doctor(conf: Path, *options: str) -> tuple[int, Json]:
    """Run it to its end."""
    return await (await Doctor.start(conf, *options)).report()


def bad(report: Json) -> dict[str, Json]:
    """The findings that are not ok, by area and name; that this machine is busy is no fault of the PBX's."""
    found = (f for f in report["findings"] if f["verdict"] != "ok" and "with gaps" not in f["what"])
    return {f"{f['area']}: {f['name']}": f for f in found}


def told(report: Json) -> str:
    """What was found, for whoever reads of a failure."""
    return "\n".join(f"{f['verdict']} {f['name']}: {f['what']}" for f in report["findings"] if f["verdict"] != "ok")


async def clean(lab: Lab) -> bool:
    """Whether nothing of a doctor's is at the PBX any more; a hang-up takes Asterisk a moment."""
    end = asyncio.get_running_loop().time() + 30
    while await left_over(lab):
        if asyncio.get_running_loop().time() > end:
            return False
        await asyncio.sleep(0.1)
    return True


async def left_over(lab: Lab) -> list[str]:
    """What is at the PBX and was made by a doctor."""
    found = (await lab.pbx.cli("core show channels concise")) + (await lab.pbx.cli("bridge show all"))
    names = [path.name for path in (lab.pbx.folder / "spool/recording").iterdir()]
    listed = await lab.pbx.cli("pjsip show endpoints")
    return [line for line in [*found.splitlines(), *names, *listed.splitlines()] if "cmdoctor" in line]


@asynccontextmanager
async def watched(client: Client) -> AsyncIterator[set[str]]:
    """Every agent whose call is ever listed meanwhile, again and again; nobody answers while the adapter is away."""
    seen: set[str] = set()
    over = asyncio.Event()

    async def look() -> None:
        while not over.is_set():
            with suppress(aiohttp.ClientError, AssertionError):
                seen.update(f"{call['agent']['extension']} {len(call['monitors'])}" for call in await client.calls())
            await asyncio.sleep(0.02)

    looking = asyncio.gather(look())
    try:
        yield seen
    finally:
        over.set()
        await looking


async def recorded(client: Client, action: str) -> list[Json]:
    """The audit, once its newest entry is of this action."""
    while (entries := (await client.get("/audit"))[1]["entries"])[0]["action"] != action:  # noqa: ASYNC110 - it is polled
        await asyncio.sleep(0.05)
    return list(entries)


async def test_a_healthy_pbx_beside_an_adapter_that_works_and_dies(own: Lab) -> None:
    customer, agent = await own.talk("201", "101")
    supervisor, _ = await own.phones("301", "302")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    stream = await admin.events()
    entries = await recorded(admin, "monitor.started")
    logged = len(own.pbx.log.read_text())

    status, report = await doctor(own.conf)
    assert (status, bad(report)) == (0, {})
    assert stream.kinds() == ["snapshot"], "not one event tells of the doctor's channels"
    assert (await admin.get("/audit"))[1]["entries"] == entries

    async with watched(admin) as seen:
        running = await Doctor.start(own.conf, "--audio")
        await running.says("with keypad, whisper")
        assert own.adapter.process is not None
        own.adapter.process.kill()  # the next adapter lists everything at the PBX, our test calls included
        await own.adapter.process.wait()
        await own.start_adapter()
        status, report = await running.report()
    assert bad(report) == {}, told(report)
    assert status == 0, told(report)
    assert seen == {"101 1"}, "one call with one monitor, and never another"
    assert [row["as_it_should_be"] for row in report["matrix"]] == [True] * 10
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["mode"] == "silent"
    assert_hears(await listen(agent, customer, supervisor), p101={"201"}, p201={"101"}, p301={"101", "201"})
    assert await clean(own)
    lines = own.pbx.log.read_text()[logged:].splitlines()
    assert [line for line in lines if "cmdoctor" in line or "stasis-call-monitor-doctor" in line] == []

    status, report = await doctor(own.conf, "--ring", "PJSIP/302", "--ring", "PJSIP/104")
    rang = {finding["name"]: finding["verdict"] for finding in report["findings"] if finding["area"] == "ring"}
    assert (status, rang) == (1, {"PJSIP/302": "ok", "PJSIP/104": "unknown"}), "104 is not registered"


async def test_told_to_stop_it_takes_its_test_calls_away(lab: Lab) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        running = await Doctor.start(lab.conf, "--audio")
        await running.says("with keypad, silent")
        assert await left_over(lab)
        running.process.send_signal(number)
        assert (await running.report())[0] == 130
        assert await clean(lab)


async def test_a_pbx_that_lets_nobody_in(lab: Lab, tmp_path: Path) -> None:
    conf = tmp_path / "adapter.toml"
    text = lab.conf.read_text().replace(lab.pbx.ami_secret, "wrong").replace(lab.pbx.ari_secret, "wrong")
    conf.write_text(re.sub(r"(?m)^url = \"sqlite.*$", f'url = "sqlite+aiosqlite:///{tmp_path}/none.sqlite"', text))
    conf.chmod(0o644)
    status, report = await doctor(conf, "--audio")
    found = bad(report)
    assert status == 1
    assert found["ami: login"]["remedy"]["where"] == "call_monitor_manager_secret.conf, [call-monitor]"
    assert found["ari: login"]["remedy"]["where"] == "call_monitor_ari_secret.conf, [call-monitor]"
    assert found["files: configuration"]["verdict"] == "wrong"
    assert found["files: database"]["verdict"] == "warning"
    assert found["test call: not made"]["verdict"] == "unknown"
    assert not (tmp_path / "none.sqlite").exists(), "looking makes nothing"

    nobody = str(free_port())
    conf.write_text(
        text.replace(f"port = {lab.pbx.ports.ami}", f"port = {nobody}").replace(
            f":{lab.pbx.ports.http}/", f":{nobody}/"
        )
    )
    status, report = await doctor(conf)
    found = bad(report)
    assert status == 1
    assert f"port = {nobody}" in found["ami: connection"]["remedy"]["lines"]
    assert f"bindport = {nobody}" in found["ari: connection"]["remedy"]["lines"]


BROKEN = {
    "extensions_call_monitor.conf": [
        ("silent,1,GotoIf", "quESx(*))", "qux(*)w)"),
        ("whisper,1,GotoIf", "quESx(*)w)", "quESx(*)wB)"),
        ("barge-keypad,1,GotoIf", "quESx(*)dB)", "qux(*)XdB)"),
        ("_*57X", "_*57X.,1,", "_*58X.,1,"),
    ],
    "manager_call_monitor.conf": [
        ("read =", "read = call,dtmf,agent,user", "read = call"),
        ("write =", "write = call,originate,reporting", "write = call,originate,reporting,command"),
        ("eventfilter", "eventfilter(action(include),name(NewConnectedLine)) =", ";"),
    ],
    "pjsip_call_monitor.conf": [
        ("[call-monitor-endpoint]", "direct_media = no", "direct_media = yes"),
        ("[call-monitor-supervisor]", "rtp_timeout = 60", "rtp_timeout = 0"),
    ],
    "sorcery_call_monitor.conf": [("auth", "auth = memory", "")],
}
"""What is broken: by file, from where on, what, and what it becomes."""
READS = ("extensions", "manager", "pjsip", "sorcery")


def break_it(lab: Lab) -> Path:
    """A PBX that includes broken copies of the operator's files. Returns the folder where they are."""
    folder = lab.folder / "broken"
    folder.mkdir()
    for name, changes in BROKEN.items():
        text = (operator_conf() / name).read_text()
        for place, old, new in changes:
            start = text.index(place)
            assert old in text[start:], (name, old)
            text = text[:start] + text[start:].replace(old, new, 1)
        (folder / name).write_text(text)
    for name in READS:
        file = lab.pbx.folder / f"etc/{name}.conf"
        broken = f"{folder}/{name}_call_monitor.conf"
        file.write_text(file.read_text().replace(f"{operator_conf()}/{name}_call_monitor.conf", broken))
    return folder


async def take_remedy(folder: Path, remedy: Json) -> None:
    """Do as the doctor says: as an operator with an editor would."""
    file = next((name for name in (*BROKEN, "pjsip.conf", "sorcery.conf", "a shell") if name in remedy["where"]), "")
    if file == "a shell":
        for line in remedy["lines"]:
            process = await asyncio.create_subprocess_exec(*shlex.split(line))
            assert await process.wait() == 0
        return
    path = folder / (file if file in BROKEN else file.replace(".conf", "_call_monitor.conf"))
    path.write_text(edited(path.read_text(), remedy["lines"]))


def edited(text: str, lines: list[str]) -> str:
    """A file with these lines in the place of what they mean: an extension's, an option's, or as new ones."""
    first = lines[0]
    if first.startswith("exten"):
        extension = first.partition("=>")[2].partition(",")[0].strip().replace("57", "58")
        old = re.search(rf"(?m)^exten => {re.escape(extension)},.*\n(?: same.*\n)*", text)
        assert old, extension
        return text[: old.start()] + "\n".join(lines) + "\n" + text[old.end() :]
    keys = [line.partition("=")[0].strip() for line in lines]
    for key, line in zip(keys, lines, strict=True):
        if re.search(rf"(?m)^{re.escape(line)}(\s|$)", text):
            continue
        same = re.compile(rf"(?m)^{re.escape(key)}\s*=.*$")
        text = same.sub(line, text, count=1) if keys.count(key) == 1 and same.search(text) else f"{text}\n{line}\n"
    return text


async def test_what_is_broken_is_found_and_the_lines_that_it_names_heal_it(own: Lab) -> None:
    folder = break_it(own)
    own.conf.chmod(0o644)
    await own.pbx.stop()
    await own.pbx.start()
    status, report = await doctor(own.conf, "--audio")
    found = bad(report)
    verdicts = {name: finding["verdict"] for name, finding in found.items()}
    assert status == 1
    expected = {
        "dialplan: call-monitor, silent": "wrong",
        "dialplan: call-monitor, whisper": "wrong",
        "dialplan: call-monitor, barge-keypad": "wrong",
        "dialplan: call-monitor-codes, *57": "wrong",
        "ami: read, DTMFEnd": "wrong",
        "ami: read, NewConnectedLine": "wrong",
        "ami: write, no more": "warning",
        "endpoints: PJSIP/101": "wrong",
        "endpoints: PJSIP/301": "warning",
        "softphone: sorcery": "wrong",
        "files: configuration": "wrong",
        "test call: switching by digit": "wrong",
        # proved with tones, through the dialplan as it is:
        "audio: no keypad, silent (5 and 6 pressed)": "wrong",
        "audio: no keypad, whisper (6 pressed)": "wrong",
        "audio: no keypad, silent again": "wrong",
        "audio: no keypad, the agent hangs up": "wrong",
        # without DTMFEnd no digit is confirmed, and what was not seen is not ok:
        "audio: with keypad, silent": "unknown",
        "audio: with keypad, the rest": "unknown",
    }
    assert {name: verdicts.get(name) for name in expected} == expected, told(report)
    assert "hears the supervisor" in found["audio: no keypad, silent (5 and 6 pressed)"]["what"]
    assert "the customer hears" in found["audio: no keypad, whisper (6 pressed)"]["what"]
    assert await clean(own)

    for finding in found.values():
        if finding["remedy"] and finding["area"] not in ("audio", "test call", "ari"):  # the adapter comes by itself
            await take_remedy(folder, finding["remedy"])
    await own.pbx.stop()
    await own.pbx.start()
    assert await ready(own.http_port, asyncio.Event())
    status, report = await doctor(own.conf)
    assert {name: finding for name, finding in bad(report).items() if finding["verdict"] != "warning"} == {}
    assert status == 0
    left = [finding["what"] for finding in bad(report).values()]
    assert left, "phones are not there"
    assert all("no phone is registered" in what for what in left), left
    await rights_are_missing_and_a_context_is_not_included(own)


async def rights_are_missing_and_a_context_is_not_included(own: Lab) -> None:
    """The healed PBX, broken again where nothing could be proved before."""
    etc = own.pbx.folder / "etc"
    (etc / "manager.conf").write_text(
        (etc / "manager.conf").read_text() + "\n[call-monitor](+)\nwrite = call,reporting\n"
    )
    (etc / "ari.conf").write_text((etc / "ari.conf").read_text() + "\n[call-monitor](+)\nread_only = yes\n")
    lines = (etc / "extensions.conf").read_text().splitlines()
    (etc / "extensions.conf").write_text("\n".join(line for line in lines if "call_monitor" not in line) + "\n")
    for what in ("manager reload", "ari reload", "dialplan reload"):
        await own.pbx.cli(what if what != "ari reload" else "module reload res_ari.so")
    status, report = await doctor(own.conf)
    found = bad(report)
    assert status == 1
    assert found["ami: write, originate"]["remedy"]["lines"] == ["write = call,originate,reporting"]
    assert found["ari: write"]["remedy"]["lines"] == ["read_only = no"]
    assert found["dialplan: call-monitor"]["remedy"]["where"] == "extensions.conf"
    assert found["endpoints: star codes, lab-supervisors"]["remedy"]["lines"] == ["include => call-monitor-codes"]
    assert found["softphone: sorcery"]["verdict"] == "wrong"
    assert found["test call: events"]["verdict"] == "unknown"
