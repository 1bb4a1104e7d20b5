"""Accounts from a CSV: what would be done is said first, and a line that is wrong changes nothing."""

import pytest

from adapter.cli.csv_import import carry_out, plan, read
from adapter.core.modes import Mode
from adapter.errors import Invalid
from adapter.store import Store
from tests.fake.scene import PEOPLE, SAM
from tests.support.clock import real

HEADER = "username,name,role,extension,device,can_monitor,modes,password\n"


def test_what_would_be_done_is_said() -> None:
    lines = [
        "sam,Samuel,agent,101,,yes,whisper,",
        "new,New One,,109,PJSIP/109,no,,long enough",
        "ana,Ana,agent,102,PJSIP/102,,,",
    ]
    said = [str(item) for item in plan(read(HEADER + "\n".join(lines)), PEOPLE)]
    assert said[0].startswith("change  sam: ")
    for part in ("name Sam -> Samuel", "device PJSIP/101 -> -", "can_monitor no -> yes", "modes"):
        assert part in said[0]
    assert said[1:] == ["add     new", "same    ana"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it has no lines"),
        ("name\nX\n", "line 1: the column 'username' is missing"),
        ("username,extension,extension\nx,101,102\n", "line 1: the column 'extension' is there twice"),
        ("username, name,name ,name\nx,a,b,c\n", "line 1: the column 'name' is there 3 times"),
        ("username,devise\nx,y\n", "line 1: there is no column 'devise'; did you mean 'device'"),
        ("username,devices\nx,y\n", "line 1: there is no column 'devices'; did you mean 'device'"),
        ("username,name,\nx,y,\n", "line 1: there is no column ''; known are username, "),
        ("username,name\nx,y,z\n", "line 2: it has more fields than there are columns"),
        (HEADER + "a b,X,,,,,,\n", "line 2: username"),
        (HEADER + "x,X,king,,,,,\n", "line 2: role"),
        (HEADER + "x,X,,,301,,,\n", "line 2: device"),
        (HEADER + "x,X,,,,,shout,\n", "line 2: modes"),
        ("username,colour\nx,red\n", "line 1: there is no column 'colour'"),
        (HEADER + "x,X,,7,,,,long enough\nX,Y,,8,,,,long enough\n", "username X occurs twice"),
        (HEADER + "x,X,,7,,,,long enough\ny,Y,,7,,,,long enough\n", "extension 7 occurs twice"),
        (HEADER + "x,X,,,,,,\n", "needs name and password"),
        (HEADER + "x,X,,101,,,,long enough\n", "extension 101 belongs to sam"),
    ],
)
def test_what_is_wrong_is_said(text: str, told: str) -> None:
    with pytest.raises(Invalid, match=told) as caught:
        plan(read(text), PEOPLE)
    assert caught.value.detail.startswith("Nothing was changed")


async def test_it_is_done(database_url: str) -> None:
    store = await Store.open(database_url, clock=real)
    first = HEADER + "boss,Boss,administrator,,,,,long enough\nsam,Sam,,101,PJSIP/101,yes,whisper,long enough\n"
    await carry_out(plan(read(first), []), store.people)
    sam = await store.people.by_username("sam")
    assert sam
    assert sam.granted == {Mode.SILENT, Mode.WHISPER}
    assert sam.device == SAM.device
    again = plan(read("username,can_monitor,extension\nsam,no,\n"), await store.people.all())
    await carry_out(again, store.people)
    changed = await store.people.by_username("sam")
    assert changed
    assert (changed.can_monitor, changed.extension, changed.device) == (False, None, "PJSIP/101")
    assert await store.people.check_password("sam", "long enough")
    await store.close()
