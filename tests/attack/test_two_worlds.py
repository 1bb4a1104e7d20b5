"""Attack: find out whether somebody listens, by everything that HTTP gives. One history in two worlds, byte for byte.

In one world supervisors listen silently, by a session and by a service's token; in the other they never do. Every kind
of person who is barred asks every route of the contract, and is refused what can be refused, at every step.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapter.core.bars import Who
from adapter.core.record import EventType
from adapter.store import Store
from adapter.store.coaching_tables import CoachMessageRow
from adapter.store.installation import KEY
from adapter.store.tables import FactRow
from adapter.web import app, openapi
from tests.attack.people import World
from tests.fake.pbx import settle
from tests.support.client import Client, Stream
from tests.support.clock import real
from tests.support.receiver import EVERYTHING
from tests.support.site import Site

READS = sorted(
    path
    for path, methods in openapi.document(app.all_routes())["paths"].items()
    if "get" in methods and path not in (f"{app.PREFIX}/events", f"{app.PREFIX}/sip")
)
"""Every route that shows something; the stream is read by itself."""
OPAQUE = re.compile(r"[0-9a-f]{32}|[0-9a-f]{24}|cm_[\w-]+|whsec_[\w+/=]+")
REAL_TIME = re.compile(r"20(?!26-01-01)\d\d-\d\d-\d\dT[\d:.]+(Z|\+00:00)?")
"""Times of the wall's clock, which goes on between the two worlds; the PBX's own are the same in both."""
SECOND = re.compile(r'"call_seconds": \d+, ')
"""From the PBX's time to the wall's clock."""


@dataclass
class Onlooker:
    """Somebody barred, and all that they were told."""

    client: Client
    stream: Stream | None = None
    told: list[str] = field(default_factory=list)

    async def note(self, method: str, url: str, body: Any = None, key: str | None = None) -> str:
        """Ask, and keep the answer: status, headers that say something, and body. `key`: Idempotency-Key."""
        headers = {"Idempotency-Key": key} if key else {}
        async with self.client.http.request(method, url, json=body, headers=headers) as answer:
            text = await answer.text()
            kept = {name: answer.headers.get(name) for name in ("Content-Type", "Location", "Retry-After", "Allow")}
            self.told.append(f"{method} {answer.status} {kept} {text}")
            return text


class Show:
    """One world."""

    def __init__(self, site: Site, *, silent: bool) -> None:
        self.site, self.silent = site, silent
        self.world = World(site)
        self.onlookers: dict[str, Onlooker] = {}
        self.hidden: list[str] = []
        """Ids of the monitors that nobody barred may find."""
        self.asked = "5f" * 16
        """Id of the request for help."""
        self.notes: list[str] = []
        """Ids of what was written about the call by who listens, which nobody barred may find either."""
        self.deliveries: list[str] = []
        self.ended = 0
        # How far a receiver that is away was tried hangs on the clock alone: nothing is sent in either world.
        site.service.dispatcher.refresh = self._refresh  # type: ignore[method-assign]

    async def _refresh(self) -> None:
        return

    async def program(self, name: str, **body: Any) -> Client:
        """A client with a new token of the administrator's making."""
        return await self.world.program(name, **body)

    async def add(self, name: str, client: Client, *, streams: bool = True) -> None:
        """Somebody who looks from now on."""
        self.onlookers[name] = Onlooker(client, await client.events() if streams else None)

    async def begin(self) -> None:
        """Accounts, tokens and hooks from before the conversation."""
        site, store = self.site, self.site.store
        self.admin = self.world.admin = await site.client("admin")
        await self.admin.patch(f"/users/{self.admin.user['id']}", {"devices": ["pjsip/301", "PJSIP/90301"]})
        await self.admin.post(
            "/users", {"username": "root", "name": "R", "role": "administrator", "password": "secret-of-root"}
        )
        everybody = {user.username: user.id for user in await store.people.all()}
        self.root, self.coach = everybody["root"], everybody["coach"]
        await self.admin.post("/webhooks", {"url": "http://127.0.0.1:9/hook", "events": EVERYTHING})
        self.mona = await site.client("mona")
        self.crm = await self.program("crm", may_act_for=["root"])
        await self.admin.patch(f"/users/{self.root}", {"device": "PJSIP/304"})
        old = await self.program("old", user="admin", scopes=["monitor", "admin", "metrics"])
        figures = await self.program("figures", may_act_for=["admin", "sam"], scopes=["metrics"])
        await self.call()
        await self.add("admin", self.admin)
        await self.add("sam", await site.client("sam"))
        await self.add("admin's token", old)
        await self.add("figures", figures, streams=False)
        await self.look()

    async def come(self) -> None:
        """Sam asks for help, and Mona comes, silently; in the other world nobody does."""
        sam = self.onlookers.pop("sam")  # the one who is told who comes
        self.asked = (await sam.client.post("/help", {"note": "A complaint"}))[1]["id"]
        await self.look()
        if self.silent:
            assert (await self.mona.post(f"/help/{self.asked}/take", {"mode": "silent"}))[0] == 201
            await settle()
            told = (await sam.client.get("/help"))[1]["help"]
            assert [(one["state"], one["taken_by"]["name"]) for one in told] == [("taken", "Mona")]
        await self.look()
        assert (await sam.client.post("/help", {}))[0] == 200
        await self.look()
        assert (await sam.client.delete(f"/help/{self.asked}"))[0] == 204

    async def call(self) -> None:
        """The administrator talks with Sam, and Coach with Ana."""
        self.a, self.sam = self.site.pbx.scene.answered_call("90301", "101", "b1")
        self.site.pbx.run()
        self.c, self.ana = self.site.pbx.scene.answered_call("303", "102", "b2")
        self.site.pbx.run()
        await settle()

    async def listen(self) -> None:
        """Two supervisors begin to listen silently; one of them tries for more."""
        assert (await self.mona.post("/monitors", {"customer_number": "000"}))[0] == 404
        if not self.silent:
            self.hidden, self.notes = ["2f" * 16, "3f" * 16], ["6f" * 16]  # of nothing
            return
        status, monitor = await self.mona.post("/monitors", {"agent_extension": "101"})
        assert status == 201, monitor
        self.hidden.append(monitor["id"])
        await settle()
        assert (await self.mona.post("/monitors", {"agent_extension": "102"}))[0] == 409
        status, monitor = await self.crm.post("/monitors", {"agent_extension": "101", "supervisor": "root"})
        assert status == 201, monitor
        self.hidden.append(monitor["id"])
        await settle()
        await self.frame()
        await self.write()
        for hook in await self.site.store.webhooks.all():  # it took the calls, and fails at what is told of monitors
            await self.site.store.webhooks.failing(hook.id, self.site.now)

    async def frame(self) -> None:
        """The CRM shows Sam's call in a frame, and somebody tries its link again."""
        call = next(call.id for call in self.site.board.calls() if call.agent.extension == "101")
        body = {"call_id": call, "supervisor": "root", "origin": "https://crm.example"}
        status, made = await self.crm.post("/embeds", body)
        assert status == 201, made
        client, link = await self.site.client(), {"link": made["url"].partition("#")[2], "origin": body["origin"]}
        assert [(await client.post("/embeds/session", link))[0] for _ in range(2)] == [201, 410]
        assert (await self.crm.post("/embeds", body | {"origin": None}))[0] == 422
        client.http.headers["Authorization"] = "Bearer cme_of-nobody"
        assert (await client.get(f"/calls/{call}"))[0] == 401

    async def write(self) -> None:
        """Mona writes about Sam's call while she listens, and changes it."""
        call = next(call.id for call in self.site.board.calls() if call.agent.extension == "101")
        for body in ({"text": "Too fast", "visible_to_agent": True}, {"mark": True}):
            status, note = await self.mona.post(f"/calls/{call}/notes", body)
            assert status == 201, note
            self.notes.append(note["id"])
        assert (await self.mona.patch(f"/notes/{self.notes[0]}", {"text": "Slower"}))[0] == 200
        assert (await self.mona.delete(f"/notes/{self.notes[1]}"))[0] == 204

    async def hide(self) -> None:
        """What the administrator does about who they are; each new thing looks from now on."""
        admin, me = self.admin, self.admin.user["id"]
        assert (await admin.patch(f"/users/{me}", {"device": "pjsip/0301"}))[0] == 200
        assert (await admin.patch(f"/users/{me}", {"devices": []}))[0] == 200
        for name, body in (
            ("a token for mona", {"user": "mona"}),
            ("a token for root", {"user": "root", "scopes": ["monitor", "admin", "metrics"]}),
            ("a service for mona", {"may_act_for": ["mona"]}),
            ("a service for nobody", {"may_act_for": [], "scopes": ["metrics", "monitor"]}),
        ):
            service = "may_act_for" in body
            await self.add(name, await self.program(name, **body), streams=not service)
        sam = next(user.id for user in await self.site.store.people.all() if user.username == "sam")
        team = {"name": "Mine", "members": [sam], "supervisors": [self.coach]}
        assert (await admin.post("/teams", team))[0] == 201
        assert (await admin.patch(f"/users/{self.coach}", {"scope": "teams", "name": "Coach of Sam"}))[0] == 200
        made = {"username": "new", "name": "New", "role": "administrator", "password": "secret-new"}
        assert (await admin.post("/users", made))[0] == 201
        new = await self.site.client("new")
        await self.add("a new administrator", new)
        _, token = await new.post("/tokens", {"name": "next", "user": "mona", "scopes": ["monitor"]})
        client = await self.site.client()
        client.http.headers["Authorization"] = f"Bearer {token['token']}"
        await self.add("a token of a new administrator", client)
        assert (await admin.patch(f"/users/{self.root}", {"password": "secret-root"}))[0] == 200
        await self.add("root", await self.site.client("root"))
        assert (await admin.patch(f"/users/{self.root}", {"username": "was-root", "devices": []}))[0] == 200
        assert (await admin.patch(f"/users/{me}", {"username": "root", "devices": ["PJSIP/304"]}))[0] == 200
        hooks = (await admin.get("/webhooks"))[1]["webhooks"]
        assert (await admin.patch(f"/webhooks/{hooks[0]['id']}", {"url": "http://127.0.0.1:9/mine"}))[0] == 200
        _, made = await admin.post("/webhooks", {"url": "http://127.0.0.1:9/new", "events": EVERYTHING})
        assert made["secret"]

    async def talk(self) -> None:
        """Mona whispers, and ceases; where she does not listen, the monitor is there while she whispers only."""
        if self.silent:
            assert (await self.mona.post("/monitors", {"agent_extension": "102"}))[1]["code"] == "already_monitoring"
            await self.mona.switch({"id": self.hidden[0]}, "whisper")
            await self.tell(self.hidden[0])
            await self.look()
            await self.mona.switch({"id": self.hidden[0]}, "silent")
            return
        status, monitor = await self.mona.post("/monitors", {"agent_extension": "101", "mode": "whisper"})
        assert status == 201, monitor
        await settle()
        await self.tell(monitor["id"])
        await self.look()
        assert (await self.mona.delete(f"/monitors/{monitor['id']}"))[0] == 204

    async def tell(self, monitor: str) -> None:
        """Mona writes to Sam, whom she whispers to; he answers when he is asked for all he can do."""
        assert (await self.mona.post(f"/monitors/{monitor}/messages", {"text": "Only for Sam"}))[0] == 201

    async def transfer(self) -> None:
        """The two conversations become one; the administrator and Coach are out of it."""
        scene = self.site.pbx.scene
        scene.change(self.ana, linkedid=self.a)
        scene.leave("b2", self.ana)
        scene.enter("b1", self.ana)
        scene.gone(self.a, self.c)
        self.site.pbx.run()
        await self.add("coach", await self.site.client("coach"))

    async def stop(self) -> None:
        """Those who administrate stop all monitoring: silent ones end too, and nobody may learn that there were any."""
        for name in ("admin", "admin's token", "a token for root", "a new administrator"):
            self.site.pbx.confirms = name != "admin"
            url = f"{self.site.base}{app.PREFIX}/monitors/stop-all"
            await self.onlookers[name].note("POST", url, {"reason": "Enough"})
        self.ended = self.site.pbx.did.count("hangup")

    async def exempt(self) -> None:
        """The administrator has nobody monitor Sam any more, and then everybody again."""
        sam = next(user.id for user in await self.site.store.people.all() if user.username == "sam")
        for people in ([sam], []):
            url = f"{self.site.base}{app.PREFIX}/do-not-monitor"
            await self.onlookers["admin"].note("PUT", url, {"user_ids": people})
            await self.look()
        self.ended = self.site.pbx.did.count("hangup")

    async def pause(self) -> None:
        """Sam, and the administrator who talks with him, pause monitoring and resume it; once a leg does not move."""
        (call,) = [call.id for call in self.site.board.calls() if call.agent.extension == "101"]
        url = f"{self.site.base}{app.PREFIX}/calls/{call}/shield"
        for name in ("sam", "admin"):
            await self.onlookers[name].note("POST", url, {"seconds": 600, "reason": "Card"})
            assert all(monitor.shielded for monitor in self.site.board.monitors())
            await self.look()
            await self.onlookers["admin" if name == "sam" else "sam"].note("POST", url, {"seconds": 0})
            await self.onlookers[name].note("DELETE", url)
            await self.look()
        self.site.pbx.moves = False
        await self.onlookers["sam"].note("POST", url, {})
        self.ended = self.site.pbx.did.count("hangup")

    async def look(self) -> None:
        """Everybody asks for everything."""
        await settle()
        await self.site.recorder.settled()
        self.deliveries = [
            row.id
            for hook in await self.site.store.webhooks.all()
            for _, row in await self.site.store.outbox.page(hook.id, 100, None, [])
            if row.type.startswith("monitor.") or any(note in row.body for note in self.notes)
        ]
        for onlooker in self.onlookers.values():
            await self.ask(onlooker)
            await self.site.recorder.settled()

    async def ask(self, onlooker: Onlooker) -> None:
        """All reads with all ids that this one can have, then what is refused."""
        base, prefix = self.site.base, self.site.base + app.PREFIX
        ids: dict[str, list[str]] = {"calls": [call.id for call in self.site.board.calls()], "monitors": []}
        for kind in ("monitors", "users", "webhooks", "teams"):
            async with onlooker.client.http.get(f"{prefix}/{kind}") as answer:
                body = json.loads(await answer.text())
                ids[kind] = [one["id"] for one in body.get(kind, ())]
        ids["monitors"] += (self.hidden or ["0f" * 16, "1f" * 16])[:2]
        ids["help"] = [self.asked]
        ids["coaching"], ids["follows"] = ["sam"], ["5f" * 16]
        ids["notes"] = (self.notes or ["4f" * 16])[:1]
        for path in READS:
            kind = path.removeprefix(app.PREFIX).split("/")[1]
            for one in ids[kind] if "{id}" in path else [""]:
                await onlooker.note("GET", base + path.replace("{id}", one))
        await onlooker.note("GET", f"{prefix}/reports/coaching?by=supervisor")
        for query in ("?supervisor=mona", "?supervisor=root", "?action=monitor.requested", "?agent=sam"):
            await onlooker.note("GET", f"{prefix}/audit{query}")
        for call in ids["calls"]:
            await onlooker.note("POST", f"{prefix}/monitors", {"call_id": call, "device": "PJSIP/9"})
            await onlooker.note("GET", f"{prefix}/notes?call_id={call}")
            await onlooker.note("POST", f"{prefix}/calls/{call}/notes", {"text": "x"})
            await onlooker.note("POST", f"{prefix}/calls/{call}/messages", {"text": "From Sam"}, key="always the same")
        await onlooker.note("POST", f"{prefix}/help/{self.asked}/take", {})
        for note in ids["notes"]:
            await onlooker.note("PATCH", f"{prefix}/notes/{note}", {"visible_to_agent": True})
            await onlooker.note("DELETE", f"{prefix}/notes/{note}")
        for monitor in (self.hidden or ["0f" * 16, "1f" * 16])[:2]:
            await onlooker.note("PATCH", f"{prefix}/monitors/{monitor}", {"mode": "silent"})
            await onlooker.note("POST", f"{prefix}/monitors/{monitor}/messages", {"text": "x"})
            await onlooker.note("POST", f"{prefix}/monitors/{monitor}/takeover")
            await onlooker.note("DELETE", f"{prefix}/monitors/{monitor}")
        for hook in ids["webhooks"]:
            for delivery in (self.deliveries or ["0" * 32])[:1]:
                await onlooker.note("POST", f"{prefix}/webhooks/{hook}/deliveries/{delivery}/retry")

    async def kept(self) -> list[str]:
        """Messages as they are in the database."""
        async with self.site.store.database.read() as session:
            return sorted(await session.scalars(select(CoachMessageRow.text)))

    def transcript(self, name: str) -> list[str]:
        """What somebody was told, with ids by the order in which they appeared."""
        onlooker = self.onlookers[name]
        order: dict[str, str] = {}

        def numbered(found: re.Match[str]) -> str:
            return order.setdefault(found[0], f"#{len(order)}")

        streamed = onlooker.stream.raw.decode() if onlooker.stream else ""
        streamed = streamed.replace(": still here\n\n", "")  # every ten seconds of the wall's clock, in either world
        return [SECOND.sub("", REAL_TIME.sub("now", OPAQUE.sub(numbered, text))) for text in (*onlooker.told, streamed)]

    async def play(self) -> None:
        """The whole history."""
        await self.begin()
        for step in (self.listen, self.hide, self.talk, self.transfer, self.talk, self.stop):
            await step()
            await self.look()


