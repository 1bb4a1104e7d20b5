"""What Asterisk itself tells of a leg, in real call detail records and channel events, and what the doctor says."""

import asyncio
import csv
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from adapter.lab.pbx_conf import operator_conf
from adapter.lab.provision import Toolchain
from tests.asterisk.test_doctor import Json, doctor
from tests.support.client import Client
from tests.support.lab import Lab

MODULES = """
[modules](+)
load = cdr_csv.so
load = res_cdrel_custom.so
load = cel_custom.so
load = func_config.so
load = res_pjsip_outbound_publish.so
load = res_pjsip_exten_state.so
"""
LAMPS = """
[lamps]
exten => 301,hint,PJSIP/301&Custom:x
exten => 101,hint,PJSIP/101
"""
CEL_FIELDS = "eventtype CHANNEL(channame) CHANNEL(appname) CHANNEL(context) CHANNEL(uniqueid)".split()
CSV_FIELDS = "account src dst dcontext clid channel dstchannel lastapp lastdata".split()
"""The first columns of Master.csv (cdr/cdr_csv.c)."""


class Recorded(Lab):
    """A lab whose Asterisk writes everything down that it can: answered or not."""

    def __init__(self, toolchain: Toolchain, folder: Path) -> None:
        super().__init__(toolchain, folder)
        self.log = self.pbx.folder / "log"
        for name in ("cdr-csv", "cel-custom"):
            (self.log / name).mkdir()
        self.add("modules", MODULES)
        self.write("cdr", "[general]\nenable = yes\nunanswered = yes\n[csv]\nusegmtime = yes\n")
        self.write("cel", "[general]\nenable = yes\napps = all\nevents = ALL\n")
        fields = ",".join(f"${{CSV_QUOTE(${{{name}}})}}" for name in CEL_FIELDS)
        self.write("cel_custom", f"[mappings]\nMaster.csv => {fields}\n")

    def _file(self, name: str) -> Path:
        return self.pbx.folder / f"etc/{name}.conf"

    def write(self, name: str, text: str) -> None:
        """A file of Asterisk's configuration."""
        self._file(name).write_text(text)

    def add(self, name: str, text: str) -> None:
        """More of one."""
        self.write(name, self._file(name).read_text() + text)

    def cdr(self) -> list[dict[str, str]]:
        """All call detail records so far."""
        return [dict(zip(CSV_FIELDS, row, strict=False)) for row in rows_of(self.log / "cdr-csv/Master.csv")]

    def cel(self) -> list[list[str]]:
        """All channel events so far."""
        return rows_of(self.log / "cel-custom/Master.csv")

    async def recorded(self, since: int, enough: Callable[[list[dict[str, str]]], bool]) -> list[dict[str, str]]:
        """The records from a place on, once they are enough."""
        async with asyncio.timeout(40):
            while not enough(rows := self.cdr()[since:]):  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.1)
        return rows


def rows_of(path: Path) -> list[list[str]]:
    """A CSV, which Asterisk makes with its first row."""
    return list(csv.reader(path.read_text().splitlines())) if path.exists() else []


def of_channel(name: str) -> Callable[[list[dict[str, str]]], bool]:
    """Enough is one record of a channel whose name begins so."""
    return lambda rows: any(row["channel"].startswith(name) for row in rows)


@pytest.fixture
async def recorded(toolchain: Toolchain, tmp_path: Path) -> AsyncIterator[Recorded]:
    """Such a lab, running."""
    async with Recorded(toolchain, tmp_path).running() as lab:
        yield lab


async def traces(lab: Lab) -> tuple[int, dict[str, Json]]:
    """The doctor's exit status, and what it says of traces, by name."""
    status, report = await doctor(lab.conf)
    return status, {found["name"]: found for found in report["findings"] if found["area"] == "traces"}


async def every_kind_of_leg(lab: Recorded, admin: Client) -> None:
    """While 201 and 101 talk: legs switched and moved, one that nobody answers, star codes in vain and not."""
    call = await admin.call("101")
    supervisor = await lab.phone("301")
    monitor = await admin.monitor(call)
    await admin.switch(monitor, "whisper")
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204

    mona = await lab.client("mona")
    await admin.patch(f"/users/{mona.user['id']}", {"modes": ["silent", "whisper"]})
    await lab.phone("302")
    monitor = await mona.monitor(await mona.call("101"))
    await mona.switch(monitor, "whisper")  # without every right: moved to another extension
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204

    await lab.phone("301", "manual")
    status, monitor = await admin.post("/monitors", {"agent_extension": "101"})
    assert status == 201
    assert (await admin.until_ended(monitor))["ended_reason"] in ("no_answer", "busy", "device_busy")

    supervisor = await lab.phone("301")
    for code in ("*55101", "*56101", "*57999"):
        mark = supervisor.mark()
        await supervisor.dial(code)
        await supervisor.seen("CALL_ESTABLISHED", mark)
        await asyncio.sleep(0.5)
        await supervisor.hangup()
        await supervisor.seen("CALL_CLOSED", mark)


