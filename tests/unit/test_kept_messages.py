"""Messages during a talk that are kept: what is answered is stored, what is stored was sent, and who reads it later."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from adapter.core.audit import By, Via
from adapter.core.messages import CoachMessage
from adapter.core.people import Role
from adapter.errors import StoreRefused, StoreUnavailable
from adapter.health.retention import Keep, Retention
from adapter.monitoring import coachmessages
from adapter.monitoring.recordports import MessageLog
from adapter.store import Store
from adapter.store.coaching_tables import CoachMessageRow
from adapter.store.people import NewUser
from tests.fake.pbx import settle
from tests.support.clock import FakeClock, real
from tests.support.site import Site, is_problem
from tests.support.waiting import until
from tests.unit.test_messages import Talk, everything_stored, message
from tests.unit.test_notes import over

DAY = timedelta(days=1)
BY = By("admin", Via.SESSION)


@pytest.fixture
async def keeping(database_url: str) -> AsyncIterator[Site]:
    """An adapter that keeps messages for 30 days."""
    clock = FakeClock(real())
    store = await Store.open(database_url, clock=clock.now, passing=clock.passing)
    site = Site(store, time=clock, coaching={"message_keep_days": 30, "shield_answer_seconds": 0.4})
    runner = await site.start()
    yield site
    await site.close(runner)


async def stored(store: Store) -> list[str]:
    """The texts of all rows, in their order."""
    async with store.database.read() as session:
        rows = await session.scalars(
            select(CoachMessageRow.text).order_by(CoachMessageRow.monitor_id, CoachMessageRow.number)
        )
        return list(rows)


class Log:
    """The real log, where a test holds or breaks it. `on_keep`: is awaited after each write."""

    def __init__(self, log: MessageLog) -> None:
        self._log = log
        self.before: Callable[[], Awaitable[None]] | None = None
        self.on_keep: Callable[[], Awaitable[None]] | None = None
        self.broken: StoreUnavailable | None = None
        self.stays: StoreUnavailable | None = None
        """Why nothing can be taken back now."""

    async def keep(self, message: CoachMessage, conversation_id: str, agent: str) -> CoachMessage:
        if self.broken is not None:
            raise self.broken
        if self.before is not None:
            await self.before()
        kept = await self._log.keep(message, conversation_id, agent)
        if self.on_keep is not None:
            await self.on_keep()
        return kept

    async def take_back(self, message: CoachMessage) -> None:
        if self.stays is not None:
            raise self.stays
        await self._log.take_back(message)


def log_of(site: Site) -> Log:
    """What stands before the real log from now on."""
    (node,) = site.service.nodes
    kept = node.coach_messages._kept
    assert kept is not None
    log = node.coach_messages._kept = Log(kept)
    return log


async def ended(talk: Talk) -> str:
    """The monitor is over. Returns the path of its messages."""
    assert (await talk.mona.delete(f"/monitors/{talk.monitor['id']}"))[0] == 204
    await talk.site.recorder.settled()
    return f"/monitors/{talk.monitor['id']}/messages"


async def texts(answer: Awaitable[tuple[int, dict[str, Any]]]) -> list[str]:
    status, body = await answer
    assert status == 200, body
    return [one["text"] for one in body["messages"]]


# --- stored


async def test_without_the_setting_nothing_is_stored(site: Site) -> None:
    talk = await Talk(site).begin()
    snapshot = (await talk.sam.events()).events[0][2]
    assert snapshot["message_keep_days"] == 0
    await talk.whisper()
    assert (await talk.to_sam("One"))[0] == (await talk.to_mona("Two"))[0] == 201
    mine = await ended(talk)
    assert await stored(site.store) == []
    assert (await talk.mona.get(mine))[1] == {"messages": []}
    admin = await site.client("admin")
    assert (await admin.get(mine))[1] == {"messages": []}


async def test_what_was_answered_is_stored_and_everybody_knew_before(keeping: Site) -> None:
    talk = await Talk(keeping).begin()
    for client in (talk.sam, talk.mona):
        assert (await client.events()).events[0][2]["message_keep_days"] == 30
    is_problem(await talk.to_sam("In silence"), 409, "not_talking")
    is_problem(await talk.to_mona("To nobody"), 409, "not_talking")
    assert await stored(keeping.store) == []
    id_of_talk = await talk.whisper()
    key = {"headers": {"Idempotency-Key": "one"}}
    first = await talk.to_sam("One", **key)
    assert first[0] == 201
    assert await stored(keeping.store) == ["One"]
    assert await talk.to_sam("One", **key) == first
    assert (await talk.to_mona("Two\n☎", monitor_id=id_of_talk))[0] == 201
    assert (await talk.to_sam("Three"))[0] == 201
    assert await stored(keeping.store) == ["One", "Two\n☎", "Three"]
    async with keeping.store.database.read() as session:
        row = (await session.scalars(select(CoachMessageRow).where(CoachMessageRow.number == 2))).one()
        (monitor,) = keeping.board.monitors()
        assert (row.monitor_id, row.call_id, row.conversation_id) == (monitor.id, talk.call, monitor.conversation_id)
        assert (row.talk, row.sender, row.author_name, row.agent) == (id_of_talk, "agent", "Sam", "sam")
        assert row.agent_id == row.author_id == talk.sam.user["id"]
        assert row.at == keeping.now
    for word in (b"One", b"Three"):
        assert word not in await everything_stored(keeping)


async def test_many_at_once_are_stored_in_the_order_in_which_they_are_seen(keeping: Site) -> None:
    talk = await Talk(keeping).begin()
    await talk.whisper()
    answers = await asyncio.gather(
        *(talk.to_sam(f"m{number}") for number in range(6)), *(talk.to_mona(f"s{number}") for number in range(6))
    )
    assert {status for status, _ in answers} == {201}
    assert await stored(keeping.store) == [one.text for one in keeping.board.messages]
    assert len(await stored(keeping.store)) == 12


async def test_the_same_sent_twice_at_once_is_one(keeping: Site) -> None:
    talk = await Talk(keeping).begin()
    await talk.whisper()
    key = {"headers": {"Idempotency-Key": "one"}}
    first, second = await asyncio.gather(talk.to_sam("One", **key), talk.to_sam("One", **key))
    assert first == second
    assert first[0] == 201
    assert await stored(keeping.store) == ["One"]


async def test_what_can_t_be_stored_is_not_sent(keeping: Site) -> None:
    talk = await Talk(keeping).begin()
    await talk.whisper()
    log = log_of(keeping)
    stream = await talk.sam.events()
    log.broken = StoreRefused("never")
    is_problem(await talk.to_sam("One"), 503, "record_unavailable")
    is_problem(await talk.to_mona("Two"), 503, "record_unavailable")
    await settle()
    assert list(keeping.board.messages) == []
    assert not any(kind == "message.sent" for _, kind, _ in stream.events)
    log.broken = None
    assert (await talk.to_sam("Three"))[0] == 201
    assert await stored(keeping.store) == ["Three"]


async def test_one_that_may_be_stored_is_taken_back(keeping: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit was not heard of: it is there, was not sent, and goes; the same key waits until that is sure."""
    monkeypatch.setattr(coachmessages, "SURE", 0.0)
    monkeypatch.setattr(coachmessages, "AGAIN", 0.01)
    talk = await Talk(keeping).begin()
    await talk.whisper()
    log, key = log_of(keeping), {"headers": {"Idempotency-Key": "one"}}

    async def unheard() -> None:
        raise StoreUnavailable("no answer")

    log.on_keep, log.stays = unheard, StoreUnavailable("still away")
    is_problem(await talk.to_sam("One", **key), 503, "record_unavailable")
    log.on_keep = None
    assert await stored(keeping.store) == ["One"]
    is_problem(await talk.to_sam("One", **key), 503, "record_unavailable")
    assert list(keeping.board.messages) == []
    log.stays = None
    (node,) = keeping.service.nodes
    await until(lambda: not node.coach_messages._unsent, "it was not taken back")
    assert await stored(keeping.store) == []
    assert (await talk.to_sam("One", **key))[0] == 201
    assert await stored(keeping.store) == ["One"]


