"""The doctor's trial at real NATS servers: as the sample has them, with wrong credentials, and with too many rights."""

import socket
from pathlib import Path

import pytest

from adapter.fleet import natstrial
from adapter.fleet.natstrial import tried
from tests.support.nats import Authority, NatsServer

TAG = "0123abcd"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no fault of the server's."""
    monkeypatch.setattr(natstrial, "CONNECT", 20.0)


async def test_one_with_tls_and_permissions(tmp_path: Path) -> None:
    with NatsServer.running(tmp_path, tls=Authority.made_in(tmp_path)) as server:
        access = server.access()
        (found,) = await tried(access, TAG)
        assert (found.problem, found.carried, found.kept_to_ours) == (None, True, True), found
        assert found.url == access.urls[0]


async def test_a_user_who_has_other_subjects(tmp_path: Path) -> None:
    with NatsServer.running(tmp_path) as server:
        (found,) = await tried(server.access(user="stranger"), TAG)
        assert (found.problem, found.carried, found.kept_to_ours) == (None, False, True), found


async def test_a_server_that_keeps_nobody_to_anything(tmp_path: Path) -> None:
    with NatsServer.running(tmp_path) as server:
        server.kill()
        server.config.write_text(server.config.read_text().replace('subscribe: "cm.>"', 'subscribe: ">"'))
        server.start()
        (found,) = await tried(server.access(), TAG)
        assert (found.carried, found.kept_to_ours) == (True, False), found


async def test_why_it_can_not_be_used_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(natstrial, "CONNECT", 4.0)
    other = tmp_path / "other"
    other.mkdir()
    with NatsServer.running(tmp_path, tls=Authority.made_in(tmp_path)) as server:
        (found,) = await tried(server.access(user="nobody"), TAG)
        assert "authorization" in (found.problem or "").lower()
        (found,) = await tried(server.access(ca=Authority.made_in(other).ca), TAG)
        assert "certificate" in (found.problem or "").lower()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        (found,) = await tried(server.access(port=closed.getsockname()[1]), TAG)
        assert found.problem
