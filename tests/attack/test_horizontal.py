"""Attack: other people's ids. Every operation of the contract, asked by every kind of caller, with real ids.

Made from the OpenAPI document: a route that this table does not name fails the test, so none can be forgotten.
"""

from typing import Any

import pytest

from adapter.web import app, openapi
from tests.attack.people import INSIDE, ROLES, STRANGERS, Role, World
from tests.support.client import Client
from tests.support.site import Site, is_problem

DOCUMENT = openapi.document(app.all_routes())
PREFIX = app.PREFIX
METHODS = ("get", "patch", "put", "post", "delete")
"""In this order, so that what is looked at is still there."""

OPEN = {"GET /healthz", "GET /readyz", "POST /session", "POST /setup", "POST /embeds/session"}
"""Operations that ask nobody who they are."""

NAMES = (*ROLES, *INSIDE)
NARROW = {"wall token": 403, "frame": 403}
"""Refused wherever no row says otherwise: whoever can do one thing only."""
EXPECTED: dict[str, dict[str, int]] = {}
"""What each caller gets, by operation."""


def expect(operations: str, default: int, **exceptions: int) -> None:
    """Rows of the table: operations separated by commas; whoever is not named gets the default."""
    others = {name.replace("_", " "): status for name, status in exceptions.items()}
    assert others.keys() <= set(NAMES), others
    for operation in operations.split(", "):
        EXPECTED[operation] = dict.fromkeys(NAMES, default) | NARROW | others


def administrators(operations: str, status: int, **exceptions: int) -> None:
    """Rows that are for administrators at the page only."""
    expect(operations, 403, **{"admin": status, "admin_inside": status, **exceptions})


outside = {"scoped": 404, "scoped_token": 404, "scoped_service": 404}
"""Of calls that are none of their teams'."""
unseen = {"service": 404, "coach_inside": 404, "admin_inside": 404, **outside}
figures = {"figures_token": 403, "scoped_figures": 403}
expect("GET /calls/{id}", 200, agent=404, **outside, **figures, frame=200)
expect("GET /calls/{id}/timeline", 200, agent=404, **outside, **figures)
expect("GET /calls/by", 422, **figures)
expect("GET /monitors/{id}", 200, agent=404, watched=404, **unseen, **figures)
expect("PATCH /monitors/{id}", 403, owner=200, starter=200, **unseen, frame=404)
expect("POST /monitors/{id}/takeover", 403, owner=409, starter=409, **unseen)
expect("DELETE /monitors/{id}", 403, owner=204, starter=204, admin=204, **unseen, frame=404)

administrators("POST /monitors/stop-all", 200)
administrators("GET /users/{id}, PATCH /users/{id}, GET /webhooks/{id}, PATCH /webhooks/{id}", 200)
administrators("GET /webhooks/{id}/deliveries, POST /webhooks/{id}/ping", 200)
administrators("POST /webhooks/{id}/deliveries/{delivery_id}/retry", 202)
administrators("DELETE /users/{id}, DELETE /webhooks/{id}, DELETE /tokens/{id}", 204)