async def test_a_database_that_hangs_is_not_waited_for(keeping: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coachmessages, "PATIENCE", 0.2)
    monkeypatch.setattr(coachmessages, "SURE", 0.0)
    talk = await Talk(keeping).begin()
    await talk.whisper()
    log, never = log_of(keeping), asyncio.Event()

    async def hang() -> None:
        await never.wait()

    log.on_keep = hang
    answers = await asyncio.gather(talk.to_sam("One"), talk.to_mona("Two"))
    for answer in answers:
        is_problem(answer, 503, "record_unavailable")
    log.on_keep = None
    (node,) = keeping.service.nodes
    await until(lambda: not node.coach_messages._unsent, "it was not taken back")
    assert await stored(keeping.store) == []
    assert list(keeping.board.messages) == []
    assert (await talk.to_sam("Three"))[0] == 201


@pytest.mark.parametrize("then", ["silent", "another talk", "over", "paused"])
async def test_a_talk_that_ends_while_it_is_written_has_nothing_of_it(keeping: Site, then: str) -> None:
    """It is neither shown, nor kept; the agent's answer is that of always."""
    talk = await Talk(keeping).begin()
    refused = await talk.to_mona()
    await talk.whisper()
    log, written, go = log_of(keeping), asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        written.set()
        await go.wait()

    log.on_keep = wait
    stream = await talk.sam.events()
    to_sam = asyncio.ensure_future(talk.to_sam("One"))
    await written.wait()
    if then == "over":
        assert (await talk.mona.delete(f"/monitors/{talk.monitor['id']}"))[0] == 204
    elif then == "paused":
        assert (await talk.sam.post(f"/calls/{talk.call}/shield", {}))[0] == 200
    else:
        await talk.silent()
        if then == "another talk":
            await talk.whisper()
    go.set()
    code = {"over": "call_ended", "paused": "shielded"}.get(then, "not_talking")
    is_problem(await to_sam, 409, code)
    (node,) = keeping.service.nodes
    await until(lambda: not node.coach_messages._unsent, "it was not taken back")
    assert await stored(keeping.store) == []
    assert list(keeping.board.messages) == []
    await settle()
    assert not any(kind == "message.sent" for _, kind, _ in stream.events)
    if then == "silent":
        assert await talk.to_mona() == refused


