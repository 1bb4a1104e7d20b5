"""The doctor on a cluster: what a trial at NATS means, who is alive by what they wrote, and who looks after what."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapter.core.ownership import Cluster, Member, Owner, Process, Term
from adapter.doctor.checks_cluster import Server, judged, judged_server, members
from adapter.doctor.findings import Verdict
from adapter.fleet.natstrial import Trial

WHEN = datetime(2026, 11, 26, tzinfo=UTC)
URL = "tls://nats:4222"


def member(name: str, version: str = "1.0") -> Member:
    """An adapter, at its first sign of life."""
    return Member(name, Process(name, 7, "boot", "", 1), version, WHEN, beat=5)


def cluster(*alive: Member, **owners: str | None) -> Cluster:
    """Members, and who has which PBX."""
    known = {pbx: Owner(pbx, who, Term(1, "x"), WHEN) for pbx, who in owners.items()}
    return Cluster({one.id: one for one in alive}, known)


def later(known: Cluster, *alive: str) -> Cluster:
    """The same a moment later, when these have given another sign of life."""
    told = {one.id: replace(one, beat=6) if one.id in alive else one for one in known.members.values()}
    return Cluster(told, known.owners)


def test_a_server_that_is_as_it_should_be() -> None:
    (found,) = judged(Trial(URL, carried=True, kept_to_ours=True), "0123abcd")
    assert (found.verdict, found.area) == (Verdict.OK, "cluster")
    assert "cm.0123abcd.>" in found.what


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        ("nats: 'Authorization Violation'", "password_file"),
        ("certificate verify failed: self-signed certificate", "tls_ca"),
        ("The server's max_payload is 1024; 900000 bytes are needed.", "max_payload: 1MB"),
    ],
)
def test_one_that_can_not_be_used_with_the_line_to_write(problem: str, line: str) -> None:
    (found,) = judged(Trial(URL, problem), "0123abcd")
    assert (found.verdict, problem in found.what) == (Verdict.WRONG, True)
    assert found.remedy is not None
    assert any(line in one for one in found.remedy.lines)


def test_one_that_carries_nothing_and_one_that_keeps_nobody_to_anything() -> None:
    told = [one.verdict for one in judged(Trial(URL, kept_to_ours=True), "0123abcd")]
    assert told == [Verdict.WRONG]
    told = [one.verdict for one in judged(Trial(URL, carried=True), "0123abcd")]
    assert told == [Verdict.OK, Verdict.WARNING]


def verdicts(before: Cluster, after: Cluster) -> dict[str, Verdict]:
    """By the check's name, for one PBX."""
    return {one.name: one.verdict for one in members(before, after, ["pbx0"])}


def test_who_is_alive_wrote_something_meanwhile() -> None:
    both = cluster(member("a"), member("b"), pbx0="a")
    assert verdicts(both, later(both, "a", "b")) == {"adapters": Verdict.OK, "owners": Verdict.OK}
    assert verdicts(both, later(both, "a"))["adapters"] is Verdict.WARNING, "one alone"
    assert verdicts(both, both) == {"adapters": Verdict.WARNING}, "none"
    came = cluster(member("a"), member("b"), member("c"), pbx0="a")
    assert verdicts(both, later(came, "a"))["adapters"] is Verdict.OK, "one that was not there before"


def test_a_pbx_that_nobody_looks_after() -> None:
    both = cluster(member("a"), member("b"), pbx0="a")
    assert verdicts(both, later(both, "b"))["owners"] is Verdict.WRONG, "its owner is dead"
    for free in (cluster(member("a"), member("b"), pbx0=None), cluster(member("a"), member("b"))):
        assert verdicts(free, later(free, "a", "b"))["owners"] is Verdict.WRONG


def test_two_versions_side_by_side() -> None:
    both = cluster(member("a"), member("b", "2.0"), pbx0="a")
    assert verdicts(both, later(both, "a", "b"))["versions"] is Verdict.WARNING


@pytest.mark.parametrize(
    ("server", "verdict", "told"),
    [
        (Server("17.2", "", False, None, None), Verdict.OK, "on this machine; no synchronous standby"),
        (Server("17.2", "", False, "127.0.0.1", "127.0.0.1"), Verdict.OK, "on this machine"),
        (
            Server("17.2", "ANY 1 (a, b)", True, "10.0.0.2", "10.0.0.9"),
            Verdict.OK,
            "over TLS; commits wait for ANY 1 (a",
        ),
        (
            Server("17.2", "", False, "10.0.0.2", "10.0.0.9"),
            Verdict.WARNING,
            "10.0.0.9 is reached over a network without",
        ),
    ],
)
def test_how_the_database_is_reached(server: Server, verdict: Verdict, told: str) -> None:
    found = judged_server(server)
    assert (found.verdict, told in found.what) == (verdict, True), found.what