@asynccontextmanager
async def shown(
    folder: Path, *, silent: bool, site_of: Callable[[Store], Site] = Site, kind: type[Show] = Show
) -> AsyncIterator[Show]:
    """A world, and its end."""
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/{silent}.sqlite", clock=real)
    async with store.database.work() as session:  # the same key for ids, so that what is sorted by them is alike
        session.add(FactRow(name=KEY, value="5e" * 32))
    site = site_of(store)
    runner = await site.start()
    try:
        yield kind(site, silent=silent)
    finally:
        await site.close(runner)


def assert_alike(one: Show, other: Show) -> None:
    """Nobody who looked can tell the two apart."""
    assert one.onlookers.keys() == other.onlookers.keys()
    for name in one.onlookers:
        mine, theirs = one.transcript(name), other.transcript(name)
        for number, (left, right) in enumerate(zip(mine, theirs, strict=True)):
            assert left == right, f"{name} can tell by answer {number}"


@pytest.mark.parametrize("days", [0, 30])
async def test_two_worlds_that_look_the_same(tmp_path: Path, days: int) -> None:
    """`days`: for which messages are kept."""

    def site(store: Store) -> Site:
        return Site(store, coaching={"message_keep_days": days, "shield_answer_seconds": 0.4})

    one_world, other_world = (shown(tmp_path, silent=silent, site_of=site) for silent in (True, False))
    async with one_world as one, other_world as other:
        await one.play()
        await other.play()
        assert_alike(one, other)
        for show in (one, other):
            talks = ["From Sam", "Only for Sam"] if days else []
            assert await show.kept() == sorted(2 * talks), "of talks that Sam knew of, and no more"
        assert any('"mode": "whisper"' in text for text in one.transcript("admin")), "the talk itself is no secret"
        assert any("coach.joined" in text for text in one.transcript("sam"))
        by_sam = "".join(one.transcript("sam"))
        assert "not_talking" in by_sam
        assert "Only for Sam" in by_sam
        assert by_sam.count("event: message.sent") == 4, "two talks, and in each a message and its answer"
        assert by_sam.count("event: coach.left") == 2
        for name in one.onlookers.keys() - {"sam"}:
            assert "Only for Sam" not in "".join(one.transcript(name)), name
            assert "From Sam" not in "".join(one.transcript(name)), name
        assert sum('"stopped": 0' in text for text in one.transcript("admin")) == 1
        assert "monitor.stopped_all" in "".join(one.transcript("admin"))
        assert one.ended > other.ended, "what nobody may know of ended too"


