"""Attack: somebody with the right to monitor takes their page's SIP socket for a phone line of their own. At a real
Asterisk: what would work there does not get that far, and the socket ends."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from tests.attack.sippage import SDP, SipPage, fresh, header, register, straight, through_us
from tests.support.client import Client
from tests.support.lab import Lab

REFUSED = 1008
"""RFC 6455, section 7.4.1: a policy was violated."""
TRUSTED = (
    "\n[trunk](lab-phone)\ncontext = lab-outside\n"
    "\n[trunk-address]\ntype = identify\nendpoint = trunk\nmatch = 127.0.0.1\n"
)
"""Whoever comes from the adapter's address is a trunk, without a password."""


@pytest.fixture
async def mona(lab: Lab) -> Client:
    return await lab.client("mona")


@pytest.fixture
async def seen(lab: Lab) -> AsyncIterator["History"]:
    """What Asterisk received over SIP."""
    await lab.pbx.cli("module load res_pjsip_history.so")
    await lab.pbx.cli("pjsip set history on")
    yield History(lab)
    await lab.pbx.cli("pjsip set history off")
    await lab.pbx.cli("pjsip set history clear")


class History:
    """Asterisk's own list of messages."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    async def of(self, call_id: str) -> list[str]:
        """The methods and statuses that Asterisk received with this Call-ID."""
        listed = await self._lab.pbx.cli(f'pjsip show history where sip.msg.call-id = "{call_id}"')
        return re.findall(r"^\d+ +\S+ +\* <== +\S+ +(\S+ ?\d*)", listed, re.M)


def call(page: SipPage, user: str, called: str = "500") -> str:
    """An INVITE of one's own, as JsSIP would write it."""
    head = register(user, page.call_id).partition("\r\n\r\n")[0]
    head = head.replace("REGISTER sip:call-monitor.invalid", f"INVITE sip:{called}@127.0.0.1")
    head = re.sub(r"CSeq: .*", "CSeq: 1 INVITE", re.sub(r"Contact: (<.*?>).*", r"Contact: \1", head))
    head = re.sub(r"To: .*", f"To: <sip:{called}@127.0.0.1>", re.sub(r"Expires: .*\r\n", "", head))
    return head.replace(
        "Content-Length: 0", f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}"
    )


async def test_another_endpoint_with_its_right_password(lab: Lab, mona: Client, seen: History) -> None:
    async with straight(lab) as page:
        assert (await page.registered("101", "lab-101")).startswith("SIP/2.0 200")
        assert len(await seen.of(page.call_id)) == 2
    await lab.unregister("101")  # whose contact that has replaced, so the next test's phone is a new one
    async with through_us(lab, mona) as page:
        assert (await page.registered()).startswith("SIP/2.0 200")
        await page.send(register("101", "attack-another"))
        assert await page.ended() == REFUSED
        assert await seen.of("attack-another") == []
    log = (lab.folder / "adapter.log").read_text()
    assert "a page's SIP socket was closed" in log
    assert "registers another endpoint" in log


async def test_guesses_at_its_own_password(lab: Lab, mona: Client) -> None:
    async with through_us(lab, mona) as page:
        for guess in range(20):
            try:
                answer = await page.registered(password=f"guess-{guess}")
            except (AssertionError, ConnectionError):
                break
            assert answer.startswith("SIP/2.0 401")
        assert page.socket.close_code == REFUSED
        assert guess <= 4


async def test_a_call_of_its_own_without_credentials(own: Lab) -> None:
    conf = own.pbx.folder / "etc/pjsip.conf"
    conf.write_text(conf.read_text() + TRUSTED)
    for command in ("load res_pjsip_history.so", "load res_pjsip_endpoint_identifier_ip.so", "reload res_pjsip.so"):
        await own.pbx.cli(f"module {command}")
    await own.pbx.cli("pjsip set history on")
    mona, seen = await own.client("mona"), History(own)
    async with straight(own) as page:
        await page.send(call(page, "101"))
        answer = await page.heard("SIP/2.0 [1-6](?!00)")
        assert not answer.startswith("SIP/2.0 401"), "Asterisk asks for a password"
        assert await seen.of(page.call_id)
    for user in ("", "101"):
        async with through_us(own, mona) as page:
            await page.send(call(page, user or page.endpoint))
            assert await page.ended() == REFUSED
            assert await seen.of(page.call_id) == []


