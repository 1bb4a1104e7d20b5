"""Messages between a supervisor and the agent whom they talk to: who may write, who sees them, and when no more."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapter.core.call import Call
from adapter.core.follow import FollowState
from adapter.core.messages import MOST, CoachMessage, Messages, Sender, message_id, seen_messages
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor, MonitorState, Supervisor
from adapter.core.people import User
from adapter.monitoring import coachmessages
from tests.fake.pbx import settle
from tests.fake.scene import ADMIN, ANA, COACH, MONA, SAM, START, Scene
from tests.support.client import Client, Stream
from tests.support.site import Site, is_problem
from tests.support.waiting import until
from tests.unit.test_views import new_board

PEOPLE = (ADMIN, SAM, ANA, MONA, COACH)


# --- the rule


def call_of(agent: User) -> Call:
    """A call of this agent's that is up."""
    scene, board = Scene(), new_board()
    scene.answered_call()
    board.apply(scene.take())
    (call,) = board.calls()
    return replace(call, id="c", agent=replace(call.agent, user_id=agent.id))


def monitor_of(mode: Mode, talk: str, state: MonitorState = MonitorState.LIVE) -> Monitor:
    return Monitor(
        id="m",
        pbx="lab",
        call_id="c",
        conversation_id="k",
        target="t",
        leg="l",
        supervisor=Supervisor(MONA.id, MONA.name, MONA.username),
        device="PJSIP/302",
        keypad=True,
        mode=mode,
        state=state,
        started_at=START,
        talk=talk,
    )


def message(number: int, talk: str = "t1", agent: str = SAM.id, monitor: str = "m") -> CoachMessage:
    return CoachMessage(
        id=f"{monitor}-{number}",
        pbx="lab",
        monitor_id=monitor,
        call_id="c",
        talk=talk,
        agent_id=agent,
        at=START + timedelta(seconds=number),
        sender=Sender.SUPERVISOR,
        author_id=MONA.id,
        author_name=MONA.name,
        text=str(number),
    )


talks = st.sampled_from(["t1", "t2", "t3"])


@given(
    mode=st.sampled_from(Mode),
    state=st.sampled_from(MonitorState),
    now=talks,
    sent=st.lists(st.tuples(talks, st.sampled_from([SAM.id, ANA.id])), max_size=8),
    viewer=st.sampled_from(PEOPLE),
    agent=st.sampled_from([SAM, ANA]),
    active=st.booleans(),
    in_hand=st.booleans(),
    there=st.booleans(),
)
def test_who_sees_what(
    mode: Mode,
    state: MonitorState,
    now: str,
    sent: list[tuple[str, str]],
    viewer: Any,
    agent: Any,
    active: bool,
    in_hand: bool,
    there: bool,
) -> None:
    monitor = monitor_of(mode, now, state)
    kept = [message(number, talk, to) for number, (talk, to) in enumerate(sent)]
    call = call_of(agent) if there else None
    seen = list(seen_messages(replace(viewer, active=active), monitor, kept, call, in_hand=in_hand))
    if not active or in_hand:
        assert seen == []
    elif viewer is MONA:
        assert seen == kept
    elif viewer is agent and there and state is MonitorState.LIVE and mode.talks:
        assert seen == [one for one in kept if one.talk == now and one.agent_id == viewer.id]
    else:
        assert seen == []


