"""Words in the database that a newer version of the adapter wrote beside this one."""

from sqlalchemy import text

from adapter.core.monitor import EndReason
from adapter.store.columns import reason_of
from tests.support.programs import program
from tests.support.site import Site, is_problem


async def test_a_right_that_is_not_known_gives_nothing_and_stops_nothing(site: Site) -> None:
    site.talk()
    crm, _ = await program(site, may_act_for=["mona"], scopes=["shield"])
    call_id = (await (await site.client("mona")).call("101"))["id"]
    async with site.store.database.work() as session:
        await session.execute(text("UPDATE tokens SET scopes = 'administer_everything,' || scopes"))
    is_problem(await crm.post("/monitors", {"call_id": call_id, "supervisor": "mona"}), 403, "forbidden")
    assert (await crm.post(f"/calls/{call_id}/shield", {}))[0] == 200, "the right that is known holds"
    admin = await site.client("admin")
    status, tokens = await admin.get("/tokens")
    assert (status, tokens["tokens"][0]["scopes"]) == (200, ["shield"])


def test_why_something_ended_is_an_error_where_the_word_is_not_known() -> None:
    assert reason_of("call_ended") is EndReason.CALL_ENDED
    assert reason_of("swallowed_by_a_whale") is EndReason.ERROR
    assert reason_of(None) is None
