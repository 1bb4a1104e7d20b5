"""What the contract says of several PBXes: which call is where, how each is, and at which one a phone registers."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from adapter import config
from adapter.cli.checking import same_twice
from adapter.cli.csv_import import read, with_known_pbxes
from adapter.core.people import Directory
from adapter.doctor.checks_several import check_phones
from adapter.doctor.findings import Verdict
from adapter.errors import Invalid
from adapter.phones.starcodes import StarCodes
from adapter.store import Store
from tests.fake.pbx import settle
from tests.fake.scene import ADMIN, MONA, SAM
from tests.support.clock import real
from tests.support.site import SECRET, Site, is_problem, settings
from tests.unit.test_nodes import Two, two

__all__ = ["two"]
BOTH = [{"id": "north", "name": "North", "ami": SECRET, "ari": SECRET}, {"id": "south", "ami": SECRET, "ari": SECRET}]


async def test_everything_says_at_which_pbx_it_is(two: Two) -> None:
    two.calls_at("north", "201", "101")
    two.calls_at("south", "202", "102")
    admin = await two.client("admin")
    stream = await admin.events()
    assert {call["agent"]["extension"]: call["pbx"] for call in await admin.calls()} == {"101": "north", "102": "south"}
    monitor = await admin.monitor(await admin.call("102"))
    assert monitor["pbx"] == "south"
    assert (await stream.until(lambda kind, data: kind == "monitor.updated"))["pbx"] == "south"
    assert [one["id"] for one in (await admin.get("/calls"))[1]["pbxs"]] == ["north", "south"]
    _, _, snapshot = stream.events[0]
    assert [(one["id"], one["name"], one["state"]) for one in snapshot["pbxs"]] == [
        ("north", "north", "connected"),
        ("south", "south", "connected"),
    ]


async def test_one_that_is_lost_is_named_and_pbx_is_the_worst(two: Two) -> None:
    admin = await two.client("admin")
    stream = await admin.events()
    two.pbxes["south"].down()
    lost = await stream.until(lambda kind, data: kind == "pbx.state")
    assert (lost["id"], lost["name"], lost["state"]) == ("south", "south", "down")
    _, body = await admin.get("/calls")
    assert [(one["id"], one["state"]) for one in body["pbxs"]] == [("north", "connected"), ("south", "down")]
    assert body["pbx"] == {"state": "down", "since": body["pbxs"][1]["since"]}
    two.pbxes["south"].up_again()
    back = await stream.until(lambda kind, data: kind == "pbx.state" and data["state"] == "connected")
    assert back["id"] == "south"


async def test_a_phone_is_at_a_pbx_that_there_is(two: Two) -> None:
    admin = await two.client("admin")
    new = {"username": "new", "name": "New", "role": "agent", "password": "secret-new-one", "device": "PJSIP/401"}
    problem = is_problem(await admin.post("/users", {**new, "pbx": "west"}), 422, "invalid")
    assert problem["errors"][0]["field"] == "pbx"
    status, made = await admin.post("/users", {**new, "pbx": "south"})
    assert (status, made["pbx"]) == (201, "south")
    path = f"/users/{made['id']}"
    is_problem(await admin.patch(path, {"pbx": "west"}), 422, "invalid")
    assert (await admin.patch(path, {"pbx": "north"}))[1]["pbx"] == "north"
    assert (await admin.patch(path, {"name": "Newer"}))[1]["pbx"] == "north"
    assert (await admin.patch(path, {"pbx": None}))[1]["pbx"] is None
    entries = (await admin.get("/audit?action=user.changed"))[1]["entries"]
    assert [entry["reason"] for entry in entries] == ["pbx: north → none", "name: New → Newer", "pbx: south → north"]


async def test_where_there_is_one_pbx_a_phone_is_at_none_in_particular(tmp_path: Path) -> None:
    site = Site(await Store.open(f"sqlite+aiosqlite:///{tmp_path}/test.sqlite", clock=real))
    runner = await site.start()
    try:
        admin = await site.client("admin")
        assert (await admin.patch(f"/users/{admin.user['id']}", {"pbx": "lab"}))[1]["pbx"] is None
        is_problem(await admin.patch(f"/users/{admin.user['id']}", {"pbx": "other"}), 422, "invalid")
        assert [one["id"] for one in (await admin.get("/calls"))[1]["pbxs"]] == ["lab"]
    finally:
        await site.close(runner)


async def test_the_version_before_reads_and_writes_on(tmp_path: Path) -> None:
    """It names the columns that it knows: the new ones are empty then, and what is read has them so."""
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/test.sqlite", clock=real)
    try:
        known = "id, username, username_key, name, role, can_monitor, modes, active, password_hash"
        async with store.database.work() as session:
            await session.execute(
                text(f"INSERT INTO users ({known}) VALUES ('1', 'a', 'a', 'A', 'agent', false, 'silent', true, 'x')")  # noqa: S608
            )
        assert [user.pbx for user in await store.people.all()] == [None]
    finally:
        await store.close()


def test_an_endpoint_of_the_same_name_elsewhere_is_somebody_elses() -> None:
    there = replace(MONA, pbx="south")
    directory = Directory.of([ADMIN, SAM, there])
    assert directory.at("south").owner("pjsip/302") == there
    assert directory.at("north").owner("pjsip/302") is None
    assert directory.at("north").owner("PJSIP/101") == SAM
    assert directory.owner("PJSIP/302") == there, "who is barred counts wherever it may be they"
    assert Directory.of([SAM]).at("north").by_endpoint.keys() == {"pjsip/101"}


async def test_nobody_acts_by_a_phone_of_the_same_name_at_another_pbx(two: Two) -> None:
    """Mona's desk phone is PJSIP/302 at north; whoever has PJSIP/302 at south is not Mona."""
    admin = await two.client("admin")
    mona = next(user for user in (await admin.get("/users"))[1]["users"] if user["username"] == "mona")
    assert (await admin.patch(f"/users/{mona['id']}", {"pbx": "north"}))[0] == 200
    two.calls_at("south", "201", "101")
    for name in ("south", "north"):
        pbx = two.pbxes[name]
        node = next(node for node in two.service.nodes if node.id == name)
        assert isinstance(node.star_codes, StarCodes)
        leg = pbx.scene.channel("302", dials="*55101")
        pbx.run()
        from adapter.core.legs import HandedCall

        await node.star_codes.handle(HandedCall(leg, "PJSIP/302", ("silent", "101"), "*55101"))
    await settle()
    assert two.pbxes["south"].told[0][1] == "forbidden"
    assert two.pbxes["north"].told[0][1] == "failed", "known there, but no trunk leads to the call's PBX"