async def test_the_agent_s_answer_to_a_talk_that_ends_meanwhile(keeping: Site) -> None:
    talk = await Talk(keeping).begin()
    refused = await talk.to_mona()
    await talk.whisper()
    log, written, go = log_of(keeping), asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        written.set()
        await go.wait()

    log.on_keep = wait
    to_mona = asyncio.ensure_future(talk.to_mona("One"))
    await written.wait()
    await talk.silent()
    go.set()
    assert await to_mona == refused
    (node,) = keeping.service.nodes
    await until(lambda: not node.coach_messages._unsent, "it was not taken back")
    assert await stored(keeping.store) == []


async def test_a_stop_takes_back_what_was_not_sent(keeping: Site) -> None:
    talk = await Talk(keeping).begin()
    await talk.whisper()
    log = log_of(keeping)

    async def unheard() -> None:
        raise StoreUnavailable("no answer")

    log.on_keep = unheard
    is_problem(await talk.to_sam("One"), 503, "record_unavailable")
    assert await stored(keeping.store) == ["One"]
    (node,) = keeping.service.nodes
    await node.coach_messages.close()
    assert await stored(keeping.store) == []


async def test_what_an_owner_before_us_has_sent_is_not_sent_anew(keeping: Site) -> None:
    """After a handover the memory is empty; by the key it is the same message, with its own time."""
    talk = await Talk(keeping).begin()
    await talk.whisper()
    key = {"headers": {"Idempotency-Key": "one"}}
    first = await talk.to_sam("One", **key)
    keeping.board.messages.forget(talk.monitor["id"])
    keeping.now += timedelta(seconds=90)
    assert await talk.to_sam("One", **key) == first
    keeping.board.messages.forget(talk.monitor["id"])
    is_problem(await talk.to_sam("Two", **key), 422, "invalid")
    assert await stored(keeping.store) == ["One"]


async def test_in_a_later_talk_it_is_shown_in_that_one(keeping: Site) -> None:
    """Whether the owner before us has shown it to the agent is not known: who sends it again wants it read."""
    talk = await Talk(keeping).begin()
    await talk.whisper()
    key = {"headers": {"Idempotency-Key": "one"}}
    first = await talk.to_sam("One", **key)
    keeping.board.messages.forget(talk.monitor["id"])
    await talk.silent()
    is_problem(await talk.to_sam("One", **key), 409, "not_talking")
    await talk.whisper()
    stream = await talk.sam.events()
    assert await talk.to_sam("One", **key) == first
    told = await stream.until(lambda kind, _: kind == "message.sent")
    assert (told["text"], told["id"]) == ("One", first[1]["id"])
    assert await texts(talk.sam.get(f"/calls/{talk.call}/messages")) == ["One"]
    assert await stored(keeping.store) == ["One"]