@given(
    here=st.lists(st.tuples(talks, st.sampled_from([SAM.id, ANA.id])), max_size=8),
    other=st.lists(st.tuples(talks, st.sampled_from([SAM.id, ANA.id])), max_size=8),
    mode=st.sampled_from([Mode.WHISPER, Mode.BARGE]),
)
def test_two_talks_say_nothing_of_each_other(
    here: list[tuple[str, str]], other: list[tuple[str, str]], mode: Mode
) -> None:
    """Whatever was written in other talks of the same monitor, or to others, is nothing to the agent."""
    mine = [message(number) for number in range(3)]
    strange = [message(number + 10, talk, to) for number, (talk, to) in enumerate(here)]
    another = [message(number + 30, talk, to) for number, (talk, to) in enumerate(other)]
    kept = {
        part: [one for one in strangers if (one.talk, one.agent_id) != ("t1", SAM.id)] + mine
        for part, strangers in (("one", strange), ("two", another))
    }
    views = [list(seen_messages(SAM, monitor_of(mode, "t1"), kept[part], call_of(SAM), in_hand=False)) for part in kept]
    assert views == [mine, mine]


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from("mn")), max_size=60))
def test_they_are_bounded_and_each_is_kept_once(sent: list[tuple[int, str]]) -> None:
    messages = Messages()
    for number, monitor in sent:
        messages.add(message(number, monitor=monitor))
    ids = [one.id for one in messages]
    assert len(ids) == len(set(ids)) == len(set(sent))
    new = messages.replace([*messages.of("m"), message(999)])
    assert [one.id for one in new] == ["m-999"]
    assert messages.of("n") == ()
    for number in range(1000, 1000 + 2 * MOST):
        messages.add(message(number))
    assert [one.text for one in messages.of("m")] == [str(1000 + MOST + number) for number in range(MOST)]
    messages.forget("m")
    assert list(messages) == []


def test_an_id_is_of_one_author_and_one_talk() -> None:
    every = {message_id(author, about, key) for author in "ab" for about in ("t1", "t2") for key in "kl"}
    assert len(every) == 8
    assert message_id("a", "t1", "k") == message_id("a", "t1", "k")


# --- the API


class Talk:
    """Sam's call, and Mona who listens to it."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def begin(self) -> "Talk":
        self.site.talk()
        self.sam, self.mona = await self.site.client("sam"), await self.site.client("mona")
        self.call = await self.site.call_id(self.sam)
        self.monitor = await self.mona.monitor({"id": self.call})
        return self

    async def whisper(self) -> str:
        """Mona whispers. Returns the talk's id, as Sam has it."""
        await self.mona.switch(self.monitor, "whisper")
        (call,) = await self.sam.calls()
        return str(call["monitors"][0]["id"])

    async def silent(self) -> None:
        await self.mona.switch(self.monitor, "silent")

    async def to_sam(self, text: str = "Offer a refund", **more: Any) -> tuple[int, dict[str, Any]]:
        return await self.mona.ask("POST", f"/monitors/{self.monitor['id']}/messages", {"text": text}, **more)

    async def to_mona(self, text: str = "How much?", **more: Any) -> tuple[int, dict[str, Any]]:
        given = {"monitor_id": more.pop("monitor_id")} if "monitor_id" in more else {}
        return await self.sam.ask("POST", f"/calls/{self.call}/messages", {"text": text, **given}, **more)

    async def texts(self, client: Client) -> list[str]:
        status, body = await client.get(f"/calls/{self.call}/messages")
        assert status == 200, body
        return [one["text"] for one in body["messages"]]


def of_messages(stream: Stream) -> list[str]:
    """What a stream was told of messages."""
    return [data["text"] for _, kind, data in stream.events if kind.startswith("message")]


