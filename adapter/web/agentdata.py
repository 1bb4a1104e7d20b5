"""What is kept of an agent's coaching, for who answers a request by data protection law: given out, or deleted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import Field

from adapter import errors
from adapter.core.audit import Action
from adapter.core.help_views import HelpSight, help_view
from adapter.core.message_views import exported_view
from adapter.core.notes import note_view
from adapter.store.agentdata import AgentData
from adapter.web.access import administers
from adapter.web.answers import Answer
from adapter.web.help import HelpAnswer
from adapter.web.messages import MessageAnswer
from adapter.web.noteanswers import NoteAnswer
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    store: AgentData


class AgentDataAnswer(Answer):
    """What is kept, oldest first."""

    agent: str
    notes: list[NoteAnswer]
    help: list[HelpAnswer]
    messages: list[MessageAnswer] = Field(description="Their monitor_id is that of the talk, as the agent knows it.")


routes = Routes("notes", Deps)
ERRORS = (errors.NotFound, errors.StoreUnavailable)


def _agent(context: RequestContext[Deps, Any]) -> str:
    """Whom the path names. Raises Forbidden for oneself: notes that were not released are not to be got that way."""
    agent, user = context.part(), context.principal.person
    if agent.lower() == user.username.lower():
        raise errors.Forbidden("Ask another administrator: nobody reads or deletes what was written about themselves.")
    return agent


async def _about(context: RequestContext[Deps, Any]) -> Mapping[str, Any]:
    return {"target": context.part()[:100]}


@routes.plain(
    "GET",
    "/coaching/agents/{id}",
    Returns(model=AgentDataAnswer),
    administers,
    errors=ERRORS,
    audit=Action.COACHING_EXPORTED,
    about=_about,
)
async def export_agent(context: RequestContext[Deps, None]) -> web.Response:
    """Notes about an agent, their requests for help, and messages with supervisors that are kept; by username.

    Without an account by the endpoint's name. Of conversations that still go on nothing. Nobody gets their own. That it
    was given out is in the audit.
    """
    kept = await context.deps.store.export(_agent(context), context.principal.by, context.principal.person.id)
    return web.json_response(
        {
            "agent": kept.agent,
            "notes": [note_view(note) for note in kept.notes],
            "help": [help_view(one, HelpSight.EVERYTHING) for one in kept.help],
            "messages": [exported_view(message) for message in kept.messages],
        }
    )


@routes.plain(
    "DELETE",
    "/coaching/agents/{id}",
    NOTHING,
    administers,
    errors=ERRORS,
    audit=Action.COACHING_DELETED,
    about=_about,
)
async def delete_agent(context: RequestContext[Deps, None]) -> web.Response:
    """Delete the same, for good. Of conversations that still go on nothing: ask again afterwards.

    The audit stays, with who did what to whom and no words of it.
    """
    await context.deps.store.delete(_agent(context), context.principal.by, context.principal.person.id)
    return web.Response(status=204)
