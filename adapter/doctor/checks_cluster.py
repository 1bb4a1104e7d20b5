"""Checks of what several adapters of one installation share: the NATS servers and the database."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from adapter import config, wiring
from adapter.core.legs import LegNames
from adapter.core.ownership import Cluster, Member
from adapter.doctor.findings import Area, Finding, Remedy
from adapter.errors import AdapterError, ConfigError
from adapter.fleet import natstrial
from adapter.fleet.natstrial import Trial
from adapter.store.database import Database
from adapter.store.installation import KEY
from adapter.store.owners import Owners
from adapter.store.tables import FactRow

AREA = Area("cluster")
RENEWED = 2.5
"""Seconds in which an adapter that lives has given a sign of life; it gives one every second."""
ASKED = """SELECT current_setting('server_version'), current_setting('synchronous_standby_names'),
    coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
    host(inet_client_addr()), host(inet_server_addr())"""
PERMISSIONS = 'permissions: { publish: { allow: "cm.>" }, subscribe: { allow: "cm.>" } }'


@dataclass(frozen=True, slots=True)
class Server:
    """What PostgreSQL says of itself, and of our connection."""

    version: str
    standbys: str
    """synchronous_standby_names: who must have a commit before it is answered."""
    encrypted: bool
    client: str | None
    """Whence we come, as it sees it; None by a socket of this machine."""
    server: str | None


async def check_cluster(settings: config.Settings) -> list[Finding]:
    """Check them, if this adapter is one of several. Changes nothing; a message goes to a subject that nobody reads."""
    try:
        access = wiring.nats(settings)
    except ConfigError as problem:
        return [AREA.wrong("settings", problem.detail)]
    if access is None:
        return []
    database = Database(settings.database_url)
    try:
        async with database.read() as session:
            fact = await session.get(FactRow, KEY)
            server = Server(*(await session.execute(text(ASKED))).one())
        if fact is None:
            return [AREA.unknown("NATS", "no adapter was started with this database yet; check again after that.")]
        before = await Owners(database).look()
        tag = LegNames.of(bytes.fromhex(fact.value)).tag
        trials, _ = await asyncio.gather(natstrial.tried(access, tag), asyncio.sleep(RENEWED))
        after = await Owners(database).look()
    except AdapterError as problem:
        return [AREA.unknown("NATS", f"without the database nothing is known of this installation: {problem.detail}")]
    finally:
        await database.close()
    return [
        judged_server(server),
        *(finding for trial in trials for finding in judged(trial, tag)),
        *(_alone_on_its_machine(access.urls) if not access.secure else ()),
        *members(before, after, [pbx.id for pbx in settings.pbx]),
    ]


def judged_server(found: Server) -> Finding:
    """Whether anybody on the way could read along, and what a failover would cost. Pure."""
    here = found.client is None or found.client == found.server
    if not found.encrypted and not here:
        url = Remedy("[database]", ('url = "postgresql+asyncpg://…?ssl=verify-full"',))
        return AREA.warning("PostgreSQL", f"{found.server} is reached over a network without TLS.", url)
    way = "over TLS" if found.encrypted else "on this machine"
    safe = f"commits wait for {found.standbys}" if found.standbys else "no synchronous standby"
    return AREA.ok("PostgreSQL", f"{found.version}, {way}; {safe}.")


def judged(trial: Trial, tag: str) -> Iterator[Finding]:
    """What a trial at one NATS server showed. `tag`: the installation's. Pure."""
    if trial.problem is not None:
        yield AREA.wrong("NATS", f"{trial.url} can't be used: {trial.problem}.", _way_out(trial.problem))
        return
    where = Remedy(
        f"the NATS server's configuration, user {{ … }} (cm.{tag}.> is enough)",
        (PERMISSIONS,),
        "nats-server --signal reload",
    )
    if not trial.carried:
        yield AREA.wrong("NATS", f"{trial.url} does not carry the subjects cm.{tag}.> for this user.", where)
    else:
        yield AREA.ok("NATS", f"{trial.url} takes us in and carries cm.{tag}.>.")
    if not trial.kept_to_ours:
        what = f"{trial.url} lets this user hear everything that anybody says there; the adapters need cm.> only."
        yield AREA.warning("NATS permissions", what, where)


def _way_out(problem: str) -> Remedy | None:
    text = problem.lower()
    if "authorization" in text or "authentication" in text:
        lines = ('username = "call-monitor"', 'password_file = "/etc/call-monitor/nats.password"')
        return Remedy("[cluster], as the server's configuration names the user", lines)
    if "certificate" in text or "ssl" in text or "tls" in text:
        lines = ('tls_ca = "/etc/call-monitor/ca.pem"', "tls { …, handshake_first: true }   # in the server's")
        return Remedy("[cluster], and the server's configuration (docs/operations/nats.conf)", lines)
    if "max_payload" in text:
        return Remedy("the NATS server's configuration", ("max_payload: 1MB",), "nats-server --signal reload")
    return None


def _alone_on_its_machine(urls: Sequence[str]) -> Iterator[Finding]:
    what = f"NATS is reached without TLS ({', '.join(urls)}), so all adapters must run on this one machine."
    yield AREA.warning("TLS", what, Remedy("[cluster]", ('nats = ["tls://nats.example:4222"]',)))


def members(before: Cluster, after: Cluster, pbxes: Sequence[str]) -> Iterator[Finding]:
    """Which adapters gave a sign of life between two looks, and whether each PBX has an owner among them. Pure."""
    beats = {one.id: one.beat for one in before.members.values()}
    alive = [one for one in after.members.values() if one.beat != beats.get(one.id)]
    if not alive:
        yield AREA.warning("adapters", "none has given a sign of life in the last seconds: is one running?")
        return
    names = ", ".join(sorted(f"{_called(one)} {one.version}" for one in alive))
    if len(alive) == 1:
        yield AREA.warning("adapters", f"only one is running ({names}): if it fails, nobody takes over.")
    else:
        yield AREA.ok("adapters", f"{len(alive)} are running: {names}.")
    if len({one.version for one in alive}) > 1:
        yield AREA.warning("versions", "they differ; that is meant for the time of an upgrade only.")
    ids = {one.id for one in alive}
    free = [pbx for pbx in pbxes if (owner := after.owners.get(pbx)) is None or owner.member not in ids]
    if free:
        yield AREA.wrong("owners", f"nobody looks after {', '.join(free)} at the moment; see the adapters' logs.")
    else:
        yield AREA.ok("owners", "every PBX is looked after.")


def _called(one: Member) -> str:
    return f"{one.process.host} (pid {one.process.pid})"