async def test_they_write_to_each_other_while_she_whispers(site: Site) -> None:
    talk = await Talk(site).begin()
    streams = {name: await client.events() for name, client in (("sam", talk.sam), ("mona", talk.mona))}
    others = {name: await (await site.client(name)).events() for name in ("admin", "coach", "ana")}
    id_of_talk = await talk.whisper()
    status, sent = await talk.to_sam()
    assert status == 201, sent
    assert sent["author"] == {"user_id": talk.mona.user["id"], "name": "Mona"}
    assert (sent["from"], sent["text"], sent["call_id"], sent["monitor_id"]) == (
        *("supervisor", "Offer a refund", talk.call, talk.monitor["id"]),
    )
    told = await streams["sam"].until(lambda kind, _: kind == "message.sent")
    assert told == {**sent, "monitor_id": id_of_talk}, "to the agent it is of the talk"
    status, answer = await talk.to_mona("A\nlot ☎", monitor_id=id_of_talk)
    assert (status, answer["from"], answer["author"]["name"]) == (201, "agent", "Sam")
    heard = await streams["mona"].until(lambda kind, one: kind == "message.sent" and one["from"] == "agent")
    assert heard == {**answer, "monitor_id": talk.monitor["id"]}
    assert await talk.texts(talk.sam) == await talk.texts(talk.mona) == ["Offer a refund", "A\nlot ☎"]
    for url, client in ((talk.monitor["id"], talk.mona), (id_of_talk, talk.sam)):
        status, body = await client.get(f"/monitors/{url}/messages")
        assert [one["text"] for one in body["messages"]] == ["Offer a refund", "A\nlot ☎"]
        assert {one["monitor_id"] for one in body["messages"]} == {url}
    reloaded = (await talk.sam.events()).events[0][2]["messages"]
    assert [one["text"] for one in reloaded] == ["Offer a refund", "A\nlot ☎"]
    await settle()
    for name, stream in others.items():
        assert of_messages(stream) == [], name
        assert b"refund" not in stream.raw
    assert b"refund" not in await everything_stored(site)


async def everything_stored(site: Site) -> bytes:
    """All rows of the audit and of what hooks are told."""
    await site.recorder.settled()
    admin = await site.client("admin")
    status, body = await admin.get("/audit?limit=1000")
    assert status == 200
    assert body["entries"]
    assert not any("message" in one["action"] for one in body["entries"])
    return str(body).encode()


async def test_in_silence_there_is_nothing(site: Site) -> None:
    talk = await Talk(site).begin()
    stream = await talk.sam.events()
    is_problem(await talk.to_sam(), 409, "not_talking")
    before = await talk.to_mona()
    is_problem(before, 409, "not_talking")
    first = await talk.whisper()
    assert (await talk.to_sam("One"))[0] == (await talk.to_mona("Two"))[0] == 201
    await talk.silent()
    await stream.until(lambda kind, _: kind == "coach.left")
    kinds = [kind for _, kind, one in stream.events if kind == "coach.left" or one.get("id") == first]
    assert kinds[-2:] == ["monitor.removed", "coach.left"], "gone with the alert, and never after it"
    assert await talk.to_mona() == before
    assert await talk.to_mona(monitor_id=first) == before
    assert await talk.texts(talk.sam) == []
    is_problem(await talk.sam.get(f"/monitors/{first}/messages"), 404, "not_found")
    is_problem(await talk.to_sam(), 409, "not_talking")
    assert await talk.texts(talk.mona) == ["One", "Two"], "her own conversation, until the monitor ends"
    second = await talk.whisper()
    assert second != first
    assert await talk.texts(talk.sam) == []
    assert (await talk.to_sam("Three"))[0] == 201
    assert await talk.texts(talk.sam) == ["Three"]
    assert await talk.texts(talk.mona) == ["One", "Two", "Three"]
    assert (await talk.mona.delete(f"/monitors/{talk.monitor['id']}"))[0] == 204
    assert await talk.to_mona() == before
    assert await talk.texts(talk.sam) == await talk.texts(talk.mona) == []
    is_problem(await talk.to_sam(), 409, "call_ended")
    assert of_messages(stream) == ["One", "Two", "Three"]
    gone = [one["id"] for _, kind, one in stream.events if kind == "monitor.removed"]
    assert gone == [first, second]
    assert list(site.board.messages) == []


async def test_a_pause_takes_them_from_the_agent(site: Site) -> None:
    talk = await Talk(site).begin()
    before = await talk.to_mona()
    await talk.whisper()
    assert (await talk.to_sam("One"))[0] == 201
    assert (await talk.sam.post(f"/calls/{talk.call}/shield", {}))[0] == 200
    assert await talk.to_mona() == before
    assert await talk.texts(talk.sam) == []
    is_problem(await talk.to_sam(), 409, "shielded")
    assert await talk.texts(talk.mona) == ["One"]