METHODS = "REFER SUBSCRIBE MESSAGE NOTIFY OPTIONS PUBLISH UPDATE CANCEL".split()


@pytest.mark.parametrize("method", METHODS)
async def test_methods_that_no_page_has(lab: Lab, mona: Client, seen: History, method: str) -> None:
    """Outside a dialog, and within one that Asterisk began."""
    async with through_us(lab, mona) as page:
        await page.send(re.sub("REGISTER", method, register(page.endpoint, page.call_id), count=2))
        assert await page.ended() == REFUSED
        assert await seen.of(page.call_id) == []
    await lab.talk("201", "101")
    await mona.call("101")
    async with through_us(lab, mona) as page:
        assert (await page.registered()).startswith("SIP/2.0 200")
        assert (await mona.post("/monitors", {"agent_extension": "101", "device": "browser"}))[0] == 201
        bye = await page.answered()
        known = await seen.of(header(bye, "Call-ID"))
        assert known, "the history shows nothing"
        more = "Refer-To: <sip:500@127.0.0.1>\r\nUser-Agent:"
        await page.send(re.sub("BYE", method, bye, count=2).replace("User-Agent:", more))
        assert await page.ended() == REFUSED
        assert [seen for seen in await seen.of(header(bye, "Call-ID")) if method in seen] == []


async def test_a_second_message_behind_the_first(lab: Lab, mona: Client, seen: History) -> None:
    async with straight(lab) as page:
        await page.send(register("101", page.call_id) + register("102", "attack-second"))
        await page.heard("SIP/2.0 401")
        await asyncio.sleep(0.3)
        assert await seen.of("attack-second"), "Asterisk takes two messages of one frame"
    async with through_us(lab, mona) as page:
        await page.send(register(page.endpoint, page.call_id) + register("102", "attack-third"))
        assert await page.ended() == REFUSED
        assert await seen.of("attack-third") == await seen.of(page.call_id) == []


async def test_an_answer_that_sends_asterisk_elsewhere(lab: Lab, mona: Client, seen: History) -> None:
    """302 makes Asterisk ring whom the page names: for a leg of ours, somebody else would hear the call."""
    await lab.talk("201", "101")
    await mona.call("101")
    async with through_us(lab, mona) as page:
        assert (await page.registered()).startswith("SIP/2.0 200")
        status, monitor = await mona.post("/monitors", {"agent_extension": "101", "device": "browser"})
        assert status == 201
        ring = await page.heard("INVITE ")
        head = "".join(f"{name}: {header(ring, name)}\r\n" for name in ("Via", "From", "Call-ID", "CSeq"))
        head += f"To: {header(ring, 'To')};tag=x\r\nContact: <sip:301@127.0.0.1>\r\n"
        await page.send(f"SIP/2.0 302 Moved Temporarily\r\n{head}Content-Length: 0\r\n\r\n")
        assert await page.ended() == REFUSED
        assert "302" not in " ".join(await seen.of(header(ring, "Call-ID")))
    await mona.until_ended(monitor)


async def test_what_is_no_text(lab: Lab, mona: Client, seen: History) -> None:
    async with through_us(lab, mona) as page:
        await page.socket.send_bytes(register(page.endpoint, page.call_id).encode())
        assert await page.ended() == REFUSED
        assert await seen.of(page.call_id) == []
    async with through_us(lab, mona) as page:
        await page.send(fresh(register(page.endpoint, page.call_id)).replace("\r\n", "\n"))
        assert await page.ended() == REFUSED


async def test_hanging_up_in_its_own_dialog_passes(lab: Lab, mona: Client) -> None:
    await lab.talk("201", "101")
    await mona.call("101")
    async with through_us(lab, mona) as page:
        await page.registered()
        _, monitor = await mona.post("/monitors", {"agent_extension": "101", "device": "browser"})
        bye = await page.answered()
        await page.send(bye)
        assert (await page.heard("SIP/2.0 ")).startswith("SIP/2.0 200")
        await mona.until_ended(monitor)
        assert not page.socket.closed