services = {"service": 403, "starter": 403, "scoped_service": 403}
inside = {"coach_inside": 404, "admin_inside": 404}
strays = {"scoped": 404, "scoped_token": 404}
expect("GET /notes, GET /help", 200, **services, **figures)
expect("POST /help", 409, watched=200, **services, **figures)  # in no call; Sam has asked before
# The administrators have exempted the call a moment before; the others may monitor one call only.
takers = {"coach": 201, "owner": 409, "plain_token": 201, "scoped_inside": 201}
expect("POST /help/{id}/take", 403, admin=409, coach_inside=409, admin_inside=409, **takers, **strays, frame=201)
expect("DELETE /help/{id}", 403, agent=404, watched=204, admin=204, admin_inside=204, **strays)
expect("GET /notes/{id}", 200, agent=404, watched=404, **inside, **services, **figures, **strays)
expect("PATCH /notes/{id}", 403, agent=404, watched=404, owner=200, admin=200, **inside, **strays)
expect("PUT /notes/{id}/reply", 403, agent=404, watched=404, **inside, **strays)
expect("DELETE /notes/{id}", 403, agent=404, watched=404, owner=204, admin=204, **inside, **strays)
# The administrators have exempted the call a moment before.
writers = {"coach": 201, "owner": 201, "plain_token": 201, "scoped_inside": 201}
expect("POST /calls/{id}/notes", 403, admin=409, coach_inside=409, admin_inside=409, **writers, **strays)
expect("GET /reports/coaching, GET /reports/coaching.csv", 200, agent=403, watched=403, **services, **figures)
expect("GET /score-form", 200, agent=403, watched=403, **services, **figures)
administrators("PUT /score-form, GET /coaching/agents/{id}", 200)
administrators("DELETE /coaching/agents/{id}", 204)
expect("GET /monitors/{id}/messages", 403, owner=200, agent=404, watched=404, **inside, **strays)  # silent by then
expect("POST /monitors/{id}/messages", 403, owner=201, **inside, **strays)  # whoever may has begun to whisper
expect("GET /calls/{id}/messages", 200, agent=404, **services, **figures, **strays)
expect("POST /calls/{id}/messages", 403, agent=404, watched=409, **strays)
hidden = {"service": 404, "starter": 404, "scoped_service": 404}
expect("GET /follows", 200, **figures)  # somebody else follows Ana, who sees nothing of it
expect("GET /follows/{id}", 200, agent=404, watched=404, **hidden, **figures)
expect("POST /follows", 404, agent=403, watched=403, **figures)
expect("DELETE /follows/{id}", 403, admin=204, admin_inside=204, **hidden)
others = {"agent": 404, "scoped": 404, "scoped_token": 404, "scoped_service": 404}
expect("POST /calls/{id}/shield", 403, watched=200, admin=200, admin_inside=200, **others)
expect("DELETE /calls/{id}/shield", 403, watched=204, admin=204, admin_inside=204, **others)
administrators("GET /do-not-monitor, PUT /do-not-monitor, GET /consent, PUT /consent", 200)
programs = {"service": 204, "starter": 204, "scoped_service": 404}
expect("PUT /calls/{id}/do-not-monitor", 403, admin=204, admin_inside=204, **programs)
expect("DELETE /calls/{id}/do-not-monitor", 403, admin=204, admin_inside=204, **programs)
administrators("GET /health", 200, admin_inside=403)
administrators("GET /users, GET /tokens, GET /webhooks, GET /audit, GET /audit.csv, GET /cluster", 200)
administrators("POST /users, POST /tokens, POST /webhooks, POST /teams", 201)
administrators("GET /teams/{id}, PATCH /teams/{id}", 200)
administrators("DELETE /teams/{id}", 204)
expect("GET /session", 200, **services, **figures)
expect("GET /calls, GET /monitors", 200, **figures)
expect("GET /agents, GET /queues", 200, **figures, wall_token=200)
expect("GET /teams", 200, agent=403, watched=403, **services, **figures)
expect("GET /events", 200, **services, **figures, wall_token=200, frame=200)
expect("POST /monitors", 404, agent=403, watched=403, **figures, frame=404)
expect("POST /embeds", 403, service=404, starter=404, scoped_service=404)
programs = {"plain_token": 403, "scoped_token": 403, **services, **figures}
expect("DELETE /session, DELETE /softphone", 204, **programs)
expect("POST /session/password", 401, **programs)
expect("POST /softphone", 200, agent=403, watched=403, **programs)
expect("GET /sip", 403)
expect("GET /metrics", 403, figures_token=200)

