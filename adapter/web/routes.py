"""Declares routes. Every request takes the same steps, and the API description is generated from the declarations:

    authentication (401, foreign origin 403) → JSON (400) → permission (403) → validation (422) → the handler

So the contract's order of refusals holds everywhere, and refusals are written to the audit where a route says so.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

import structlog
from aiohttp import web
from pydantic import BaseModel

from adapter.core.audit import Action, Entry, Result
from adapter.core.record import Record
from adapter.errors import AdapterError, NotAuthenticated
from adapter.store import budget
from adapter.web.access import ACCESS, Access, Right, anybody, asking
from adapter.web.body import ModelT, read_object, validate
from adapter.web.embedaccess import need_allowed, need_own
from adapter.web.principal import Principal

DepsT = TypeVar("DepsT")
BodyT = TypeVar("BodyT")
REFUSED = frozenset({403, 404, 409})
"""Statuses that refuse a valid request, and are audited as such; 400, 401, 422 and 429 are not audited."""
FAILED = frozenset({502, 503, 504})
"""Statuses of requests that failed."""


@dataclass(slots=True)
class RequestContext(Generic[DepsT, BodyT]):
    """One request with what is known about it so far, and the dependencies of its group of routes."""

    request: web.Request
    access: Access
    deps: DepsT
    caller: Principal | None = None
    raw: dict[str, Any] = field(default_factory=dict)
    given: BodyT | None = None
    problem: AdapterError | None = None
    """Why it is refused, for the audit."""

    @property
    def principal(self) -> Principal:
        """Who is making the request. Raises NotAuthenticated, also on routes without authentication."""
        if self.caller is None:
            raise NotAuthenticated("Sign in first.")
        return self.caller

    @property
    def body(self) -> BodyT:
        """The body, for handlers that declared one."""
        return cast(BodyT, self.given)

    def part(self, name: str = "id") -> str:
        """A variable part of the path."""
        return self.request.match_info[name]

    def query(self, model: type[ModelT]) -> ModelT:
        """The query as its model. Raises Invalid."""
        given: dict[str, Any] = {}
        for name, value in self.request.query.items():
            given[name] = [value, "given twice"] if name in given else value
        return validate(model, given)


Handler = Callable[[RequestContext[DepsT, BodyT]], Awaitable[web.StreamResponse]]
About = Callable[[RequestContext[DepsT, Any]], Awaitable[Mapping[str, Any]]]
"""Returns the fields of the audit entry for a refused request."""


@dataclass(frozen=True, slots=True)
class Returns:
    """A successful answer: its status, its model, and its media type if it isn't JSON."""

    status: int = 200
    model: Any = None
    media: str = "application/json"
    headers: Sequence[str] = ()


NOTHING = Returns(204)


@dataclass(frozen=True, slots=True)
class Route:
    """One declared route."""

    key: web.AppKey[Any]
    """The application key of the group's dependencies."""
    method: str
    path: str
    handler: Handler[Any, Any]
    returns: Returns
    right: Right | None
    """None: no authentication."""
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    errors: Sequence[type[AdapterError]] = ()
    service: bool = False
    """Whether a service token may use this route."""
    audit: Action | None = None
    about: About[Any] | None = None
    audited: frozenset[int] = REFUSED | FAILED
    """Statuses of errors that are entries of the audit; of others the handler tells itself."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Request headers that it reads, with their descriptions."""
    tag: str = ""
    patient: bool = False
    """Whether its work in the database may take as long as it takes: long tables."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The handler that aiohttp calls."""
        with budget.limited(None if self.patient else budget.REQUEST):
            return await self._handle(request)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        context: RequestContext[Any, Any] = RequestContext(request, request.app[ACCESS], request.app[self.key])
        try:
            await self._check(context)
            return await self.handler(context)
        except AdapterError as problem:
            context.problem = problem
            context.access.count_refusal(problem.code)
            await self._audit_refusal(context, problem)
            raise

    async def _check(self, context: RequestContext[Any, Any]) -> None:
        if self.right is not None:
            context.caller = await asking(context.request)
            structlog.contextvars.bind_contextvars(actor=context.caller.by.actor)
        if self.body is not None:
            context.raw = await read_object(context.request)
        if context.caller is not None and context.caller.embed is not None:
            need_allowed(f"{self.method} {self.path}")
        if self.right is not None:
            self.right(context.principal, context.access)
            if not self.service:
                _ = context.principal.person
        if self.body is not None:
            context.given = validate(self.body, context.raw)
        await self._keep_embed_to_its_call(context)

    async def _keep_embed_to_its_call(self, context: RequestContext[Any, Any]) -> None:
        embed, sessions = context.caller.embed if context.caller else None, context.access.embeds
        if embed is not None and sessions is not None:
            part = context.request.match_info.get("id", "")
            await need_own(sessions, embed, f"{self.method} {self.path}", part, context.given)

    async def _audit_refusal(self, context: RequestContext[Any, Any], problem: AdapterError) -> None:
        if self.audit is None or context.caller is None or problem.status not in self.audited:
            return
        result = Result.REFUSED if problem.status in REFUSED else Result.FAILED
        about = await self.about(context) if self.about else {"target": context.request.match_info.get("id")}
        by, now = context.caller.by, context.access.clock()
        entry = Entry(at=now, by=by, action=self.audit, result=result, reason=problem.code, **about)
        context.access.note(Record(entries=[entry]))


class Routes(Generic[DepsT]):
    """The routes of one group. `deps` is the class of their dependencies."""

    def __init__(self, tag: str, deps: type[DepsT]) -> None:
        self.tag = tag
        self.key: web.AppKey[DepsT] = web.AppKey(tag, deps)
        self.all: list[Route] = []

    def plain(
        self, method: str, path: str, returns: Returns, right: Right | None = anybody, **more: Any
    ) -> Callable[[Handler[DepsT, None]], Handler[DepsT, None]]:
        """Declare a route whose request has no body."""

        def declare(handler: Handler[DepsT, None]) -> Handler[DepsT, None]:
            self.all.append(Route(self.key, method, path, handler, returns, right, tag=self.tag, **more))
            return handler

        return declare

    def taking(
        self, method: str, path: str, body: type[ModelT], returns: Returns, right: Right | None = anybody, **more: Any
    ) -> Callable[[Handler[DepsT, ModelT]], Handler[DepsT, ModelT]]:
        """Declare a route that takes a JSON object."""

        def declare(handler: Handler[DepsT, ModelT]) -> Handler[DepsT, ModelT]:
            self.all.append(Route(self.key, method, path, handler, returns, right, body, tag=self.tag, **more))
            return handler

        return declare