async def test_no_leg_is_in_the_records_and_the_doctor_finds_what_would_tell(recorded: Recorded) -> None:
    lab = recorded
    customer, _ = await lab.talk("201", "101")
    await lab.phone("301")
    admin = await lab.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
    assert any(monitor["id"] in row[-1] for row in lab.cel()), "the control: events = ALL tells of legs"
    status, found = await traces(lab)
    assert (status, found["CDR"]["verdict"], found["CEL"]["verdict"]) == (1, "ok", "wrong")
    assert found["RTP"]["verdict"] == "ok"

    lab.write("cel", "[general]\nenable = yes\n" + "\n".join(found["CEL"]["remedy"]["lines"]) + "\n")
    await lab.pbx.cli(re.search(r'"(.+)"', found["CEL"]["remedy"]["then"])[1])  # type: ignore[index]
    status, found = await traces(lab)
    assert {name: finding["verdict"] for name, finding in found.items()} == dict.fromkeys(
        ("RTP", "CDR", "CEL", "lamps"), "ok"
    )
    assert status == 0
    events = len(lab.cel())
    await every_kind_of_leg(lab, admin)
    await customer.hangup()
    rows = await lab.recorded(0, of_channel("PJSIP/201"))
    calls = [(row["channel"][:9], row["dstchannel"][:9]) for row in rows if "cmdoctor" not in str(row)]
    calls = [pair for pair in calls if "Local/" not in str(pair)]
    assert calls == [("PJSIP/201", "PJSIP/101")], "of seven legs none, and the conversation itself"
    told = lab.cel()[events:]
    assert "BRIDGE_EXIT" in {row[0] for row in told}
    assert [row for row in told if "PJSIP/30" in row[1]] == []


async def test_a_take_over_is_in_the_record_of_the_customers_channel(recorded: Recorded) -> None:
    lab = recorded
    for caller, called in (("201", "101"), ("101", "201")):
        place = len(lab.cdr())
        await lab.talk(caller, called)
        supervisor = await lab.phone("301")
        admin = await lab.client("admin")
        mark = supervisor.mark()
        monitor = await admin.monitor(await admin.call("101"), "barge")
        assert (await admin.post(f"/monitors/{monitor['id']}/takeover", {}))[0] == 200
        await asyncio.sleep(0.5)
        await supervisor.hangup()
        await supervisor.seen("CALL_CLOSED", mark)
        rows = await lab.recorded(place, lambda rows: sum(bool(row["dstchannel"]) for row in rows) >= 2)
        # The customer's channel goes on in the dialplan afterwards, which makes a row with nobody in it.
        parties = [(row["channel"][:9], row["dstchannel"][:9]) for row in rows if row["dstchannel"]]
        assert parties == [(f"PJSIP/{caller}", f"PJSIP/{called}"), ("PJSIP/201", "PJSIP/301")]
        await lab.tidy()


async def test_the_doctor_finds_each_thing_that_would_tell(recorded: Recorded, tmp_path: Path) -> None:
    lab = recorded
    customer, _ = await lab.talk("201", "101")
    supervisor = await lab.phone("301")
    plan = (operator_conf() / "extensions_call_monitor.conf").read_text()
    before, codes, rest = plan.partition("[call-monitor-codes]")
    old = before + codes + rest.replace("Set(CDR_PROP(disable)=1)", "NoOp()", 1)
    assert old != plan
    (tmp_path / "old.conf").write_text(old)
    included = (lab.pbx.folder / "etc/extensions.conf").read_text()
    included = included.replace(str(operator_conf() / "extensions_call_monitor.conf"), str(tmp_path / "old.conf"))
    lab.write("extensions", included + LAMPS)
    await lab.pbx.cli("dialplan reload")
    await lab.pbx.cli("module load bridge_native_rtp.so")
    place = len(lab.cdr())
    await supervisor.dial("*55101")
    await supervisor.seen("CALL_ESTABLISHED")
    await supervisor.hangup()
    rows = await lab.recorded(place, of_channel("PJSIP/301"))
    assert rows[-1]["lastapp"] == "ChanSpy", "the control: without the line a record tells who listened to what"

    status, found = await traces(lab)
    verdicts = {name: finding["verdict"] for name, finding in found.items()}
    expected = {"RTP": "wrong", "CDR, *55": "wrong", "CEL": "wrong", "lamps, PJSIP/301": "warning"}
    assert (status, verdicts) == (1, expected)
    assert "\n".join(found["CDR, *55"]["remedy"]["lines"]) in plan
    assert found["RTP"]["remedy"]["lines"] == ["noload = bridge_native_rtp.so"]
    assert "301@lamps" in found["lamps, PJSIP/301"]["what"]

    conf = lab.conf.read_text()
    lab.conf.write_text(conf.replace("[[pbx]]\n", '[[pbx]]\naccepted_traces = ["rtp", "cdr", "cel"]\n'))
    status, found = await traces(lab)
    assert (status, {finding["verdict"] for finding in found.values()}) == (0, {"warning"})
    assert "a new SSRC" in found["RTP"]["what"], "told all the same"
    await customer.hangup()
    await lab.pbx.cli("module unload bridge_native_rtp.so")
    lab.conf.write_text(conf)
    assert (await traces(lab))[1]["RTP"]["verdict"] == "ok"
