"""The command line beside slips: numbers that are none, a database that is not there, settings that do not exist."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter.errors import ConfigError
from adapter.store import address
from tests.unit.test_cli import Call, call, conf

__all__ = ["call", "conf"]


def test_numbers_that_are_none(conf: Path, tmp_path: Path, call: Call) -> None:
    file = tmp_path / "calls.jsonl"
    for option in ("--minutes", "--most-mb"):
        for value in ("nan", "inf", "-inf", "-1", "0", "1e400", "five", "", "1e300"):
            status, text = call("doctor", "--record", str(file), option, value, "--config", str(conf))
            assert status == 2, (option, value)
            assert "write a number from 0.01 to" in text, (option, value)
    assert not file.exists()
    for value in ("0", "-5", "nan", "1.5", str(2**63), "9" * 400):
        status, text = call("audit", "cut", "--force", "--through", value, "--config", str(conf))
        assert (status, "--through" in text) == (2, True), value


READING = [
    ("user", "list"),
    ("user", "passwd", "sam", "--password-stdin"),
    ("user", "grant", "sam"),
    ("user", "revoke", "sam"),
    ("user", "import", "--dry-run", "-"),
    ("token", "list"),
    ("token", "create", "x", "--user", "sam"),
    ("token", "revoke", "x"),
    ("audit", "verify"),
    ("audit", "cut", "--through", "1", "--force"),
    ("config", "check"),
]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_only_what_begins_an_installation_makes_a_database(
    conf: Path, tmp_path: Path, call: Call, command: tuple[str, ...]
) -> None:
    """A wrong path would otherwise look like an installation in which there is nothing."""
    accounts = "username,name,password\nsam,Sam,long enough\n" if "import" in command else "long enough\n"
    status, text = call(*command, "--config", str(conf), stdin=accounts)
    assert not list(tmp_path.glob("db.sqlite*"))
    if command[0] != "config":
        assert (status, f"There is no database: {tmp_path}/db.sqlite does not exist" in text) == (2, True)


def test_what_makes_a_database_says_which(conf: Path, tmp_path: Path, call: Call) -> None:
    told = f"A new database is made: {tmp_path}/db.sqlite"
    accounts = "username,name,password\nsam,Sam,long enough\n"
    status, text = call("user", "import", "-", "--config", str(conf), stdin=accounts)
    assert (status, told in text) == (0, True), text
    (tmp_path / "db.sqlite").unlink()
    add = ("user", "add", "boss", "--admin", "--password-stdin", "--config", str(conf))
    status, text = call(*add, stdin="long enough\n")
    assert (status, told in text) == (0, True)
    status, text = call("user", "list", "--config", str(conf))
    assert (status, "boss" in text, told in text) == (0, True, False)


@pytest.fixture
def filled_in(conf: Path) -> Path:
    """The same with secrets that are none of the sample's."""
    conf.write_text(conf.read_text().replace('"your own"', '"9f86d081884c7d65"'))
    return conf


def test_a_database_that_can_not_be_is_said_with_the_line_to_write(filled_in: Path, tmp_path: Path, call: Call) -> None:
    conf, good = filled_in, filled_in.read_text()
    (tmp_path / "file").write_text("")
    for url, told in {
        "postgres://me:hunter2@db/calls": 'Write: url = "postgresql+asyncpg://me:***@db/calls"',
        "postgresql://db/calls": 'Write: url = "postgresql+asyncpg://db/calls"',
        "postgresql+psycopg://db/calls": 'Write: url = "postgresql+asyncpg://db/calls"',
        "postgresql+asyncpg://me:hunter2@db": 'Write: url = "postgresql+asyncpg://me:***@db/call_monitor"',
        "postgresql+asyncpg://me:hunter2@db:54x2/calls": "is no database URL",
        f"sqlite:///{tmp_path}/db.sqlite": f'Write: url = "sqlite+aiosqlite:///{tmp_path}/db.sqlite"',
        "sqlite+aiosqlite://var/lib/db.sqlite": 'Write: url = "sqlite+aiosqlite:////var/lib/db.sqlite"',
        "sqlite+aiosqlite:///:memory:": "names no file",
        "sqlite+aiosqlite://": "names no file",
        "mysql+aiomysql://me:hunter2@db/calls": "Write one of:",
        "hunter2": "is no database URL",
        f"sqlite+aiosqlite:///{tmp_path}": "is not a file",
        f"sqlite+aiosqlite:///{tmp_path}/file/db.sqlite": "is no folder",
    }.items():
        conf.write_text(good.replace(f"sqlite+aiosqlite:///{tmp_path}/db.sqlite", url))
        status, text = call("config", "check", "--config", str(conf))
        assert (status, told in text) == (2, True), (url, text)
        assert "hunter2" not in text, url
    conf.write_text(good.replace("/db.sqlite", "/not/yet/db.sqlite"))
    assert call("config", "check", "--config", str(conf))[0] == 0
    assert not (tmp_path / "not").exists()


