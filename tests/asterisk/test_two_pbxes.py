"""Two real Asterisks in one adapter: a call is monitored where it is, and one that dies takes nothing of the other."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapter.asterisk import tones
from adapter.lab.pbx import Pbx
from adapter.lab.phones import Answer, Phone
from adapter.lab.ports import Ports
from adapter.lab.provision import Toolchain
from tests.support.lab import SECONDS, TONES, Lab, assert_hears, listen

OTHER = """
[[pbx]]
id = "other"
ami = {{ port = {pbx.ports.ami}, secret = "{pbx.ami_secret}" }}
ari = {{ url = "{pbx.ari_url}", secret = "{pbx.ari_secret}" }}
"""


class TwoLabs:
    """A lab whose adapter has a second PBX, with phones of its own there."""

    def __init__(self, toolchain: Toolchain, folder: Path) -> None:
        self.lab = Lab(toolchain, folder)
        self.other = Pbx(toolchain, folder / "other", Ports.choose())
        conf = self.lab.conf
        conf.write_text(conf.read_text() + OTHER.format(pbx=self.other))
        self.phones: list[Phone] = []

    async def phone(self, number: str, answer: Answer) -> Phone:
        """A phone at the second PBX, registered."""
        wav = self.lab.folder / f"other-{number}.wav"
        tones.tone(wav, TONES[number], SECONDS)
        phone = Phone(
            self.lab.toolchain,
            self.lab.folder / f"other-{number}",
            number,
            self.other.ports.sip,
            wav,
            answer,
            listens=True,
        )
        await phone.start()
        self.phones.append(phone)
        return phone

    async def talk(self, caller: str, called: str) -> tuple[Phone, Phone]:
        """Two phones at the second PBX talk."""
        a, b = await self.phone(caller, "auto"), await self.phone(called, "auto")
        mark = b.mark()
        await a.dial(called)
        await b.seen("CALL_ESTABLISHED", mark)
        return a, b


@pytest.fixture
async def two(toolchain: Toolchain, tmp_path: Path) -> AsyncIterator[TwoLabs]:
    """Both PBXes and the adapter run."""
    both = TwoLabs(toolchain, tmp_path)
    await both.other.start()
    try:
        async with both.lab.running():
            yield both
            await asyncio.gather(*(phone.stop() for phone in both.phones))
    finally:
        await both.other.stop()


async def test_each_call_is_heard_where_it_is_and_one_that_dies_takes_nothing_of_the_other(two: TwoLabs) -> None:
    await two.lab.talk("201", "101")
    customer, agent = await two.talk("202", "102")
    supervisor = await two.phone("301", "asked")
    admin = await two.lab.client("admin")
    stream = await admin.events()
    here, there = await admin.call("101"), await admin.call("102")
    monitor = await admin.monitor(there)
    await admin.switch(monitor, "whisper")
    heard = await listen(customer, agent, supervisor)
    assert_hears(heard, p301={"202", "102"}, p102={"202", "301"}, p202={"102"})

    assert two.lab.pbx.process is not None
    two.lab.pbx.process.kill()
    await stream.until(lambda kind, data: kind == "pbx.state" and data["state"] != "connected")
    await stream.until(lambda kind, data: kind == "call.removed" and data["id"] == here["id"])
    assert [call["id"] for call in await admin.calls()] == [there["id"]]
    assert (await admin.switch(monitor, "silent"))["state"] == "live"

    mark = len(stream.events)
    await two.lab.pbx.start()
    await stream.until(lambda kind, data: kind == "pbx.state" and data["state"] == "connected", mark, 30)
    end = time.monotonic() + 30
    while (await admin.get("/calls"))[1]["pbx"]["state"] != "connected":
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    assert [call["id"] for call in await admin.calls()] == [there["id"]]
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["state"] == "live"
    assert_hears(await listen(customer, agent, supervisor), p301={"202", "102"}, p102={"202"}, p202={"102"})
