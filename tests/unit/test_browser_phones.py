"""Pages as phones, without Asterisk: who may have one, what is told of TURN, and when they go."""

import asyncio
import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from adapter.core.people import Directory
from adapter.phones.browser import BrowserPhones
from adapter.web.ice import Ice
from tests.fake.pbx import FakePbx, settle
from tests.fake.scene import MONA, PEOPLE
from tests.support.site import Site, is_problem

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_turn_users_are_void_after_a_while() -> None:
    ice = Ice(("stun:s",), ("turn:t",), "secret")
    stun, turn = ice.servers("mona", 1000)
    assert stun == {"urls": ["stun:s"]}
    assert turn["username"] == "1000:mona"
    wanted = hmac.new(b"secret", b"1000:mona", hashlib.sha1).digest()
    assert turn["credential"] == base64.b64encode(wanted).decode()
    assert Ice().servers("mona", 1000) == []


TAG = "0a1b2c3d"
LEFT, OTHERS = f"cm-web-{TAG}-left", "cm-web-99999999-page"


class Memory:
    """Endpoints in memory."""

    def __init__(self) -> None:
        self.there: dict[str, str] = {"101": "", LEFT: "", OTHERS: ""}

    async def put(self, endpoint: str, password: str) -> None:
        await asyncio.sleep(0)
        self.there[endpoint] = password

    async def remove(self, endpoint: str) -> None:
        self.there.pop(endpoint, None)

    async def listed(self) -> list[str]:
        return list(self.there)


async def test_the_page_that_connected_last_rings_and_a_lost_right_ends_all() -> None:
    pbx, memory, now = FakePbx(), Memory(), [NOW]
    gone: list[str] = []
    phones = BrowserPhones(pbx.board, memory, lambda: now[0], timedelta(hours=1), gone.append, TAG)
    one, two = await phones.open("s1", MONA.id), await phones.open("s2", MONA.id)
    assert phones.device_of(MONA.id) is None
    phones.connected(two, lambda: None)
    hang_up = lambda: None  # noqa: E731 - its identity is what counts
    phones.connected(one, hang_up)
    assert phones.device_of(MONA.id) == one.device
    phones.disconnected(one, lambda: None)  # an older socket of the same page
    assert phones.device_of(MONA.id) == one.device
    phones.disconnected(one, hang_up)
    assert (phones.device_of(MONA.id), gone) == (two.device, [one.device])
    again = await phones.open("s1", MONA.id)
    assert one.endpoint not in memory.there
    assert again.password not in repr(again)
    await asyncio.gather(*(phones.open("s1", MONA.id) for _ in range(3)))
    newest = phones.of_session("s1")
    assert newest is not None
    assert {name for name in memory.there if name.startswith("cm-web-")} == {
        LEFT,
        OTHERS,
        two.endpoint,
        newest.endpoint,
    }
    pbx.up_again()
    await settle()
    assert LEFT not in memory.there
    pbx.board.set_directory(Directory.of(user for user in PEOPLE if user.id != MONA.id), frozenset({MONA.id}), NOW)
    await settle()
    assert set(memory.there) == {"101", OTHERS}
    await phones.close()


async def test_who_may_have_a_softphone(site: Site) -> None:
    sam, mona, nobody = await site.client("sam"), await site.client("mona"), await site.client()
    is_problem(await nobody.post("/softphone", {}), 401, "not_authenticated")
    is_problem(await sam.post("/softphone", {}), 403, "forbidden")
    is_problem(await mona.post("/softphone", {}), 403, "forbidden")  # switched off on this site
    assert (await mona.delete("/softphone"))[0] == 204
    for client, code in ((nobody, "not_authenticated"), (sam, "forbidden"), (mona, "forbidden")):
        is_problem(await client.get("/sip"), 401 if client is nobody else 403, code)
    admin = await site.client("admin")
    _, token = await admin.post("/tokens", {"name": "t", "user": "mona"})
    nobody.http.headers["Authorization"] = f"Bearer {token['token']}"
    is_problem(await nobody.post("/softphone", {}), 403, "forbidden")
