"""The API description (OpenAPI 3.1), generated from the declared routes and the models that validate.

`python -m adapter.web` prints it; `make schema` generates the page's types from it.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from adapter import __version__, errors
from adapter.core.modes import Mode
from adapter.web import answers, flooranswers
from adapter.web.codes import table
from adapter.web.follows import FollowAnswer
from adapter.web.help import HelpAnswer
from adapter.web.messages import MessageAnswer
from adapter.web.principal import COOKIE
from adapter.web.problems import CONTENT_TYPE
from adapter.web.proxy import Misdirected
from adapter.web.routes import Route

Json = dict[str, Any]
Declared = Sequence[tuple[str, Route]]
REF = "#/components/schemas/{model}"
TAGS = {
    "session": "Signing in and out",
    "calls": "Calls that can be monitored",
    "floor": "Agents and queues",
    "help": "Agents who ask for help",
    "shield": "Monitoring of a call is paused, as while a card number is read out",
    "follows": "Following agents",
    "embeds": "A call in a frame of a CRM's page",
    "notes": "What supervisors write about calls",
    "reports": "The coaching that took place",
    "do not monitor": "Whom nobody may monitor",
    "consent": "Which calls have an announcement or beeps",
    "monitors": "Listening, whispering, joining",
    "messages": "Text between a supervisor and the agent whom they talk to",
    "events": "The live stream",
    "softphone": "The page as a phone",
    "audit": "Who did what",
    "webhooks": "Events for programs",
    "tokens": "Access for programs",
    "users": "Accounts and rights",
    "operations": "Health and metrics",
}


class Snapshot(answers.Answer):
    """Everything that the user sees; `record` only for users who may monitor."""

    user: answers.User
    calls: list[answers.Call]
    monitors: list[answers.Monitor]
    pbx: answers.PbxState
    pbxs: list[answers.NamedPbxState]
    agents: list[flooranswers.AgentStatus]
    queues: list[flooranswers.QueueStatus]
    help: list[HelpAnswer]
    follows: list[FollowAnswer]
    messages: list[MessageAnswer]
    message_keep_days: int = Field(description="For how long messages are kept; 0: only until the monitor ends.")
    record: "RecordState | None" = None


class Gone(answers.Answer):
    """A call, monitor, agent or queue that the user no longer sees."""

    id: str


class Talker(answers.Answer):
    """The supervisor who is talking, as shown to the agent."""

    name: str


class Coach(answers.Answer):
    """A supervisor talks to the agent, or has stopped."""

    monitor_id: str
    call_id: str
    supervisor: Talker
    mode: Mode


class RecordState(answers.Answer):
    """Whether the database can be written."""

    state: Literal["ok", "failing"]
    since: answers.Time


class Events(BaseModel):
    """The events of `GET /events`: for each name, the type of its `data`."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", ".", 1))

    snapshot: Snapshot
    call_updated: answers.Call
    call_removed: Gone
    monitor_updated: answers.Monitor
    monitor_removed: Gone
    monitor_ended: answers.Monitor
    coach_joined: Coach
    coach_left: Coach
    agent_updated: flooranswers.AgentStatus
    agent_removed: Gone
    queue_updated: flooranswers.QueueStatus
    queue_removed: Gone
    pbx_state: answers.NamedPbxState
    record_state: RecordState
    help_updated: HelpAnswer
    help_removed: Gone
    follow_updated: FollowAnswer
    follow_removed: Gone
    message_sent: MessageAnswer


def document(declared: Declared) -> Json:
    """The whole description, as a JSON object."""
    schemas = _schemas(declared)
    paths: dict[str, Json] = {}
    for path, route in declared:
        paths.setdefault(path, {})[route.method.lower()] = _operation(path, route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Call monitor",
            "version": __version__,
            "description": "Live call coaching on Asterisk: listen to a call, whisper to its agent, join it. "
            "Answers contain only what Asterisk confirmed. Errors are RFC 9457 problem documents with a stable "
            f"`code`:\n\n{table()}\n",
        },
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "POST /api/v1/session"},
                "token": {"type": "http", "scheme": "bearer", "description": "A program's token"},
            },
        },
    }