BODIES: dict[str, dict[str, Any]] = {
    "PATCH /monitors/{id}": {"mode": "whisper"},
    "POST /help": {"note": "A complaint"},
    "POST /help/{id}/take": {},
    "POST /calls/{id}/shield": {},
    "POST /calls/{id}/notes": {"text": "Said who it was"},
    "POST /monitors/{id}/messages": {"text": "Offer a refund"},
    "POST /calls/{id}/messages": {"text": "How much?"},
    "PATCH /notes/{id}": {"visible_to_agent": True},
    "PUT /notes/{id}/reply": {"text": "Thank you"},
    "PUT /score-form": {"questions": [{"text": "Greeting?", "kind": "rating"}]},
    "PUT /do-not-monitor": {"numbers": ["+12025550199"], "user_ids": []},
    "PUT /consent": {"rules": [{"sound": "beep", "to": "agent"}]},
    "POST /monitors/stop-all": {"reason": "Enough"},
    "PATCH /users/{id}": {"name": "Taken over"},
    "PATCH /webhooks/{id}": {"enabled": False},
    "PATCH /teams/{id}": {"queues": []},
    "POST /teams": {"name": "Mine", "queues": ["sales"]},
    "POST /users": {"username": "new", "name": "New", "role": "administrator", "password": "secret-new"},
    "POST /tokens": {"name": "mine", "user": "admin", "scopes": ["admin"]},
    "POST /webhooks": {"url": "http://127.0.0.1:9/new", "events": ["call.started"]},
    "POST /session/password": {"current": "guessed-it", "new": "secret-new"},
}
"""Bodies that nothing is wrong with."""


def operations() -> list[tuple[str, str]]:
    """Every operation of the document as (method, full path), what changes things last."""
    found = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]
    ordered = sorted(found, key=lambda one: (METHODS.index(one[0]), one[1] == f"{PREFIX}/session"))
    return [(method.upper(), path) for method, path in ordered]


def named(method: str, path: str) -> str:
    """How the table calls it."""
    return f"{method.upper()} {path.removeprefix(PREFIX)}"


def body(name: str, caller: str) -> dict[str, Any] | None:
    """A good body for an operation; a service names a supervisor whom it may act for."""
    for_whom = {"service": "mona", "starter": "mona", "scoped service": "coach"}
    whom = {"supervisor": for_whom[caller]} if caller in for_whom else {}
    if name == "POST /monitors":
        return {"call_id": "of-nobody", **whom}
    if name == "POST /embeds":
        return {"call_id": "of-nobody", "origin": "https://crm.example", **whom}
    if name == "POST /follows":
        return {"agent_user_id": "of-nobody", **whom}
    return BODIES.get(name)


async def ask(world: World, client: Client, method: str, path: str, caller: str = "") -> tuple[int, dict[str, Any]]:
    """One operation with the real ids of the world's things; the answer's body where it is a problem."""
    kind = path.removeprefix(PREFIX).split("/")[1]
    where = path.replace("{id}", world.things.get(kind, "{id}"))
    where = where.replace("{delivery_id}", world.things["delivery_id"])
    assert "{" not in where, f"no id for {path}"
    given = body(named(method, path), caller)
    async with client.http.request(method, world.site.base + where, json=given) as answer:
        is_told = answer.content_type == "application/problem+json"
        return answer.status, await answer.json(content_type=None) if is_told else {}


def test_every_operation_has_its_row() -> None:
    names = {named(method, path) for method, path in operations()}
    assert names == EXPECTED.keys() | OPEN, names ^ (EXPECTED.keys() | OPEN)
    secured = {
        named(method, path)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        if operation["security"]
    }
    assert secured == EXPECTED.keys()


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_strangers_get_nothing_anywhere(site: Site, stranger: str) -> None:
    world = await World(site).begin()
    client = await STRANGERS[stranger](world)
    before = await world.seen()
    for method, path in operations():
        if named(method, path) not in OPEN:
            is_problem(await ask(world, client, method, path), 401, "not_authenticated")
    assert await world.seen() == before


async def judge(world: World, caller: str, make: Role) -> None:
    """Ask everything as one caller; refusals change nothing, and what is allowed works on these very ids."""
    client = await make(world)
    found, wanted = {}, {}
    for method, path in operations():
        name = named(method, path)
        if name in OPEN:
            continue
        before = await world.seen()
        status, problem = await ask(world, client, method, path, caller)
        found[name], wanted[name] = status, EXPECTED[name][caller]
        if status >= 400:
            assert await world.seen() == before, f"{name} was refused to {caller}, and changed something"
            assert world.things["monitors"] not in str(problem), f"{name} tells {caller} of the monitor"
    assert found == wanted


@pytest.mark.parametrize("caller", ROLES)
async def test_ids_of_others(site: Site, caller: str) -> None:
    await judge(await World(site).begin(), caller, ROLES[caller])


