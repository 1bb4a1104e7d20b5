"""One database for everything: commands say which they use, make none beside the service's, and none of root's own."""

import os
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapter.cli import database
from adapter.cli.main import cli
from adapter.errors import ConfigError
from adapter.store.address import in_words, sqlite_file

SAMPLE = (Path(__file__).parents[2] / "config.sample.toml").read_text()
NOBODY = 65534


def add(conf: Path, username: str = "boss") -> Result:
    """An account is added."""
    command = ["user", "add", username, "--admin", "--password-stdin", "--config", str(conf)]
    return CliRunner().invoke(cli, command, input="a long enough one\n")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose service keeps its state in `lib`, seen by somebody whose own is in `home`."""
    monkeypatch.setattr(database, "SERVICES", tmp_path / "lib")
    monkeypatch.setattr(database, "state_home", lambda: None)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    (tmp_path / "config.toml").write_text(SAMPLE)
    return tmp_path


def test_a_second_one_is_refused_with_the_line_to_write(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf, theirs = machine / "config.toml", machine / "lib/call-monitor/adapter.sqlite"
    monkeypatch.setenv("XDG_STATE_HOME", str(machine / "lib"))
    assert add(conf).exit_code == 0  # as the service
    monkeypatch.setenv("XDG_STATE_HOME", str(machine / "home"))
    done = add(conf, "other")
    assert isinstance(done.exception, ConfigError)
    line = f'url = "sqlite+aiosqlite:///{theirs}"'
    assert line in done.exception.detail
    assert not (machine / "home").exists()
    conf.write_text(SAMPLE.replace('url = "" ', line + " ", 1))
    done = add(conf, "other")
    assert (done.exit_code, f"Database: SQLite, {theirs}" in done.output) == (0, True)
    listed = CliRunner().invoke(cli, ["user", "list", "--config", str(conf)])
    assert "boss" in listed.output
    assert "other" in listed.output


def test_the_units_own_place_counts(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = machine / "elsewhere/call-monitor/adapter.sqlite"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    monkeypatch.setattr(database, "state_home", lambda: machine / "elsewhere")
    done = add(machine / "config.toml")
    assert isinstance(done.exception, ConfigError)
    assert str(theirs) in done.exception.detail


def test_one_that_is_named_is_made(machine: Path) -> None:
    conf, theirs = machine / "config.toml", machine / "lib/call-monitor/adapter.sqlite"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    conf.write_text(SAMPLE.replace('url = "" ', f'url = "sqlite+aiosqlite:///{machine}/new.sqlite" ', 1))
    assert add(conf).exit_code == 0
    assert (machine / "new.sqlite").exists()


def test_root_makes_nothing_that_the_service_cannot_open(machine: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="call-monitor-") as outside:  # pytest's own folders are for us only
        Path(outside).chmod(0o755)
        folder = Path(outside) / "state"
        folder.mkdir(mode=0o700)
        expected = os.geteuid()
        if expected == 0:
            os.chown(folder, NOBODY, NOBODY)
            expected = NOBODY
        made_by(machine, folder, expected)


def made_by(machine: Path, folder: Path, expected: int) -> None:
    """An account is added in that folder, and all that is made there belongs to this user."""
    conf = machine / "config.toml"
    conf.write_text(SAMPLE.replace('url = "" ', f'url = "sqlite+aiosqlite:///{folder}/db.sqlite" ', 1))
    me = os.geteuid(), os.getegid(), os.getgroups()
    done = add(conf)
    assert done.exit_code == 0, done.output
    made = list(folder.iterdir())
    assert {path.name for path in made} >= {"db.sqlite", "db.sqlite.lock"}
    assert {path.stat().st_uid for path in made} == {expected}
    assert (os.geteuid(), os.getegid(), os.getgroups()) == me


def test_in_words_without_the_password() -> None:
    assert in_words("postgresql+asyncpg://cm:hunter2@db.lan:6432/calls") == "PostgreSQL, calls at db.lan:6432"
    assert in_words("postgresql+asyncpg://cm@/calls?host=/run/postgresql") == "PostgreSQL, calls at /run/postgresql"
    assert in_words("sqlite+aiosqlite:////var/lib/x.sqlite") == "SQLite, /var/lib/x.sqlite"
    assert "can't be read" in in_words("nonsense")
    assert sqlite_file("nonsense") is None
    for wrong in ("postgresql+asyncpg://cm@db:54x2/calls", "sqlite:///x.sqlite"):  # said by the check, not a traceback
        assert "can't be read" in in_words(wrong)
        assert sqlite_file(wrong) is None
