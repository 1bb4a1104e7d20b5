"""Stop all monitoring: the administrators' one button for it, also while the record is away."""

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass

from aiohttp import web

from adapter import errors
from adapter.core.audit import Action, Entry
from adapter.core.record import Record
from adapter.core.views import Json, Visibility, monitor_view
from adapter.fleet.nodes import Nodes
from adapter.monitoring.boards import Boards
from adapter.monitoring.stopall import Stopped
from adapter.web import answers
from adapter.web.access import administers
from adapter.web.models import StopAllBody
from adapter.web.principal import Principal
from adapter.web.routes import REFUSED, RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What this route works with."""

    boards: Boards
    nodes: Nodes
    committed: Callable[[str], Awaitable[None]]
    """Returns once all that has happened so far is in the database. Raises RecordUnavailable."""


routes = Routes("monitors", Deps)


def _views(principal: Principal, boards: Boards, ids: Iterable[str]) -> Iterator[Json]:
    for monitor in filter(None, map(boards.monitor, ids)):
        sight = boards.visibility(principal.person, monitor, principal.who)
        if sight is not Visibility.NOTHING:
            yield monitor_view(monitor, sight, principal.person)


@routes.taking(
    "POST",
    "/monitors/stop-all",
    StopAllBody,
    Returns(model=answers.StoppedAll),
    administers,
    errors=[errors.PbxTimeout],
    audit=Action.STOPPED_ALL,
    audited=REFUSED,
)
async def stop_all(context: RequestContext[Deps, StopAllBody]) -> web.Response:
    """End every monitor everywhere; answered once the legs are gone. Needs no record.

    Monitors that one may not see (silent ones on a conversation that one is in) end too, but are not counted, not
    waited for, and cause no error. 504 has `stopped`, and in `monitors` those that Asterisk did not confirm in time:
    they end as soon as it can be reached.
    """
    boards, principal, reason = context.deps.boards, context.principal, context.body.reason
    seen = {monitor.id for monitor in boards.visible(principal.person, principal.who)}
    seen |= {one.id for one in boards.follows() if boards.follow_visible(principal.person, one, principal.who)}
    # Whatever becomes of it, and whether there is anything to stop: this entry shows to everybody who reads the audit.
    asked = Entry(at=context.access.clock(), by=principal.by, action=Action.STOPPED_ALL, reason=reason)
    context.access.note(Record(entries=[asked]))
    stopped = await context.deps.nodes.stop_all(principal.person, principal.by, reason, seen)
    if stopped.left or stopped.unreached:
        raise errors.PbxTimeout(
            _not_all(stopped),
            stopped=stopped.gone,
            monitors=list(_views(principal, boards, stopped.left)),
        )
    with contextlib.suppress(errors.RecordUnavailable):  # ends need no record: it is written on its return
        await context.deps.committed("")
    return web.json_response({"stopped": stopped.gone})


def _not_all(stopped: Stopped) -> str:
    words = [f"{stopped.gone} ended."]
    if stopped.unreached:
        words.append(
            f"Who looks after {', '.join(sorted(stopped.unreached))} did not say that all has ended there. Ask again."
        )
    elif stopped.left:
        words.append(
            f"Asterisk did not confirm the end of {len(stopped.left)} more in time: they end as soon as it can be "
            "reached. Hang up those phones."
        )
    return " ".join(words)