@pytest.mark.parametrize("caller", INSIDE)
async def test_ids_of_ones_own_conversation(site: Site, caller: str) -> None:
    number, make = INSIDE[caller]
    await judge(await World(site).begin(number), caller, make)


IDS = {
    "AnswerBody": {"monitor_id"},
    "ExemptBody": {"user_ids"},
    "TakeBody": {"device"},
    "StartBody": {"call_id", "agent_extension", "customer_number", "device", "supervisor"},
    "TokenBody": {"user", "may_act_for"},
    "EmbedBody": {"call_id", "supervisor"},
    "FollowBody": {"agent_user_id", "device", "supervisor"},
    "TeamBody": {"members", "supervisors"},
    "TeamPatch": {"members", "supervisors"},
}
"""Fields of bodies that name other things."""
VALUES = set(
    "username name role password extension device devices can_monitor modes phone_message active pbx token current new "
    "mode scopes scope queues expires_at url events enabled reason numbers text mark visible_to_agent note "
    "scores questions limits shield_seconds seconds calls rules link origin".split()
)
"""Fields that don't."""


def test_no_field_that_names_a_thing_is_forgotten() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    bodies = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
        if "requestBody" in operation
    }
    assert bodies > IDS.keys()
    for name in bodies:
        assert schemas[name]["properties"].keys() <= VALUES | IDS.get(name, set()), name


async def test_ids_in_bodies(site: Site) -> None:
    world = await World(site).begin()
    sam, ana, coach = [await site.client(name) for name in ("sam", "ana", "coach")]
    service = await world.program("other", may_act_for=["coach"])
    call = {"call_id": world.things["calls"]}
    before = await world.seen()
    for client in (sam, ana):
        is_problem(await client.post("/monitors", call), 403, "forbidden")
    for device in ("PJSIP/302", "PJSIP/101", "PJSIP/201"):
        is_problem(await coach.post("/monitors", {**call, "device": device}), 403, "forbidden")
    is_problem(await coach.post("/monitors", {**call, "supervisor": "mona"}), 403, "forbidden")
    for name in ("mona", "admin", "nobody"):
        is_problem(await service.post("/monitors", {**call, "supervisor": name}), 403, "forbidden")
    is_problem(await service.post("/monitors", {**call, "supervisor": "coach", "mode": "barge"}), 403, "forbidden")
    for given in ({"user": "admin"}, {"may_act_for": ["admin", "mona"]}):
        is_problem(await coach.post("/tokens", {"name": "mine", **given}), 403, "forbidden")
    assert await world.seen() == before


async def test_an_idempotency_key_of_somebody_else_answers_nothing_of_theirs(site: Site) -> None:
    site.talk()
    mona, coach = await site.client("mona"), await site.client("coach")
    key, wish = {"Idempotency-Key": "theirs"}, {"agent_extension": "101"}
    _, theirs = await mona.ask("POST", "/monitors", wish, headers=key)
    status, mine = await coach.ask("POST", "/monitors", wish, headers=key)
    assert (status, mine["id"] != theirs["id"], mine["supervisor"]["name"]) == (201, True, "Coach")


async def test_the_phone_of_another_session_is_out_of_reach(site: Site) -> None:
    mona, other, coach = await site.client("mona"), await site.client("mona"), await site.client("coach")
    status, phone = await mona.post("/softphone", {})
    assert status == 200
    headers = {"Origin": site.base, "Sec-WebSocket-Protocol": "sip"}
    for client in (other, coach):
        is_problem(await client.ask("GET", "/sip", headers=headers), 409, "device_unavailable")
        assert (await client.delete("/softphone"))[0] == 204
    _, mine = await other.post("/softphone", {})
    assert mine["endpoint"] != phone["endpoint"]
    assert mine["password"] != phone["password"]
    is_problem(
        await coach.post("/monitors", {"call_id": "x", "device": f"PJSIP/{phone['endpoint']}"}), 404, "not_found"
    )
    site.talk()
    wish = {"agent_extension": "101", "device": f"PJSIP/{phone['endpoint']}"}
    is_problem(await coach.post("/monitors", wish), 403, "forbidden")