async def test_a_call_names_only_people_whose_phones_are_there(two: Two) -> None:
    admin = await two.client("admin")
    sam = next(user for user in (await admin.get("/users"))[1]["users"] if user["username"] == "sam")
    assert (await admin.patch(f"/users/{sam['id']}", {"pbx": "north"}))[0] == 200
    two.calls_at("north", "201", "101")
    two.calls_at("south", "202", "101")
    shown = {call["pbx"]: call["agent"] for call in await admin.calls()}
    assert shown["north"]["name"] == "Sam"
    assert (shown["south"]["user_id"], shown["south"]["name"]) == (None, "101")


def test_accounts_from_a_file() -> None:
    rows = read("username,pbx\nsam,south\nana,\n")
    assert [row.pbx for row in with_known_pbxes(rows, ["north", "south"])] == ["south", None]
    with pytest.raises(Invalid, match=r"sam: .*no such PBX; known are north, west"):
        with_known_pbxes(rows, ["north", "west"])
    assert [row.pbx for row in with_known_pbxes(rows, ["south"])] == [None, None]


def test_accounts_on_the_command_line(tmp_path: Path) -> None:
    from adapter.cli.main import cli

    conf = tmp_path / "config.toml"
    pbx = '[[pbx]]\nid = "{}"\nami = {{ secret = "xyz" }}\nari = {{ secret = "xyz" }}\n'
    conf.write_text(
        f'[database]\nurl = "sqlite+aiosqlite:///{tmp_path}/a.sqlite"\n' + pbx.format("n") + pbx.format("s")
    )
    conf.chmod(0o600)

    def call(*words: str) -> tuple[int, str]:
        given = "a-good-password\n" if "--password-stdin" in words else None
        done = CliRunner().invoke(cli, [*words, "--config", str(conf)], input=given)
        return done.exit_code, f"{done.output} {done.exception}"

    add = ("user", "add", "sam", "--device", "PJSIP/101", "--password-stdin", "--pbx")
    assert "no such PBX; known are n, s" in call(*add, "west")[1]
    assert call(*add, "s")[0] == 0
    assert "PJSIP/101 at s" in call("user", "list")[1]


def test_two_entries_that_are_one_asterisk_are_told() -> None:
    given = settings(pbx=BOTH)
    assert [mistake.what for mistake in same_twice(given)] == [
        "the PBXes north and south are the same Asterisk: both have their AMI at 127.0.0.1:5038.",
        "the PBXes north and south are the same Asterisk: both have their ARI at http://127.0.0.1:8088/ari.",
    ]
    assert list(same_twice(settings())) == []


def test_the_doctor_looks_at_what_several_have_to_do_with_each_other() -> None:
    pbxes = settings(pbx=BOTH).pbx
    people = [replace(MONA, pbx="north"), replace(SAM, pbx="gone"), ADMIN]
    found = check_phones(pbxes, people)
    assert [(one.verdict, one.name) for one in found] == [
        (Verdict.WRONG, "phones of several PBXes"),
        (Verdict.WARNING, "reach"),
        (Verdict.WARNING, "trunks"),
        (Verdict.WARNING, "trunks"),
    ]
    assert found[1].remedy is not None
    assert found[1].remedy.lines == ('reach = { north = "PJSIP/{extension}@to-north" }',)
    reached = [{**BOTH[0], "trunks": ["PJSIP/x"]}, {**BOTH[1], "reach": {"north": "PJSIP/{extension}@to-north"}}]
    both = settings(pbx=reached).pbx
    assert [one.verdict for one in check_phones(both, people[:1])] == [Verdict.OK]
    assert both[-1].trunk_patterns == ["PJSIP/to-north"]
    assert isinstance(both[-1], config.Pbx)
