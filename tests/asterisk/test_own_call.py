"""A star code counts only where its own phone dials it: whatever else puts a channel there opens nothing.

Each way is tried against the dialplan that ships, whose gate refuses it, and against one without a gate (`*97`), where
the adapter refuses by itself.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapter.lab.provision import Toolchain
from tests.asterisk.authority import CODES, MORE, count_of, listening, refused
from tests.asterisk.test_handset import audited, one
from tests.support.lab import Lab, assert_hears, listen
from tests.support.rawphone import raw_phone
from tests.support.somebody import somebody_does

GATE = "the dialplan's own gate refused it"


@pytest.fixture(scope="module")
async def east_lab(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """One lab for all these tests."""
    async with Lab(toolchain, tmp_path_factory.mktemp("east"), MORE).running() as lab:
        yield lab


@pytest.fixture
async def east(east_lab: Lab) -> AsyncIterator[Lab]:
    """The lab, with a call of 201 and 103 that somebody might want to get into."""
    await east_lab.talk("201", "103")
    yield east_lab
    await east_lab.tidy()


@pytest.mark.parametrize("code", CODES)
async def test_the_phones_own_call_counts(east: Lab, code: str) -> None:
    """Also where every uniqueid begins with cm-, as systemname has it here."""
    mona, phone = await east.client("mona"), await east.phone("302")
    await phone.dial(f"{code}103")
    monitor = await one(mona)
    assert (monitor["mode"], monitor["device"]) == ("barge", "PJSIP/302")
    heard = await listen(east.known("201"), east.known("103"))
    assert_hears(heard, p201={"103", "302"}, p103={"201", "302"})
    await phone.hangup()
    assert (await mona.until_ended(monitor))["ended_reason"] == "supervisor_hung_up"


@pytest.mark.parametrize("code", CODES)
async def test_a_blind_transfer_of_the_supervisor_opens_nothing(east: Lab, code: str) -> None:
    """101, who may not monitor, calls mona and transfers her to the code."""
    admin = await east.client("admin")
    before = await count_of(admin, "sam")
    sam, mona = await east.phone("101"), await east.phone("302", "auto")
    mark = mona.mark()
    await sam.dial("302")
    await mona.seen("CALL_ESTABLISHED", mark)
    await sam.transfer(f"{code}103")
    row = await refused(east, admin, "sam", entries=before + 1)
    assert (row["supervisor"], row["target"], row["mode"]) == ("mona", "103", "barge")
    assert_hears(await listen(east.known("201"), east.known("103")), p201={"103"}, p103={"201"})
    gated = GATE in (east.folder / "adapter.log").read_text()
    assert gated or code != "*57", "the dialplan let it through"


@pytest.mark.parametrize("code", CODES)
async def test_an_attended_transfer_of_the_supervisor_opens_nothing(east: Lab, code: str) -> None:
    """101 dials the code, is refused, and puts mona in their place while that is spoken."""
    sam, mona = await east.phone("101"), await east.phone("302", "auto")
    mark = mona.mark()
    await sam.dial("302")
    await mona.seen("CALL_ESTABLISHED", mark)
    await sam.hold()
    mark = sam.mark()
    await sam.dial(f"{code}103")
    await sam.seen("CALL_ESTABLISHED", mark)
    await sam.transfer_to_consulted(f"{code}103")
    for _ in range(20):
        assert await listening(east) == []
        await asyncio.sleep(0.05)
    assert (await (await east.client("admin")).get("/monitors"))[1]["monitors"] == []


@pytest.mark.parametrize("code", CODES)
async def test_a_forward_of_the_supervisors_phone_opens_nothing(east: Lab, code: str) -> None:
    admin = await east.client("admin")
    before = await count_of(admin, "mona")
    async with raw_phone(east, "302") as mona:
        mona.forwards_to = f"{code}103"
        await (await east.phone("101")).dial("302")
        await refused(east, admin, "mona", entries=before + 1)
        assert mona.rang == 1


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("channel", ["PJSIP/302", "Local/{code}103@lab-supervisors"])
async def test_an_originate_by_somebody_else_opens_nothing(east: Lab, code: str, channel: str) -> None:
    admin = await east.client("admin")
    device = channel.format(code=code)
    actor = "mona" if device.startswith("PJSIP") else f"phone {device}"
    before = await count_of(admin, actor)
    await east.phone("302", "auto")
    there = {"Context": "lab-supervisors", "Exten": f"{code}103" if device == "PJSIP/302" else "302", "Priority": "1"}
    await somebody_does(east, "Originate", Channel=device, **there, Async="true")
    await refused(east, admin, actor, entries=before + 1)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("answered", [False, True])
async def test_a_redirect_by_somebody_else_opens_nothing(east: Lab, code: str, answered: bool) -> None:
    """Mona's own call to 104, which rings or is answered, is sent to the code."""
    admin = await east.client("admin")
    before = await count_of(admin, "mona")
    other, mona = await east.phone("104", "auto" if answered else "manual"), await east.phone("302")
    mark = other.mark()
    await mona.dial("104")
    await other.seen("CALL_ESTABLISHED" if answered else "CALL_INCOMING", mark)
    lines = (await east.pbx.cli("core show channels concise")).splitlines()
    hers = next(line.partition("!")[0] for line in lines if line.startswith("PJSIP/302-"))
    await somebody_does(east, "Redirect", Channel=hers, Context="lab-supervisors", Exten=f"{code}103", Priority="1")
    await refused(east, admin, "mona", entries=before + 1)


@pytest.mark.parametrize("code", CODES)
async def test_a_call_that_the_supervisor_picked_up_opens_nothing(east: Lab, code: str) -> None:
    admin = await east.client("admin")
    before = await count_of(admin, "sam")
    sam, mona, other = await east.phone("101"), await east.phone("302"), await east.phone("102", "manual")
    marks = other.mark(), sam.mark()
    await sam.dial("102")
    await other.seen("CALL_INCOMING", marks[0])
    await mona.dial("*8")
    await sam.seen("CALL_ESTABLISHED", marks[1])
    await sam.transfer(f"{code}103")
    await refused(east, admin, "sam", entries=before + 1)


@pytest.mark.parametrize("code", CODES)
async def test_a_sip_message_opens_nothing(east: Lab, code: str) -> None:
    """Asterisk runs the dialplan of a MESSAGE's number, in a channel of nobody's."""
    admin = await east.client("admin")
    before = await count_of(admin, "phone Message/ast_msg_queue")
    async with raw_phone(east, "302") as mona:
        await mona.message(f"{code}103")
        await refused(east, admin, "phone Message/ast_msg_queue", entries=before + 1)
    phone, mona_again = await east.phone("302"), await east.client("mona")
    await phone.dial("*55103")  # and what comes after it is taken as ever
    await one(mona_again)
    await audited(admin, "supervisor=mona&action=monitor.requested", result="ok", mode="silent")