async def test_who_may_not(site: Site) -> None:
    talk = await Talk(site).begin()
    id_of_talk = await talk.whisper()
    await talk.to_sam("One")
    admin, coach, ana = [await site.client(name) for name in ("admin", "coach", "ana")]
    mine, his = f"/monitors/{talk.monitor['id']}/messages", f"/calls/{talk.call}/messages"
    for other in (admin, coach):
        is_problem(await other.get(mine), 403, "forbidden")
        is_problem(await other.post(mine, {"text": "x"}), 403, "forbidden")
        is_problem(await other.post(his, {"text": "x"}), 403, "forbidden")
        assert (await other.get(his))[1] == {"messages": []}
    for url in (mine, his):
        is_problem(await ana.get(url), 404, "not_found")
    is_problem(await ana.post(mine, {"text": "x"}), 403, "forbidden")
    is_problem(await ana.post(his, {"text": "x"}), 404, "not_found")
    is_problem(await talk.sam.post(f"/monitors/{id_of_talk}/messages", {"text": "x"}), 403, "forbidden")
    is_problem(await talk.mona.post(his, {"text": "x"}), 403, "forbidden")
    wrong: list[dict[str, Any]] = [
        {"text": ""},
        {"text": "x" * 501},
        {"text": " \n\t"},
        {"text": "a\x07"},
        {"text": "a\u202eb"},
        {"text": "\ud800"},
        {"text": 1},
        {},
        {"text": "x", "to": "y"},
    ]
    for body in wrong:
        is_problem(await talk.mona.post(mine, body), 422, "invalid")
        is_problem(await talk.sam.post(his, body), 422, "invalid")
    assert (await talk.mona.post(mine, {"text": "é" * 500}))[0] == 201
    made = {"name": "crm", "may_act_for": ["mona"]}
    token = (await admin.post("/tokens", made))[1]["token"]
    crm = await site.client()
    crm.http.headers["Authorization"] = f"Bearer {token}"
    for url in (mine, his):
        is_problem(await crm.get(url), 403, "forbidden")
        is_problem(await crm.post(url, {"text": "x"}), 403, "forbidden")


async def test_a_second_press_sends_nothing_again(site: Site) -> None:
    talk = await Talk(site).begin()
    await talk.whisper()
    key = {"headers": {"Idempotency-Key": "one"}}
    first = await talk.to_sam("One", **key)
    assert (await talk.to_sam("One", **key)) == first
    is_problem(await talk.to_sam("Two", **key), 422, "invalid")
    mine = await talk.to_mona("One", **key)
    assert mine[0] == 201
    assert mine[1]["id"] != first[1]["id"]
    assert (await talk.to_mona("One", **key)) == mine
    is_problem(await talk.to_mona("Two", **key), 422, "invalid")
    assert await talk.texts(talk.mona) == ["One", "One"]
    await talk.silent()
    assert (await talk.to_sam("One", **key)) == first, "it was sent, that stays so"
    is_problem(await talk.to_mona("One", **key), 409, "not_talking")
    await talk.whisper()
    again = await talk.to_mona("One", **key)
    assert again[0] == 201
    assert again[1]["id"] != mine[1]["id"], "what was sent in another talk says nothing in this"
    is_problem(await talk.to_sam("x", headers={"Idempotency-Key": "k" * 256}), 422, "invalid")


