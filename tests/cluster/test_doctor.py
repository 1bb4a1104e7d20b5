"""The doctor on a cluster, with a real PostgreSQL and NATS: before its first start, and with a dead adapter."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapter import config
from adapter.core.ownership import Cluster
from adapter.doctor import checks_cluster
from adapter.doctor.checks_cluster import check_cluster
from adapter.doctor.findings import Verdict
from adapter.fleet.process import this_member
from adapter.store import Store
from tests.support.nats import NatsServer
from tests.support.postgresql import PostgreSQL
from tests.support.several import cluster_url, server

__all__ = ["cluster_url", "server"]

PBX = {"ami": {"secret": "x"}, "ari": {"secret": "x"}}


def settings(url: str, nats: NatsServer) -> config.Settings:
    """One PBX, and these two."""
    cluster = {"nats": [f"nats://127.0.0.1:{nats.port}"], "username": "adapter", "password_file": nats.password_file}
    return config.Settings(pbx=[PBX], database={"url": url}, cluster=cluster)


async def test_what_it_finds(
    server: PostgreSQL, cluster_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks_cluster, "RENEWED", 0.2)
    with NatsServer.running(tmp_path) as nats:
        store = await Store.open(cluster_url, clock=lambda: datetime.now(UTC))
        try:
            found = await check_cluster(settings(cluster_url, nats))
            assert [(one.name, one.verdict) for one in found] == [("NATS", Verdict.UNKNOWN)], "never started"
            await store.installation.key()
            member = this_member(datetime.now(UTC))
            await store.owners.take(member, ["main"], Cluster({}, {}), datetime.now(UTC))
            found = await check_cluster(settings(cluster_url, nats))
        finally:
            await store.close()
    told = {one.name: one.verdict for one in found}
    assert told == {
        "PostgreSQL": Verdict.OK,
        "NATS": Verdict.OK,
        "TLS": Verdict.WARNING,
        "adapters": Verdict.WARNING,  # it took the PBX, and died
    }, found