async def test_ending_what_may_not_be_monitored_tells_nobody(tmp_path: Path) -> None:
    async with shown(tmp_path, silent=True) as one, shown(tmp_path, silent=False) as other:
        for show in (one, other):
            await show.begin()
            await show.listen()
            await show.look()
            await show.exempt()
        assert_alike(one, other)
        assert any('"monitorable": false' in text for text in one.transcript("sam"))
        assert one.ended > other.ended, "what nobody may know of ended too"


async def test_pausing_monitoring_tells_nobody_whether_there_was_any(tmp_path: Path) -> None:
    async with shown(tmp_path, silent=True) as one, shown(tmp_path, silent=False) as other:
        for show in (one, other):
            await show.begin()
            await show.listen()
            await show.look()
            await show.pause()
            await show.look()
        assert_alike(one, other)
        told = "".join(one.transcript("sam"))
        assert '"shielded_until": "now"' in told, "the pause itself is no secret"
        assert "shield.started" in "".join(one.transcript("admin"))
        assert '"shielded": true' not in told
        assert one.site.pbx.did.count("shield") == 6
        assert (one.ended, other.ended) == (2, 0), "what nobody may know of was moved, and hung up"


async def test_who_comes_to_help_is_told_to_who_asked_alone(tmp_path: Path) -> None:
    async with shown(tmp_path, silent=True) as one, shown(tmp_path, silent=False) as other:
        for show in (one, other):
            await show.begin()
            await show.come()
            await show.look()
        assert_alike(one, other)
        told = "".join(one.transcript("admin"))
        assert '"state": "open"' in told, "that help was asked for is no secret"
        assert "help.updated" in told