def test_variables_that_are_no_setting(filled_in: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = filled_in
    monkeypatch.setenv("CALL_MONITOR_BOOT_ID", "x")
    monkeypatch.setenv("CALL_MONITOR_LOG__LEVEL", "error")
    status, text = call("config", "check", "--config", str(conf))
    assert (status, "WARNING" in text) == (0, False)
    monkeypatch.setenv("CALL_MONITOR_HTTP_PORT", "9000")
    monkeypatch.setenv("call_monitor_databse__url", "x")
    monkeypatch.setenv("CALL_MONITOR_SERVICE_HOST", "10.0.0.1")
    status, text = call("config", "check", "--config", str(conf))
    assert status == 0
    assert "CALL_MONITOR_HTTP_PORT is no setting and changes nothing; did you mean CALL_MONITOR_HTTP__PORT?" in text
    assert (
        "call_monitor_databse__url is no setting and changes nothing; did you mean CALL_MONITOR_DATABASE__URL" in text
    )
    assert "CALL_MONITOR_SERVICE_HOST is no setting" in text
    monkeypatch.setenv("CALL_MONITOR_HTTP__PROT", "9000")
    status, text = call("config", "check", "--config", str(conf))
    told = "http.prot: unknown key; did you mean 'port'? (CALL_MONITOR_HTTP__PROT in the environment)"
    assert (status, told in text) == (2, True), text


def test_extensions_that_are_star_codes(conf: Path, tmp_path: Path, call: Call) -> None:
    told = "*55 is a star code"
    for wrong in ("*55", "*55101"):
        add = ("user", "add", "sam", "--extension", wrong, "--password-stdin", "--config", str(conf))
        status, text = call(*add, stdin="long enough\n")
        assert (status, told in text) == (1, True)
        accounts = f"username,name,password,extension\nsam,Sam,long enough,{wrong}\n"
        status, text = call("user", "import", "-", "--config", str(conf), stdin=accounts)
        assert (status, told in text) == (1, True)
    assert not (tmp_path / "db.sqlite").exists()
    add = ("user", "add", "sam", "--extension", "*54", "--password-stdin", "--config", str(conf))
    assert call(*add, stdin="long enough\n")[0] == 0


@pytest.fixture
def somebody() -> Iterator[Path]:
    """A folder of somebody else's, which this process may read and not write, for as long as the test runs."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "db.sqlite").touch(mode=0o444)
        Path(folder, "hidden").mkdir(mode=0o000)
        Path(folder).chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # nobody: root may write everywhere
        yield Path(folder)
        if root:
            os.seteuid(0)
        Path(folder).chmod(0o700)


def test_a_folder_that_may_not_be_written(somebody: Path) -> None:
    for name, told in {
        "db.sqlite": f"you may not write {somebody}/db.sqlite. Use: chown call-monitor",
        "new.sqlite": f"you may not write into the folder {somebody}. Use: chown call-monitor",
        "a/b/new.sqlite": f"you may not write into the folder {somebody}. Use: chown call-monitor",
        "hidden/new.sqlite": "can't be looked at: Permission denied",
    }.items():
        with pytest.raises(ConfigError, match=r"database\.url") as caught:
            address.check(f"sqlite+aiosqlite:///{somebody}/{name}")
        assert told in caught.value.detail
