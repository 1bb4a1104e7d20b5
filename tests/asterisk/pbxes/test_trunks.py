"""The lab of several PBXes: what each has, and who reaches whom over the trunks."""

from tests.support.lab import assert_hears
from tests.support.pbxes import Several, listen


async def test_a_clean_start_says_nothing_bad(pair: Several) -> None:
    for pbx in pair.pbxes:
        lines = pbx.first_log.splitlines()
        assert lines
        assert [line for line in lines if " ERROR" in line or " WARNING" in line] == []


async def test_phones_of_both_talk_over_the_trunk(pair: Several) -> None:
    a, b = await pair.talk("101", "121")
    assert_hears(await listen(a, b), p101={"121"}, p121={"101"})
    admin = await pair.client("admin")
    here, there = await admin.call("101"), await admin.call("121")
    assert (here["pbx"], there["pbx"]) == ("pbx0", "pbx1")
    assert (here["customer"]["number"], there["customer"]["number"]) == ("121", "101")


async def test_star_codes_do_not_come_from_trunks(pair: Several) -> None:
    await pair.talk("201", "101")
    stranger = await pair.phone("122")
    for code in ("*55101", "*57101", "silent", "over"):
        mark = stranger.mark()
        await pair.pbxes[1].cli(f"channel originate PJSIP/{code}@to-pbx0 application Wait 2")
        await stranger.dial(code)
        await stranger.seen("CALL_CLOSED", mark)
    assert "ChanSpy" not in await pair.pbxes[0].cli("core show channels concise")
