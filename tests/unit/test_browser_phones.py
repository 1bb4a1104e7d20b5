"""Pages as phones, without Asterisk: who may have one, what is told of TURN, and when they go."""

import asyncio
import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapter.core.people import Directory
from adapter.phones.browser import BrowserPhones, Names
from adapter.store import Store
from adapter.web.ice import Ice
from tests.fake.pbx import FakePbx, settle
from tests.fake.scene import MONA, PEOPLE
from tests.support.clock import real
from tests.support.endpoints import LEFT, OTHERS, TAG, Memory
from tests.support.site import SECRET, Site, is_problem

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_turn_users_are_void_after_a_while() -> None:
    ice = Ice(("stun:s",), ("turn:t",), "secret")
    stun, turn = ice.servers("mona", 1000)
    assert stun == {"urls": ["stun:s"]}
    assert turn["username"] == "1000:mona"
    wanted = hmac.new(b"secret", b"1000:mona", hashlib.sha1).digest()
    assert turn["credential"] == base64.b64encode(wanted).decode()
    assert Ice().servers("mona", 1000) == []


class Elsewhere(Site):
    """An adapter at two PBXes, both of which take pages' phones."""

    def __init__(self, store: Store) -> None:
        softphone = {"enabled": True}
        pbx = [{"id": name, "ami": SECRET, "ari": SECRET, "softphone": softphone} for name in ("north", "south")]
        super().__init__(store, Memory(), pbx=pbx)
        self.endpoints = {name: Memory() for name in ("north", "south")}
        self.pbxes = {name: FakePbx(name) for name in self.endpoints}

    def connect_to(self, name: str) -> Any:
        return self.pbxes[name].connect

    def endpoints_at(self, name: str) -> Memory:
        return self.endpoints[name]

    def name_boards(self) -> None:
        for board in self.service.boards.own:
            self.pbxes[board.id].board = board


async def test_the_page_that_connected_last_rings_and_a_lost_right_ends_all() -> None:
    pbx, memory, now = FakePbx(), Memory(), [NOW]
    gone: list[str] = []
    phones = BrowserPhones(pbx.board, memory, lambda: now[0], timedelta(hours=1), gone.append, Names(TAG))
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


async def test_a_pages_phone_is_at_one_pbx_at_a_time(tmp_path: Path) -> None:
    site = Elsewhere(await Store.open(f"sqlite+aiosqlite:///{tmp_path}/test.sqlite", clock=real))
    runner = await site.start()
    mona = await site.client("mona")

    async def there(name: str) -> list[str]:
        await settle()
        return [one for one in site.endpoints[name].there if one.startswith("cm-web-") and one not in (LEFT, OTHERS)]

    assert (await mona.post("/softphone", None))[1]["pbx"] == "north"  # she has no phone of another PBX
    assert (len(await there("north")), len(await there("south"))) == (1, 0)
    status, told = await mona.post("/softphone?pbx=south", None)
    assert (status, told["pbx"]) == (200, "south")
    assert await there("south") == [told["endpoint"]]
    for _ in range(100):
        if not await there("north"):
            break
        await asyncio.sleep(0.01)
    assert not await there("north")
    is_problem(await mona.post("/softphone?pbx=west", None), 422, "invalid")
    is_problem(await mona.post("/softphone?pbx=south&pbx=north", None), 422, "invalid")
    assert await there("south") == [told["endpoint"]]
    assert (await mona.delete("/softphone"))[0] == 204
    assert not await there("south")
    await site.close(runner)