async def test_of_a_monitor_that_ends_meanwhile_nothing_stays_in_memory(keeping: Site) -> None:
    talk = await Talk(keeping).begin()
    await talk.whisper()
    key = {"headers": {"Idempotency-Key": "one"}}
    first = await talk.to_sam("One", **key)
    keeping.board.messages.forget(talk.monitor["id"])
    log, written, go = log_of(keeping), asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        written.set()
        await go.wait()

    log.on_keep = wait
    again = asyncio.ensure_future(talk.to_sam("One", **key))
    await written.wait()
    await ended(talk)
    go.set()
    assert await again == first
    assert not list(keeping.board.messages.monitors())


# --- read afterwards


async def test_who_reads_them_afterwards(keeping: Site) -> None:
    talk = await Talk(keeping).begin()
    clients = {name: await keeping.client(name) for name in ("admin", "coach", "ana")}
    first = await talk.whisper()
    sent = [(await talk.to_sam("One"))[1], (await talk.to_mona("Two"))[1] | {"monitor_id": talk.monitor["id"]}]
    mine = f"/monitors/{talk.monitor['id']}/messages"
    is_problem(await clients["admin"].get(mine), 403, "forbidden")
    await ended(talk)
    for while_it_goes_on in (True, False):
        assert (await talk.mona.get(mine)) == (200, {"messages": sent})
        assert (await clients["admin"].get(mine)) == (200, {"messages": sent})
        is_problem(await clients["coach"].get(mine), 403, "forbidden")
        is_problem(await clients["ana"].get(mine), 404, "not_found")
        for url in (mine, f"/monitors/{first}/messages"):
            is_problem(await talk.sam.get(url), 404, "not_found")
        if while_it_goes_on:
            await over(keeping)
            await keeping.recorder.settled()
    service = await clients["admin"].post("/tokens", {"name": "crm", "may_act_for": ["mona"]})
    program = await keeping.client()
    program.http.headers["Authorization"] = f"Bearer {service[1]['token']}"
    assert (await program.get(mine))[0] in (403, 404)
    reader = await clients["admin"].post("/tokens", {"name": "reads", "user": "admin", "scopes": ["monitor"]})
    program.http.headers["Authorization"] = f"Bearer {reader[1]['token']}"
    is_problem(await program.get(mine), 403, "forbidden")
    entries = (await clients["admin"].get("/audit?limit=1000"))[1]["entries"]
    assert not any("message" in one["action"] for one in entries)


async def test_who_is_in_the_conversation_reads_none_before_it_is_over(keeping: Site) -> None:
    """The administrator is the customer: that anybody listened at all is not theirs to see while they talk."""
    keeping.talk("301")
    sam, mona, admin = [await keeping.client(name) for name in ("sam", "mona", "admin")]
    call = await keeping.call_id(sam)
    monitor = await mona.monitor({"id": call}, "whisper")
    mine = f"/monitors/{monitor['id']}/messages"
    assert (await mona.post(mine, {"text": "A refund"}))[0] == 201
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    await keeping.recorder.settled()
    missing = await admin.get(mine)
    is_problem(missing, 404, "not_found")
    strange = await admin.get(f"/monitors/{'0' * 32}/messages")
    assert missing == strange, "as if there were none"
    assert (await admin.get("/coaching/agents/sam"))[1]["messages"] == []
    assert (await admin.delete("/coaching/agents/sam"))[0] == 204
    assert await texts(mona.get(mine)) == ["A refund"]
    await over(keeping)
    await keeping.recorder.settled()
    assert await texts(admin.get(mine)) == ["A refund"]


async def test_an_administrator_reads_nothing_of_themselves(keeping: Site) -> None:
    admin, mona = await keeping.client("admin"), await keeping.client("mona")
    await admin.patch(f"/users/{admin.user['id']}", {"device": "PJSIP/104", "extension": "104"})
    keeping.talk("201", "104")
    (call,) = await mona.calls()
    monitor = await mona.monitor(call, "whisper")
    mine = f"/monitors/{monitor['id']}/messages"
    assert (await mona.post(mine, {"text": "To the administrator"}))[0] == 201
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    await over(keeping)
    await keeping.recorder.settled()
    is_problem(await admin.get(mine), 403, "forbidden")
    assert await texts(mona.get(mine)) == ["To the administrator"]


# --- given out, deleted, swept