async def test_consent_is_the_same_whether_anybody_listens_or_not(tmp_path: Path) -> None:
    """The same sounds at the same channels, and nobody is told anything else."""
    async with shown(tmp_path, silent=True) as one, shown(tmp_path, silent=False) as other:
        for show in (one, other):
            tones = show.site.pbx.tones
            await show.begin()
            await show.listen()
            await show.site.recorder.settled()
            rules = {"rules": [{"sound": "beep", "every_seconds": 120}]}
            await show.onlookers["admin"].note("PUT", f"{show.site.base}{app.PREFIX}/consent", rules)
            async with asyncio.timeout(20):
                while len(tones.played) < 4:  # noqa: ASYNC110 - a list has no event
                    await asyncio.sleep(0.02)
            await show.look()
            await show.transfer()
            await show.look()
        assert_alike(one, other)
        heard = [sorted(channel for _, channel, _ in show.site.pbx.tones.played) for show in (one, other)]
        assert heard[0] == heard[1] == sorted([one.a, one.sam, one.c, one.ana]), "both of each call, once"
        assert one.site.pbx.tones.stopped == other.site.pbx.tones.stopped == []


class Talking(Show):
    """In the one world Asterisk tells who talks, in the other it doesn't."""

    async def begin(self) -> None:
        """Looks of its own come at any time: they go by the clock of what is told."""
        (node,) = self.site.service.nodes
        assert node.beside.talk is not None
        node.beside.talk._clock = lambda: self.site.pbx.scene.now
        await super().begin()

    async def heard(self) -> None:
        """Sam talks, and ceases; in the other world he says nothing, or nobody tells. Ana talks in both."""
        (node,) = self.site.service.nodes
        assert node.beside.talk is not None
        node.beside.talk._least = 0.0
        for talks in (True, False):
            self.site.pbx.scene.talk(self.ana, talks)
            if self.silent:
                self.site.pbx.scene.talk(self.sam, talks)
            self.site.pbx.run()
            node.beside.talk.look()
            await self.look()


