"""Consent: which calls have an announcement or beeps, for administrators."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import Field, StrictInt

from adapter.core.audit import Action
from adapter.core.call import Direction
from adapter.core.consent import ConsentRule, Listener, Sound, rule_view
from adapter.errors import Invalid
from adapter.monitoring.consentrules import ConsentWatch
from adapter.store.consent import ConsentStore
from adapter.store.teams import Teams
from adapter.web.access import administers
from adapter.web.answers import Answer
from adapter.web.fields import Identifier, Printable, Visible
from adapter.web.models import Body
from adapter.web.routes import RequestContext, Returns, Routes

USUALLY = 15
"""Seconds between beeps where a rule does not say."""
MOST = 100
"""Rules."""


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    store: ConsentStore
    watch: ConsentWatch
    teams: Teams
    has_announcement: bool
    """Whether the configuration names one."""


QueueName = Annotated[str, Field(min_length=1, max_length=100), Printable, Visible]
Every = Annotated[StrictInt, Field(ge=5, le=120)]


class RuleBody(Body):
    """One rule; all conditions that are given must hold."""

    queue: QueueName | None = Field(None, description="The queue that brought the call, in any case.")
    team_id: Identifier | None = Field(None, description="The agent is a member of this team.")
    direction: Direction | None = None
    sound: Sound = Field(description="`announcement`: once, at the start. `beep`: at the start, and again and again.")
    to: Listener = Field(Listener.BOTH, description="An announcement is always for both.")
    every_seconds: Every | None = Field(None, description=f"Of beeps only; {USUALLY} if not given.")


class ConsentBody(Body):
    """PUT /consent: all rules, in their order."""

    rules: Annotated[list[RuleBody], Field(max_length=MOST)]


class RuleAnswer(Answer):
    """One rule."""

    queue: str | None
    team_id: str | None
    direction: Direction | None
    sound: Sound
    to: Listener
    every_seconds: int | None


class Consent(Answer):
    """Which calls have an announcement or beeps."""

    rules: list[RuleAnswer]


routes = Routes("consent", Deps)


def _answer(rules: Sequence[ConsentRule]) -> web.Response:
    return web.json_response({"rules": [rule_view(rule) for rule in rules]})


def _rule(place: int, body: RuleBody, deps: Deps) -> ConsentRule:
    """What a body means. Raises Invalid."""
    at = f"rules.{place}"
    if body.every_seconds is not None and body.sound is not Sound.BEEP:
        raise Invalid.at(f"{at}.every_seconds", "only beeps are repeated", "only_beeps")
    if body.sound is Sound.ANNOUNCEMENT:
        if body.to is not Listener.BOTH:
            raise Invalid.at(f"{at}.to", "an announcement is always for both", "for_both")
        if not deps.has_announcement:
            what = "there is none: set [consent] announcement in the configuration first"
            raise Invalid.at(f"{at}.sound", what, "no_announcement")
    every = (body.every_seconds or USUALLY) if body.sound is Sound.BEEP else None
    to = body.to if body.sound is not Sound.NONE else Listener.BOTH
    queue = body.queue.strip() if body.queue is not None else None
    return ConsentRule(body.sound, to, every, queue, body.team_id, body.direction)


@routes.plain("GET", "/consent", Returns(model=Consent), administers)
async def get_consent(context: RequestContext[Deps, None]) -> web.Response:
    """The rules: the first whose conditions all hold decides; a call that none covers has no sound.

    They hold for every call that they cover, whether anybody listens or not.
    """
    return _answer(await context.deps.store.load())


@routes.taking(
    "PUT",
    "/consent",
    ConsentBody,
    Returns(model=Consent),
    administers,
    audit=Action.CONSENT_CHANGED,
)
async def put_consent(context: RequestContext[Deps, ConsentBody]) -> web.Response:
    """Replace all rules. In force when this is answered, at another adapter a second later; for calls that run, too."""
    deps = context.deps
    rules = [_rule(place, body, deps) for place, body in enumerate(context.body.rules)]
    known = {team.id for team in await deps.teams.all()}
    for place, rule in enumerate(rules):
        if rule.team_id is not None and rule.team_id not in known:
            raise Invalid.at(f"rules.{place}.team_id", "there is no such team", "unknown_team")
    kept = await deps.store.put(rules, context.principal.by)
    await deps.watch.take(kept)
    return _answer(kept)
