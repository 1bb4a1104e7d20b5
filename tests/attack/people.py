"""Every kind of caller, and one real thing of every kind that belongs to somebody else."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from adapter.core.audit import By, Via
from adapter.store.notes import NoteFilter
from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.receiver import EVERYTHING
from tests.support.site import Site


class World:
    """Sam (101) is on a call, and a service listens to it for Mona. `things` maps a path's parameter to a real id."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.admin: Client
        self.things: dict[str, str] = {}
        self.tokens: dict[str, tuple[str, str]] = {}
        """Id and secret by name."""

    async def begin(self, customer: str = "201") -> "World":
        """Make it all. `customer` is who talks to Sam."""
        site, self.admin = self.site, await self.site.client("admin")
        _, hook = await self.admin.post("/webhooks", {"url": "http://127.0.0.1:9/hook", "events": EVERYTHING})
        starter = await self.program("starter", may_act_for=["mona"])
        stays = {"username": "stays", "name": "Stays", "role": "agent", "password": "secret-stays", "can_monitor": True}
        assert (await self.admin.post("/users", stays | {"device": "PJSIP/104"}))[0] == 201
        stays_on = await site.client("stays")
        status, follow = await stays_on.post("/follows", {"agent_user_id": await self.id_of("ana")})
        assert status == 201, follow
        await settle()
        site.talk(customer, "101")
        status, monitor = await starter.post("/monitors", {"agent_extension": "101", "supervisor": "mona"})
        assert status == 201, monitor
        await settle()
        await site.recorder.settled()
        mona = await site.client("mona")
        status, note = await mona.post(f"/calls/{monitor['call_id']}/notes", {"text": "Too fast"})
        assert status == 201, note
        (call,) = [call for call in site.board.calls() if call.id == monitor["call_id"]]
        request, _ = await site.service.coaching.desk.ask(call, "A complaint", By("sam", Via.SESSION))
        _, victim = await self.admin.post(
            "/users", {"username": "victim", "name": "V", "role": "agent", "password": "secret-victim"}
        )
        await self.program("victim", user="mona")
        _, team = await self.admin.post("/teams", {"name": "Sam's", "members": [await self.id_of("sam")]})
        (event_id,) = [
            row[1].id
            for row in await site.store.outbox.page(hook["id"], 10, None, [])
            if row[1].type == "call.answered"
        ]
        self.things = {
            "calls": monitor["call_id"],
            "monitors": monitor["id"],
            "notes": note["id"],
            "help": request.id,
            "follows": follow["id"],
            "coaching": "sam",
            "users": victim["id"],
            "tokens": self.tokens["victim"][0],
            "webhooks": hook["id"],
            "teams": team["id"],
            "delivery_id": event_id,
        }
        return self

    async def id_of(self, username: str) -> str:
        """Of somebody's account."""
        user = await self.site.store.people.by_username(username)
        assert user is not None
        return user.id

    async def narrow(self, supervisor: str, *members: str) -> None:
        """Somebody may look after these people only, from now on."""
        ids, one = [await self.id_of(name) for name in members], await self.id_of(supervisor)
        made = {"name": f"Of {supervisor}", "members": ids, "supervisors": [one]}
        assert (await self.admin.post("/teams", made))[0] == 201
        assert (await self.admin.patch(f"/users/{one}", {"scope": "teams"}))[0] == 200

    async def program(self, name: str, **body: Any) -> Client:
        """A client with a token of this kind."""
        status, made = await self.admin.post("/tokens", {"name": name, **body})
        assert status == 201, made
        self.tokens[name] = made["id"], made["token"]
        client = await self.site.client()
        client.http.headers["Authorization"] = f"Bearer {made['token']}"
        return client

    async def seen(self) -> list[Any]:
        """Everything that an attack could change, apart from the audit and the tokens' last use."""
        site = self.site
        tokens = [(token.id, token.scopes) for token in await site.store.tokens.all()]
        hooks = [(hook.id, hook.url, hook.enabled) for hook in await site.store.webhooks.all()]
        people, teams = await site.store.people.all(), await site.store.teams.all()
        notes, asked = await site.store.notes.page(NoteFilter(), 10), await site.store.help.running()
        return [
            people,
            teams,
            tokens,
            hooks,
            notes,
            asked,
            list(site.board.monitors()),
            list(site.board.follows()),
            list(site.pbx.did),
        ]


Role = Callable[[World], Awaitable[Client]]


def person(name: str) -> Role:
    """Somebody at the page."""

    async def make(world: World) -> Client:
        return await world.site.client(name)

    return make


def program(**body: Any) -> Role:
    """A token."""

    async def make(world: World) -> Client:
        return await world.program("attacker", **body)

    return make


