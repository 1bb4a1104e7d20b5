"""GET /cluster: who looks after which PBX, for administrators; it tells nothing of calls."""

from datetime import timedelta

import pytest

from adapter import __version__
from adapter.core import ownership
from adapter.core.ownership import Member, Owner, Process, Term
from adapter.core.views import time_view
from adapter.fleet.process import this_member
from tests.support.site import Site, is_problem, site

__all__ = ["site"]


def two(site: Site) -> ownership.Cluster:
    """This adapter, which has the only PBX, and another that has none; and an owner who is known no more."""
    mine = this_member(site.now - timedelta(hours=1))
    other = Member("m2", Process("host2", 7, "boot", "", 1), "0.0.9", site.now, seen_at=site.now)
    terms = {"lab": Owner("lab", mine.id, Term(3, "x"), site.now), "gone": Owner("gone", "m0", Term(1, "y"), site.now)}
    return ownership.Cluster({"m2": other, mine.id: mine}, terms)


async def test_members_and_pbxes(site: Site) -> None:
    site.service.ownership.seen = seen = two(site)
    status, body = await (await site.client("admin")).get("/cluster")
    assert status == 200
    mine = next(one for one in seen.members.values() if one.id != "m2")
    assert [one["id"] for one in body["members"]] == [mine.id, "m2"], "the oldest first"
    first, second = body["members"]
    assert first == {
        "id": mine.id,
        "host": mine.process.host,
        "pid": mine.process.pid,
        "version": __version__,
        "started_at": time_view(mine.started_at),
        "seen_at": time_view(mine.started_at),
        "owns": ["lab"],
    }
    assert (second["owns"], second["version"], second["seen_at"]) == ([], "0.0.9", time_view(site.now))
    (pbx,) = body["pbxs"]
    assert {key: pbx[key] for key in ("id", "name", "state", "owner")} == {
        "id": "lab",
        "name": "lab",
        "state": "connected",
        "owner": mine.id,
    }


async def test_a_pbx_without_an_owner_says_so(site: Site) -> None:
    seen = two(site)
    lab = Owner("lab", None, Term(4, "z"), site.now)
    site.service.ownership.seen = ownership.Cluster(seen.members, {"lab": lab})
    _, body = await (await site.client("admin")).get("/cluster")
    assert body["pbxs"][0]["owner"] is None
    assert [one["owns"] for one in body["members"]] == [[], []]


@pytest.mark.parametrize("name", ["sam", "mona", None])
async def test_nobody_else_is_told(site: Site, name: str | None) -> None:
    answer = await (await site.client(name)).get("/cluster")
    is_problem(answer, *((403, "forbidden") if name else (401, "not_authenticated")))


async def test_it_is_the_same_whoever_listens(site: Site) -> None:
    """An administrator who is in a conversation reads it too, and it does not change when somebody listens."""
    site.service.ownership.seen = two(site)
    site.talk("301", "101")
    admin, mona = await site.client("admin"), await site.client("mona")
    _, before = await admin.get("/cluster")
    status, _ = await mona.post("/monitors", {"call_id": (await mona.calls())[0]["id"]})
    assert status == 201
    site.pbx.run()
    assert (await admin.get("/cluster"))[1] == before
