"""Coming to help while one follows, at a real Asterisk: the same leg, by sound, and back to whom one follows."""

from tests.asterisk.coaching.test_follow import call, follow, hung_up, until
from tests.support.lab import Lab, assert_hears, listen


async def test_the_leg_comes_to_help_and_goes_back(lab: Lab) -> None:
    phone = await lab.phone("302")
    await lab.phones("201", "202", "101", "102")
    mona, ana = await lab.client("mona"), await lab.client("ana")
    running = await follow(mona, "101")
    first, sam = await call(lab, "201", "101")
    await until(mona, running, "listening")
    second, other = await call(lab, "202", "102")
    await ana.call("102")
    rang = phone.rang()
    status, request = await ana.post("/help", {"note": "please"})
    assert status == 201, request
    status, came = await mona.post(f"/help/{request['id']}/take", {"mode": "whisper"})
    assert (status, came.get("mode"), came.get("state")) == (201, "whisper", "live"), came
    heard = await listen(first, sam, second, other, phone)
    assert_hears(heard, p201={"101"}, p101={"201"}, p202={"102"}, p102={"202", "302"}, p302={"202", "102"})
    assert phone.rang() == rang, "nothing rings again"
    await hung_up(second)
    assert (await mona.until_ended(came))["ended_reason"] == "call_ended"
    back = await until(mona, running, "listening")
    assert back["monitor_id"] not in (None, came["id"])
    await mona.until(back["monitor_id"], "live")
    assert_hears(await listen(first, sam, phone), p201={"101"}, p101={"201"}, p302={"201", "101"})
    assert (await mona.delete(f"/follows/{running['id']}"))[0] == 204