async def test_too_many_at_once(site: Site) -> None:
    talk = await Talk(site).begin()
    await talk.whisper()
    (node,) = site.service.nodes
    passing = [100.0]
    node.coach_messages._passing = lambda: passing[0]
    for number in range(coachmessages.AT_ONCE):
        assert (await talk.to_sam(str(number)))[0] == 201
    is_problem(await talk.to_sam("More"), 429, "too_many_requests")
    assert (await talk.to_mona("Slower!"))[0] == 201, "each side by itself"
    passing[0] += coachmessages.EACH
    assert (await talk.to_sam("More"))[0] == 201
    is_problem(await talk.to_sam("And more"), 429, "too_many_requests")
    for number in range(coachmessages.AT_ONCE):
        assert (await talk.to_mona(str(number)))[0] == 201
    is_problem(await talk.to_mona("More"), 429, "too_many_requests")
    await talk.silent()
    await talk.whisper()
    assert (await talk.to_mona("More"))[0] == 201, "another talk knows nothing of the one before"


async def test_two_supervisors_are_told_apart(site: Site) -> None:
    talk = await Talk(site).begin()
    coach = await site.client("coach")
    other = await coach.monitor({"id": talk.call}, "whisper")
    first = await talk.whisper()
    is_problem(await talk.to_mona(), 409, "ambiguous")
    assert (await talk.to_sam("From Mona"))[0] == 201
    assert (await coach.post(f"/monitors/{other['id']}/messages", {"text": "From Coach"}))[0] == 201
    assert (
        await talk.to_mona(
            "To Mona",
            monitor_id=next(
                one["id"] for one in (await talk.sam.calls())[0]["monitors"] if one["supervisor"]["name"] == "Mona"
            ),
        )
    )[0] == 201
    assert await talk.texts(talk.mona) == ["From Mona", "To Mona"]
    assert await talk.texts(coach) == ["From Coach"]
    assert sorted(await talk.texts(talk.sam)) == ["From Coach", "From Mona", "To Mona"]
    assert first


async def test_who_is_behind_an_account_or_token_of_the_agent_sees_none(site: Site) -> None:
    """The administrator talks with Sam, and makes a token for him: it may be they who look."""
    site.talk("301")
    sam, mona, admin = [await site.client(name) for name in ("sam", "mona", "admin")]
    call = await site.call_id(sam)
    token = (await admin.post("/tokens", {"name": "sam's", "user": "sam"}))[1]["token"]
    behind = await site.client()
    behind.http.headers["Authorization"] = f"Bearer {token}"
    stream, inside = await behind.events(), await admin.events()
    monitor = await mona.monitor({"id": call}, "whisper")
    assert (await mona.post(f"/monitors/{monitor['id']}/messages", {"text": "A refund"}))[0] == 201
    assert [one["text"] for one in (await sam.get(f"/calls/{call}/messages"))[1]["messages"]] == ["A refund"]
    assert (await behind.get(f"/calls/{call}/messages"))[1] == {"messages": []}
    is_problem(await behind.post(f"/calls/{call}/messages", {"text": "x"}), 409, "not_talking")
    (talk,) = [one["id"] for one in (await sam.calls())[0]["monitors"]]
    is_problem(await admin.get(f"/monitors/{talk}/messages"), 403, "forbidden")
    assert (await admin.get(f"/calls/{call}/messages"))[1] == {"messages": []}
    await settle()
    assert of_messages(stream) == of_messages(inside) == []


async def test_an_agent_without_an_account_reads_nothing(site: Site) -> None:
    site.talk("201", "104")
    mona = await site.client("mona")
    (call,) = await mona.calls()
    monitor = await mona.monitor(call, "whisper")
    is_problem(await mona.post(f"/monitors/{monitor['id']}/messages", {"text": "x"}), 409, "not_talking")