def narrowed(*members: str, make: Role | None = None) -> Role:
    """Coach, who may look after these people only; or a program that acts for them."""

    async def role(world: World) -> Client:
        await world.narrow("coach", *members)
        return await (make or person("coach"))(world)

    return role


async def nobody(world: World) -> Client:
    """Without anything."""
    return await world.site.client()


async def forged(world: World) -> Client:
    """With a cookie that nobody was given."""
    client = await world.site.client()
    client.http.cookie_jar.update_cookies({"cm_session": "A" * 43})
    return client


async def signed_out(world: World) -> Client:
    """With the cookie of a session that its owner ended."""
    owner, thief = await world.site.client("mona"), await world.site.client()
    cookies = {cookie.key: cookie.value for cookie in owner.http.cookie_jar}
    assert (await owner.delete("/session"))[0] == 204
    thief.http.cookie_jar.update_cookies(cookies)
    return thief


async def expired(world: World) -> Client:
    """With an administrator's token that was good until a moment ago."""
    until = (world.site.now + timedelta(minutes=1)).isoformat()
    client = await world.program("expired", user="admin", scopes=["monitor", "admin"], expires_at=until)
    assert (await client.get("/users"))[0] == 200
    world.site.now += timedelta(minutes=2)
    return client


async def revoked(world: World) -> Client:
    """With an administrator's token that was taken away."""
    client = await world.program("revoked", user="admin", scopes=["monitor", "admin"])
    assert (await client.get("/users"))[0] == 200
    assert (await world.admin.delete(f"/tokens/{world.tokens['revoked'][0]}"))[0] == 204
    return client


async def deactivated(world: World) -> Client:
    """Somebody whose account was closed while they were signed in."""
    client = await world.site.client("coach")
    assert (await world.admin.patch(f"/users/{client.user['id']}", {"active": False}))[0] == 200
    return client


async def frame_of(world: World, supervisor: str, name: str = "frames") -> Client:
    """Sam's call in a frame of a CRM's page."""
    service = await world.program(name, may_act_for=[supervisor])
    body = {"call_id": world.things["calls"], "supervisor": supervisor, "origin": "https://crm.example"}
    status, made = await service.post("/embeds", body)
    assert status == 201, made
    client = await world.site.client()
    link = {"link": made["url"].partition("#")[2], "origin": body["origin"]}
    status, session = await client.post("/embeds/session", link)
    assert status == 201, session
    client.http.headers["Authorization"] = f"Bearer {session['token']}"
    return client


async def frame(world: World) -> Client:
    """Coach's, who may monitor that call and has a phone."""
    return await frame_of(world, "coach")


async def orphan(world: World) -> Client:
    """An administrator's frame, whose program's token was taken away."""
    client = await frame_of(world, "admin", "gone")
    assert (await client.get(f"/calls/{world.things['calls']}"))[0] == 200
    assert (await world.admin.delete(f"/tokens/{world.tokens['gone'][0]}"))[0] == 204
    return client


async def starter(world: World) -> Client:
    """The service whose monitor it is."""
    client = await world.site.client()
    client.http.headers["Authorization"] = f"Bearer {world.tokens['starter'][1]}"
    return client


STRANGERS: dict[str, Role] = {
    "nobody": nobody,
    "forged cookie": forged,
    "signed out": signed_out,
    "expired token": expired,
    "revoked token": revoked,
    "deactivated": deactivated,
    "orphan": orphan,
}
"""Whoever is nobody to us: 401, whatever they ask for."""
ROLES: dict[str, Role] = {
    "agent": person("ana"),
    "watched": person("sam"),
    "coach": person("coach"),
    "owner": person("mona"),
    "admin": person("admin"),
    "plain token": program(user="admin"),
    "figures token": program(user="admin", scopes=["metrics"]),
    "wall token": program(may_act_for=[], scopes=["wall"]),
    "frame": frame,
    "service": program(may_act_for=["coach", "mona"]),
    "starter": starter,
    "scoped inside": narrowed("sam", "ana"),
    "scoped": narrowed("ana"),
    "scoped token": narrowed("ana", make=program(user="coach")),
    "scoped figures": narrowed("ana", make=program(user="coach", scopes=["metrics"])),
    "scoped service": narrowed("ana", make=program(may_act_for=["coach"])),
}
"""Ana has no right and another desk; Sam is who is listened to; Coach may listen and whisper; the monitor is
Mona's, started by a service; the plain token is an administrator's without the scope admin. Those with a scope are
Coach, who looks after Sam and Ana, or after Ana alone, and programs of hers."""
INSIDE: dict[str, tuple[str, Role]] = {
    "coach inside": ("303", person("coach")),
    "admin inside": ("301", person("admin")),
}
"""Whoever is in that very conversation, by the number of their phone."""