async def test_who_talks_is_told_to_nobody_who_is_in_it(tmp_path: Path) -> None:
    def site(store: Store) -> Site:
        return Site(store, talk={"detect": True})

    one_world, other_world = (shown(tmp_path, silent=silent, site_of=site, kind=Talking) for silent in (True, False))
    async with one_world as one, other_world as other:
        for show in (one, other):
            assert isinstance(show, Talking)
            await show.begin()
            await show.listen()
            await show.heard()
            await show.hide()
            await show.heard()
        assert_alike(one, other)
        seen = {
            who: {call["agent"]["name"]: call["talk"] for call in await client.calls()}
            for who, client in (("free", one.mona), ("admin", one.onlookers["admin"].client))
        }
        assert None not in seen["free"].values()
        assert (seen["admin"]["Sam"], seen["admin"]["Ana"] is None) == (None, False), "of others they are told"


async def test_the_worlds_can_differ(tmp_path: Path) -> None:
    """Somebody who is barred from nothing sees it."""
    async with shown(tmp_path, silent=True) as one:
        await one.begin()
        await one.listen()
        await one.add("free", one.mona)
        await one.look()
        assert '"mode": "silent"' in "".join(one.transcript("free"))


async def test_afterwards_everything_is_told(tmp_path: Path) -> None:
    """When the conversation is over, the audit shows it, and hooks that were barred hear of it in order."""
    async with shown(tmp_path, silent=True) as one:
        await one.begin()
        _, hook = await one.admin.post("/webhooks", {"url": "http://127.0.0.1:9/late", "events": EVERYTHING})
        await one.listen()
        await one.site.recorder.settled()
        store = one.site.store
        kept = await store.records.bars()
        live = one.site.service.boards.bars
        assert kept.hidden(Who(one.admin.user["id"])) == live.hidden(Who(one.admin.user["id"])) != frozenset()

        async def types() -> list[str]:
            return [row.type for _, row in await store.outbox.page(hook["id"], 100, None, [])][::-1]

        assert await types() == []
        one.site.pbx.scene.gone(one.sam, one.a)
        one.site.pbx.run()
        await settle()
        await one.site.recorder.settled()
        told = await types()
        assert told.count(EventType.MONITOR_STARTED) == told.count(EventType.MONITOR_ENDED) == 2
        assert told.index(EventType.MONITOR_STARTED) < told.index(EventType.CALL_ENDED)
        actions = {row["action"] for row in (await one.admin.get("/audit"))[1]["entries"]}
        assert {"monitor.requested", "monitor.started"} <= actions
