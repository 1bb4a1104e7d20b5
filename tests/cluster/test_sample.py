"""The sample configuration of the NATS server, in a real one: adapters get what they need by it, and nobody else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.fleet.messages import LARGEST_MESSAGE
from adapter.fleet.natsbus import NatsBus
from tests.support.nats import PASSWORD, Authority, NatsServer
from tests.support.waiting import until

SAMPLE = Path(__file__).parents[2] / "docs/operations/nats.conf"


@pytest.fixture
async def sample(tmp_path: Path) -> AsyncIterator[NatsServer]:
    """A server with the sample, but for the port and the names of files."""
    (tmp_path / "call-monitor.password.conf").write_text(f'CALL_MONITOR_NATS_PASSWORD: "{PASSWORD}"\n')
    authority = Authority.made_in(tmp_path)
    server = NatsServer(tmp_path, tls=authority)
    text = SAMPLE.read_text()
    for old, new in (
        ("0.0.0.0:4222", f"127.0.0.1:{server.port}"),
        ("/etc/nats/fullchain.pem", str(authority.certificate)),
        ("/etc/nats/privkey.pem", str(authority.key)),
    ):
        assert old in text
        text = text.replace(old, new)
    server.config.write_text(text)
    server.start()
    yield server
    server.kill()


async def test_adapters_reach_each_other_and_nothing_else(sample: NatsServer) -> None:
    access = sample.access(user="call-monitor")
    one, other = NatsBus(access, "one"), NatsBus(access, "other")
    got: list[bytes] = []
    other.subscribe("cm.0123abcd.north.owner.*", lambda subject, data: got.append(data))
    for bus in (one, other):
        bus.start()
    await until(lambda: one.connected and other.connected)
    one.publish("cm.0123abcd.north.owner.change", b"x" * LARGEST_MESSAGE)
    await until(lambda: got)
    assert len(got[0]) == LARGEST_MESSAGE
    assert one.refused == other.refused == 0
    for subject in ("_INBOX.x", "$SYS.>", ">"):
        before = other.refused
        other.subscribe(subject, lambda subject, data: got.append(data))
        await until(lambda before=before: other.refused > before, subject)  # type: ignore[misc]
    for bus in (one, other):
        await bus.close()


@pytest.mark.parametrize("user", ["", "adapter", "admin"])
async def test_nobody_else_gets_in(sample: NatsServer, user: str) -> None:
    for access in (sample.access(user=user), replace(sample.access(user=user), password_file=None)):
        bus = NatsBus(access, "stranger")
        bus.start()
        await until(lambda bus=bus: "authorization" in (bus.problem or "").lower())  # type: ignore[misc]
        assert not bus.connected
        await bus.close()
