"""The API's description: complete, true, and held against the running application by schemathesis."""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import pytest

from adapter.web.app import all_routes
from tests.support.site import Site

EXAMPLES = {"administrator": 5, "service": 2, "nobody": 1}
"""Cases for each operation and phase, the same in each run; who may little is refused most. `make soak` makes more."""
MANY = 40

SEMANTIC = """
[checks]
negative_data_rejection.expected-statuses = ["4xx", "5xx"]

[[operations]]
include-name = [
    "POST /api/v1/webhooks", "PATCH /api/v1/webhooks/{id}", "POST /api/v1/monitors", "POST /api/v1/setup",
    "POST /api/v1/follows",    "POST /api/v1/users", "PATCH /api/v1/users/{id}", "POST /api/v1/session/password",
    "POST /api/v1/tokens", "POST /api/v1/teams", "PATCH /api/v1/teams/{id}", "PUT /api/v1/do-not-monitor",
    "PUT /api/v1/consent", "GET /api/v1/calls/by", "POST /api/v1/embeds",
    "PUT /api/v1/score-form", "POST /api/v1/calls/{id}/notes", "PATCH /api/v1/notes/{id}", "GET /api/v1/notes",
    "GET /api/v1/audit", "GET /api/v1/audit.csv", "GET /api/v1/reports/coaching", "GET /api/v1/reports/coaching.csv",
]
checks.positive_data_acceptance.enabled = false
"""
"""What a schema can't say: where a hook's URL may lead, which keys were used, that a service names a supervisor,
which passwords are guessed first, what time it is, which extensions the star codes leave, whose ids there are,
what is a telephone number, whether there is an announcement, that a note needs words or is a mark, that a span does
not end before it begins, that a call is looked up by one thing at a time, which sites may show frames."""


async def test_every_route_is_described(site: Site) -> None:
    async with aiohttp.ClientSession() as http, http.get(site.base + "/openapi.json") as answer:
        assert answer.status == 200
        document = await answer.json()
    assert document["openapi"].startswith("3.1")
    for path, route in all_routes():
        operation = document["paths"][path][route.method.lower()]
        assert operation["summary"].endswith("."), path
        assert str(route.returns.status) in operation["responses"], path
        if route.right is not None:
            assert {"401", "403"} <= operation["responses"].keys(), path
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))
    assert document["paths"].keys() >= {"/api/v1/monitors", "/api/v1/audit", "/healthz", "/metrics"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("database_url", "who"),
    [("postgresql", "administrator"), ("sqlite", "service"), ("sqlite", "nobody")],
    indirect=["database_url"],
)
async def test_schemathesis_finds_no_failure(site: Site, tmp_path: Path, who: str) -> None:
    await finds_no_failure(site, tmp_path, who, EXAMPLES[who])


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("who", ["administrator", "service", "nobody"])
async def test_schemathesis_finds_no_failure_in_many_cases(site: Site, tmp_path: Path, who: str) -> None:
    await finds_no_failure(site, tmp_path, who, MANY)


async def finds_no_failure(site: Site, tmp_path: Path, who: str, examples: int) -> None:
    """Schemathesis asks everything that this somebody may, and more."""
    site.talk()
    admin = await site.client("admin")
    bodies = {
        "administrator": {"name": "a", "user": "admin", "scopes": ["monitor", "admin", "metrics"]},
        "service": {"name": "s", "may_act_for": ["mona"], "scopes": ["monitor", "metrics"]},
    }
    arguments: list[str] = []
    if who in bodies:
        _, token = await admin.post("/tokens", bodies[who])
        arguments = ["--header", f"Authorization: Bearer {token['token']}"]
    async with admin.http.get(site.base + "/openapi.json") as answer:
        document = await answer.json()
    del document["components"]["securitySchemes"]["session"]  # a wrong cookie beside a right token changes nothing
    (tmp_path / "openapi.json").write_text(json.dumps(document).replace('{"session": []}, ', ""))
    (tmp_path / "schemathesis.toml").write_text(SEMANTIC)
    process = await asyncio.create_subprocess_exec(
        *[str(Path(sys.executable).with_name("schemathesis")), "run", "openapi.json", "--url", site.base, *arguments],
        *[
            "--max-examples",
            str(examples),
            "--exclude-path",
            "/api/v1/events",
            "--exclude-path",
            "/api/v1/tokens/{id}",
            "--no-color",
            "--seed",
            "1",
        ],
        *["--request-timeout", "10", "--phases", "examples,coverage,fuzzing"],
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, "\n".join(line[:300] for line in output.decode().splitlines())[-20_000:]
    assert "passed" in output.decode()