async def test_she_is_one_of_all_supervisors_again_when_it_is_over(site: Site) -> None:
    """Those who see the same share one audience: whose messages are theirs alone goes by themselves meanwhile."""
    talk = await Talk(site).begin()
    coach = await site.client("coach")
    mine, theirs = await talk.mona.events(), await coach.events()
    audiences = site.streams._audiences

    def together() -> bool:
        found = [audiences.of(client.user["id"])[0].audience for client in (talk.mona, coach)]
        return found[0] is found[1]

    assert together()
    await talk.whisper()
    assert together()
    assert (await talk.to_sam())[0] == 201
    assert not together()
    await mine.until(lambda kind, _: kind == "message.sent")
    since = len(mine.events)
    await talk.silent()
    await mine.until(lambda kind, one: kind == "monitor.updated" and one["mode"] == "silent", since)
    await settle()
    site.service.boards.set_help([], site.now)  # a change of which nobody is told anything
    assert together()
    assert of_messages(theirs) == []


async def test_the_other_agent_of_an_internal_call_sees_none(site: Site) -> None:
    """Sam talks with Ana: Mona whispers to Sam, and writes to him. Ana's own call shows nothing of it."""
    site.pbx.scene.answered_call("102", "101", "b1")
    site.pbx.run()
    sam, ana, mona = [await site.client(name) for name in ("sam", "ana", "mona")]
    calls = {call["agent"]["name"]: call for call in await mona.calls()}
    stream = await ana.events()
    monitor = await mona.monitor(calls["Sam"], "whisper")
    assert (await mona.post(f"/monitors/{monitor['id']}/messages", {"text": "A refund"}))[0] == 201
    assert (await sam.post(f"/calls/{calls['Sam']['id']}/messages", {"text": "How much?"}))[0] == 201
    assert len((await sam.get(f"/calls/{calls['Sam']['id']}/messages"))[1]["messages"]) == 2
    assert (await ana.get(f"/calls/{calls['Ana']['id']}/messages"))[1] == {"messages": []}
    is_problem(await ana.post(f"/calls/{calls['Ana']['id']}/messages", {"text": "x"}), 409, "not_talking")
    is_problem(await ana.get(f"/calls/{calls['Sam']['id']}/messages"), 404, "not_found")
    is_problem(await sam.post(f"/calls/{calls['Ana']['id']}/messages", {"text": "x"}), 404, "not_found")
    await settle()
    assert of_messages(stream) == []
    assert b"refund" not in stream.raw


async def test_so_do_who_follows_and_who_comes_to_help(site: Site) -> None:
    sam, mona, coach = [await site.client(name) for name in ("sam", "mona", "coach")]
    _, follow = await mona.post("/follows", {"agent_user_id": sam.user["id"]})
    await until(lambda: [one.state for one in site.board.follows()] == [FollowState.WAITING], "it does not wait")
    site.talk()
    (call,) = await sam.calls()
    await until(lambda: any(one.live for one in site.board.monitors()), "it does not listen")
    (monitor,) = (await mona.get("/monitors"))[1]["monitors"]
    assert monitor["follow_id"] == follow["id"]
    is_problem(await mona.post(f"/monitors/{monitor['id']}/messages", {"text": "x"}), 409, "not_talking")
    await mona.switch(monitor, "whisper")
    assert (await mona.post(f"/monitors/{monitor['id']}/messages", {"text": "By Mona"}))[0] == 201
    _, asked = await sam.post("/help", {})
    status, came = await coach.post(f"/help/{asked['id']}/take", {"mode": "whisper"})
    assert status == 201
    await coach.until(came["id"], "live")
    assert (await coach.post(f"/monitors/{came['id']}/messages", {"text": "By Coach"}))[0] == 201
    _, body = await sam.get(f"/calls/{call['id']}/messages")
    assert [one["text"] for one in body["messages"]] == ["By Mona", "By Coach"]
    assert "follow" not in str(body)


async def test_while_the_pbx_is_out_of_sight_nothing_is_sent(site: Site) -> None:
    talk = await Talk(site).begin()
    await talk.whisper()
    assert (await talk.to_sam("One"))[0] == 201
    site.pbx.down()
    is_problem(await talk.to_sam("Two"), 503, "pbx_unavailable")
    is_problem(await talk.to_mona("Three"), 503, "pbx_unavailable")
    assert [one.text for one in site.board.messages] == ["One"]
