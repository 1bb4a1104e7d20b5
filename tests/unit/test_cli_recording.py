"""`call-monitor doctor --record` as an operator meets it where it can't work: what it says, and its exit status."""

import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapter.asterisk.recording import Writer
from adapter.cli.doctor import doctor
from adapter.cli.recording import summary
from adapter.doctor.record import FULL, LOST, STOPPED, Recorded
from adapter.doctor.recordfile import RecordFile, check_place
from adapter.errors import ConfigError
from tests.unit.test_cli import run
from tests.unit.test_masking import HEADER, masking


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A configuration whose AMI is at a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path / "config.toml"
    path.write_text(
        f'[database]\nurl = "sqlite+aiosqlite:///{tmp_path}/db.sqlite"\n[[pbx]]\n'
        f'[pbx.ami]\nport = {port}\nsecret = "hidden-one"\n[pbx.ari]\nsecret = "hidden-two"\n'
    )
    return path


def record(conf: Path, file: Path, *options: str) -> tuple[int, str]:
    """Run it."""
    return run("doctor", "--record", str(file), "--config", str(conf), *options)


def test_nobody_at_ami(conf: Path, tmp_path: Path) -> None:
    status, text = record(conf, tmp_path / "calls.jsonl")
    assert status == 1
    assert "is not reachable" in text
    assert "hidden" not in text
    assert not (tmp_path / "calls.jsonl").exists(), "nothing is left where nothing was recorded"


def test_a_file_that_is_there_stays(conf: Path, tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    file.write_text("mine")
    status, text = record(conf, file)
    assert (status, "--force" in text) == (2, True)
    assert record(conf, file, "--force")[0] == 1
    assert file.read_text() == "mine", "not even with --force, before there is something to write"


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("nowhere/calls.jsonl", "is no folder"),
        ("config.toml/calls.jsonl", "can't be made"),
        ("link", "no plain file"),
        ("pipe", "no plain file"),
        (".", "no plain file"),
    ],
)
def test_a_place_that_will_not_do(conf: Path, tmp_path: Path, place: str, why: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match=why):
        check_place(tmp_path / place, force=True)
    check_place(tmp_path / "calls.jsonl", force=False)
    check_place(conf, force=True)


@pytest.mark.parametrize(
    "options",
    [
        *(("--record", "x", "--audio"), ("--record", "x", "--json"), ("--record", "x", "--ring", "PJSIP/301")),
        *(("--record", "x", "--minutes", "0"), ("--record", "x", "--most-mb", "0"), ("--record", ".")),
        *(("--minutes", "5"), ("--most-mb", "5"), ("--force",)),
    ],
)
def test_options_that_do_not_go_together(conf: Path, options: tuple[str, ...]) -> None:
    found = CliRunner().invoke(doctor, [*options, "--config", str(conf)])
    assert found.exit_code == 2, found.output
    assert any(option in found.output for option in options if option.startswith("--"))


def test_help_says_what_is_masked_and_how_to_call_it() -> None:
    found = CliRunner().invoke(doctor, ["--help"])
    assert found.exit_code == 0
    for word in ("--record calls.jsonl", "masked", "docs/doctor.md"):
        assert word in found.output


def test_the_closing_words_tell_what_matters(tmp_path: Path) -> None:
    file = RecordFile(tmp_path / "calls.jsonl", Writer(masking()), 100_000, force=False)
    file.begin(HEADER, [[], [], []])
    file.add([(0.5, [{"Event": "Hold", "Uniqueid": "1764103000.1", "Linkedid": "1764103000.1"}]), (0.6, 3)])
    file.close(1.0, STOPPED)
    text = summary(file_path := tmp_path / "calls.jsonl", Recorded(file, 61.0, STOPPED, people_known=True))
    for word in (str(file_path), "61 s, 1 events of 1 channels in 1 conversations", "attach", "3 events missed"):
        assert word in text
    assert "3 events are not in it" in text
    assert "--most-mb" in summary(file_path, Recorded(file, 61.0, FULL, people_known=True))
    lost = summary(file_path, Recorded(file, 61.0, LOST, people_known=False))
    assert "connection to Asterisk was lost" in lost
    assert "Accounts could not be read" in lost
