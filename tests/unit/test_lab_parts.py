"""The lab's parts that need no Asterisk: apt's sources, versions, ports, sound."""

import array
import math
import socket
from pathlib import Path

import pytest

from adapter.asterisk import tones, versions
from adapter.errors import LabError
from adapter.lab import apt, ports, provision
from adapter.lab.phones import Phone
from adapter.lab.run import need_free

DEB822 = """\
# a comment
Types: deb deb-src
URIs: @mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: @third.example/party
Suites: stable
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: @off.example/
Suites: bookworm
Components: main
""".replace("@", "http://")
ONE_LINE = """\
deb [arch=amd64 signed-by=/k.gpg] @mirror.example/debian bookworm main # why
# deb @commented.example/ bookworm main
deb-src @mirror.example/debian bookworm main
deb @archive.ubuntu.example/ubuntu noble-updates main universe
""".replace("@", "http://")


def test_sources_in_both_styles() -> None:
    found = apt.parse_sources(DEB822, deb822=True)
    assert [(s.uri, s.suite) for s in found[:2]] == [
        ("http://mirror.example/debian", "bookworm"),
        ("http://mirror.example/debian", "bookworm-updates"),
    ]
    assert found[0].components == ("main", "contrib")
    assert found[2].signed_by is None
    assert len(found) == 3
    lines = apt.parse_sources(ONE_LINE, deb822=False)
    assert [(s.suite, s.signed_by) for s in lines] == [("bookworm", "/k.gpg"), ("noble-updates", None)]
    assert lines[0].line() == "deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main"


def test_the_hosts_own_mirror_is_taken_and_third_parties_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text(DEB822)
    (tmp_path / "sources.list").write_text(ONE_LINE)
    (tmp_path / "os-release").write_text('VERSION_CODENAME="bookworm"\n')
    hosts = apt.host_sources(tmp_path, tmp_path / "os-release")
    assert {s.suite for s in hosts} == {"bookworm", "bookworm-updates"}
    for name in ("LAB_DEBIAN_MIRROR", "LAB_DEBIAN_SUITE"):
        monkeypatch.delenv(name, raising=False)
    chosen = apt.debian_source(hosts)
    assert (chosen.uri, chosen.suite, chosen.components) == ("http://mirror.example/debian", "forky", ("main",))
    monkeypatch.setenv("LAB_DEBIAN_MIRROR", "http://other.example/debian")
    monkeypatch.setenv("LAB_DEBIAN_SUITE", "sid")
    assert (apt.debian_source([]).uri, apt.debian_source([]).suite) == ("http://other.example/debian", "sid")


def test_without_a_mirror_the_ways_out_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB_DEBIAN_MIRROR", raising=False)
    with pytest.raises(LabError, match=r"(?s)docker.*asterisk-conf.*LAB_DEBIAN_MIRROR"):
        apt.debian_source([])


def test_an_archive_that_is_not_there_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LAB_DEBIAN_MIRROR", "http://127.0.0.1:9/debian")
    with pytest.raises(LabError, match="Alternatives"):
        provision.provision()
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.suffix for path in left] == [".lock"]


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("1:22.10.1+dfsg+~cs6-1", True),
        ("Asterisk 20.6.0~dfsg", True),
        ("23.1.0", True),
        ("1:16.28.0~dfsg-0", False),
        ("22.11.0", False),
        ("nonsense", False),
    ],
)
def test_versions(version: str, fits: bool) -> None:
    assert (versions.check(version) is None) is fits


def test_ports_in_use_are_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(LabError, match="LAB_SIP_PORT"):
            need_free("LAB_SIP_PORT", taken.getsockname()[1], socket.SOCK_DGRAM)
    chosen = {ports.Ports.choose().rtp for _ in range(5)}
    assert all(port % 2 == 0 for port in chosen)


def test_ports_to_listen_on_are_none_that_a_connection_may_take_meanwhile() -> None:
    first, last = (int(number) for number in ports.EPHEMERAL.read_text().split())
    found = {ports.free_port(kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM) for _ in range(20)}
    assert len(found) > 10
    assert not [port for port in found if first <= port <= last]


@pytest.mark.parametrize("listens", [True, False])
def test_a_phone_writes_down_what_it_hears_only_where_somebody_listens(tmp_path: Path, listens: bool) -> None:
    toolchain = provision.Toolchain(tmp_path, "22", "x86_64-linux-gnu", "ld.so")
    phone = Phone(toolchain, tmp_path, "101", 5060, tmp_path / "x.wav", listens=listens)
    assert ("module sndfile.so" in phone._config().splitlines()) is listens
    if listens:
        assert phone.heard() == b""
    else:
        with pytest.raises(LabError, match="does not write down"):
            phone.heard()


def test_who_chooses_side_by_side_never_chooses_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    streams, blocks = [set[int](), set[int]()], [set[int](), set[int]()]
    for share in (0, 1):
        monkeypatch.setattr(ports, "SHARE", (share, 2))
        for _ in range(30):
            streams[share].add(ports.free_port())
            blocks[share].update(range(start := ports.free_block(400), start + 400))
    assert all(len(found) > 10 for found in streams)
    assert not streams[0] & streams[1]
    assert not blocks[0] & blocks[1]


def test_blocks_that_are_promised_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "SHARE", (0, 1))
    promised = [range(10000, 20000), range(21000, 32000)]
    start = ports.free_block(400, promised)
    assert 20000 <= start <= 20600
    with pytest.raises(LabError, match="media ports"):
        ports.free_block(400, [range(10000, 32000)])


def test_a_tone_is_measured_and_its_neighbours_are_quiet(tmp_path: Path) -> None:
    pcm = tones.read(tones.tone(tmp_path / "tone.wav", 1153, 1)).tobytes()
    levels = tones.levels(pcm, (1153, 1289, 701))
    assert levels[1153] == pytest.approx(tones.FULL, rel=0.01)
    assert levels[1289] < 0.005 * tones.FULL
    assert levels[701] < 0.005 * tones.FULL
    assert tones.levels(b"", (1153,)) == {1153: 0.0}
    click = array.array("h", [0] * 8000)
    for n in range(2000, 2400):
        click[n] = round(tones.FULL * math.sin(2 * math.pi * 701 * n / tones.RATE))
    assert tones.levels(click.tobytes(), (701,))[701] < 10
    assert tones.loudest(click.tobytes(), 701) > 0.3 * tones.FULL