async def test_they_are_given_out_and_deleted_with_the_rest(keeping: Site) -> None:
    talk = await Talk(keeping).begin()
    first = await talk.whisper()
    await talk.to_sam("One")
    await talk.silent()
    second = await talk.whisper()
    await talk.to_mona("Two")
    mine, admin, at = await ended(talk), await keeping.client("admin"), "/coaching/agents/sam"
    assert (await admin.get(at))[1]["messages"] == [], "the conversation goes on"
    assert (await admin.delete(at))[0] == 204
    assert await stored(keeping.store) == ["One", "Two"]
    await over(keeping)
    await keeping.recorder.settled()
    found = (await admin.get(at))[1]["messages"]
    assert [(one["text"], one["from"], one["monitor_id"]) for one in found] == [
        ("One", "supervisor", first),
        ("Two", "agent", second),
    ]
    assert talk.monitor["id"] not in str(found), "it would tell that she listened between two talks"
    assert (await admin.get("/coaching/agents/mona"))[1]["messages"] == []
    assert (await admin.delete(at))[0] == 204
    assert await stored(keeping.store) == []
    assert await texts(talk.mona.get(mine)) == []
    entries = str((await admin.get("/audit?limit=1000"))[1])
    assert "coaching.exported" in entries
    assert "One" not in entries


async def test_of_an_account_that_is_gone_the_name_counts(store: Store) -> None:
    """As with notes; and who has the name now is another."""
    await store.coach_messages.keep(message(1), "k", "gone")
    assert [one.text for one in (await store.agent_data.export("Gone", BY)).messages] == ["1"]
    await store.people.create(NewUser(username="gone", name="New", role=Role.AGENT, password="secret-of-new"))
    assert (await store.agent_data.export("gone", BY)).messages == []
    await store.agent_data.delete("gone", BY)
    assert await stored(store) == ["1"]


def kept_message(number: int, at: Any) -> CoachMessage:
    return replace(message(number), id=f"{number:032x}", at=at)


async def count(store: Store) -> int:
    async with store.database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(CoachMessageRow)) or 0)


async def test_they_go_after_their_days_in_steps(store: Store) -> None:
    """At most a tenth, or a hundred, at once; the newest message says how late it is as much as the clock does."""
    now = real()
    for number in range(250):
        await store.coach_messages.keep(kept_message(number, now - 31 * DAY + timedelta(seconds=number)), "k", "sam")
    await store.coach_messages.keep(kept_message(999, now), "k", "sam")
    assert await store.coach_messages.sweep(30 * DAY, 0.1, now - 2 * DAY, now) == 0, "one clock says it is early"
    left = []
    for _ in range(4):
        await store.coach_messages.sweep(30 * DAY, 0.1, now, now)
        left.append(await count(store))
    assert left == [151, 51, 1, 1]
    assert [one.text for one in await store.coach_messages.of("m")] == ["999"]
    assert await store.coach_messages.sweep(30 * DAY, 0.1, now + 400 * DAY) == 0, "it is the newest"


@pytest.mark.parametrize(("days", "left"), [(30, 1), (0, 0)])
async def test_the_retention_looks_after_them(keeping: Site, days: int, left: int) -> None:
    """Where they are not kept any more, what is left of before goes too."""
    store = keeping.store
    await store.coach_messages.keep(kept_message(1, keeping.now), "k", "sam")
    retention = Retention(store, Keep(None, 0.1, 30 * DAY, None, timedelta(days=days)))
    await retention.look()
    assert await count(store) == 1, "not within an hour of the start"
    keeping.now += timedelta(hours=2)
    await retention.look()
    assert await count(store) == left


async def test_the_configuration_says_for_how_long(keeping: Site) -> None:
    """What the configuration says is what everybody is told, and what the retention goes by."""
    assert keeping.service.retention._keep.messages == 30 * DAY
    assert keeping.service.boards.message_days == 30


async def test_of_one_monitor_the_newest_are_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.store.coachmessages.MOST", 3)
    for number in range(5):
        await store.coach_messages.keep(kept_message(number, real()), "k", "sam")
    assert [one.text for one in await store.coach_messages.of("m")] == ["2", "3", "4"]
    assert await store.coach_messages.of("another") == []


async def test_it_stays_as_it_was_kept_first(store: Store) -> None:
    first = kept_message(1, real())
    assert await store.coach_messages.keep(first, "k", "sam") is first
    again = await store.coach_messages.keep(replace(first, text="another"), "k", "sam")
    assert again == first
    await store.coach_messages.take_back(first)
    await store.coach_messages.take_back(first)
    assert await count(store) == 0
