"""Which adapters there are, and which PBX each looks after, for administrators. It tells nothing of calls."""

from dataclasses import dataclass

from aiohttp import web
from pydantic import Field

from adapter.core.pbx import LinkState
from adapter.core.views import Json, time_view
from adapter.fleet.members import Members, MemberShown, PbxShown
from adapter.web.access import administers
from adapter.web.answers import Answer, Time
from adapter.web.routes import RequestContext, Returns, Routes


class ClusterMember(Answer):
    """One adapter of the installation."""

    id: str
    host: str
    pid: int
    version: str
    started_at: Time
    seen_at: Time = Field(description="When it last said that it is alive; it does so every second.")
    owns: list[str] = Field(description="Ids of the PBXes that it looks after.")


class ClusterPbx(Answer):
    """One PBX of the installation, as the answering adapter sees it."""

    id: str
    name: str
    state: LinkState
    since: Time
    owner: str | None = Field(description="Id of the adapter that looks after it; null while none does.")


class Cluster(Answer):
    """All adapters and all PBXes."""

    members: list[ClusterMember]
    pbxs: list[ClusterPbx]


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    members: Members


routes = Routes("operations", Deps)


@routes.plain("GET", "/cluster", Returns(model=Cluster), administers)
async def cluster(context: RequestContext[Deps, None]) -> web.Response:
    """Every adapter of the installation, and who looks after which PBX; one adapter where there is one."""
    known = context.deps.members
    answer = {"members": [*map(_member, known.members())], "pbxs": [*map(_pbx, known.pbxs())]}
    return web.json_response(answer)


def _member(one: MemberShown) -> Json:
    times = {"started_at": time_view(one.started_at), "seen_at": time_view(one.seen_at)}
    named = {"id": one.id, "host": one.host, "pid": one.pid, "version": one.version}
    return named | times | {"owns": list(one.owns)}


def _pbx(one: PbxShown) -> Json:
    since = time_view(one.since)
    return {"id": one.id, "name": one.name, "state": one.state.value, "since": since, "owner": one.owner}