def _schemas(declared: Declared) -> Json:
    incoming = {route.body for _, route in declared if route.body}
    outgoing: set[type[BaseModel]] = {route.returns.model for _, route in declared if route.returns.model}
    outgoing |= {answers.Problem, Events}
    modes: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in sorted(incoming, key=_name)]
    modes += [(model, "serialization") for model in sorted(outgoing, key=_name)]
    _, definitions = models_json_schema(modes, ref_template=REF)
    found: Json = definitions["$defs"]
    return found


def _name(model: type[BaseModel]) -> str:
    return model.__name__


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": REF.format(model=model.__name__)}


def _operation(path: str, route: Route) -> Json:
    summary, _, more = (route.handler.__doc__ or "").strip().partition("\n")
    operation: Json = {
        "operationId": route.handler.__name__,
        "tags": [route.tag],
        "summary": summary,
        "parameters": list(_parameters(path, route)),
        "responses": _responses(route),
        "security": [{"session": []}, {"token": []}] if route.right else [],
    }
    if more.strip():
        operation["description"] = more.strip()
    if route.body:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(route.body)}}}
    return operation


def _parameters(path: str, route: Route) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for name, meaning in route.headers.items():
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
        yield {"name": name, "in": "header", "required": False, "description": meaning, "schema": schema}
    if route.query:
        found = route.query.model_json_schema(ref_template=REF)
        definitions = found.get("$defs", {})
        for name, schema in found["properties"].items():
            meaning = schema.pop("description", "")
            inlined = _inline(schema, definitions)
            yield {"name": name, "in": "query", "required": False, "description": meaning, "schema": inlined}


def _inline(schema: Json, definitions: Json) -> Json:
    """A query parameter's schema without references or null: an optional parameter is left out instead."""
    choices = [choice for choice in schema.get("anyOf", [schema]) if choice.get("type") != "null"]
    found: Json = dict(choices[0])
    if "$ref" in found:
        found = dict(definitions[found["$ref"].rpartition("/")[2]])
    return {name: value for name, value in found.items() if name not in ("title", "default")}


def _responses(route: Route) -> Json:
    returns = route.returns
    good: Json = {"description": HTTPStatus(returns.status).phrase}
    if returns.model:
        good["content"] = {returns.media: {"schema": _ref(returns.model)}}
    elif returns.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.SWITCHING_PROTOCOLS):
        good["content"] = {returns.media: {"schema": {"type": "string"}}}
    if returns.headers:
        good["headers"] = {name: {"schema": {"type": "string"}} for name in returns.headers}
    found: Json = {str(returns.status): good}
    for status, codes in sorted(_problems(route).items()):
        found.setdefault(str(status), _problem(f"{HTTPStatus(status).phrase}: {', '.join(sorted(codes))}"))
    if route.handler.__name__ == "readyz":
        found["503"] = {**good, "description": "Not ready"}
    return found


def _problem(text: str) -> Json:
    return {"description": text, "content": {CONTENT_TYPE: {"schema": _ref(answers.Problem)}}}


def _problems(route: Route) -> dict[int, set[str]]:
    kinds: list[type[errors.AdapterError]] = list(route.errors)
    if route.right or route.body:
        kinds += [errors.Forbidden, errors.StoreUnavailable, Misdirected]
    if route.right:
        kinds.append(errors.NotAuthenticated)
    if route.body:
        kinds.append(errors.Malformed)
    if route.body or route.query or route.headers:
        kinds.append(errors.Invalid)
    found: dict[int, set[str]] = {500: {"internal"}}
    for kind in kinds:
        found.setdefault(kind.status, set()).add(kind.code)
    if route.body:
        found |= {408: {"too_slow"}, 413: {"too_large"}}
    return found


def serve(declared: Declared) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler that answers with the description: made when somebody first asks, beside what else goes on."""

    @cache
    def text() -> str:
        return json.dumps(document(declared), ensure_ascii=False)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=await asyncio.to_thread(text), content_type="application/json")

    return answer
