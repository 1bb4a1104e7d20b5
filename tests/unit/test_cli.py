"""The command line as a person uses it: its own process, its messages, its exit status."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[2] / "config.sample.toml"


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A configuration with its own database."""
    path = tmp_path / "config.toml"
    path.write_text(SAMPLE.read_text().replace('url = "" ', f'url = "sqlite+aiosqlite:///{tmp_path}/db.sqlite" ', 1))
    return path


def run(*arguments: str, stdin: str = "") -> tuple[int, str]:
    """Run it; exit status and all that it said."""
    command = [sys.executable, "-m", "adapter", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_help_teaches() -> None:
    status, text = run("--help")
    assert status == 0
    for word in ("make demo", "serve", "lab", "user", "config"):
        assert word in text


def test_accounts_from_the_first_to_the_last(conf: Path) -> None:
    def user(*arguments: str, stdin: str = "") -> tuple[int, str]:
        return run("user", *arguments, "--config", str(conf), stdin=stdin)

    status, text = user("add", "boss", "--admin", "--password-stdin", stdin="long enough\n")
    assert status == 0, text
    phone = ("--extension", "101", "--device", "PJSIP/101")
    assert user("add", "sam", *phone, "--password-stdin", stdin="long enough\n")[0] == 0
    status, text = user("add", "SAM", "--password-stdin", stdin="long enough\n")
    assert (status, "taken" in text) == (1, True)
    assert user("add", "x", "--password-stdin", stdin="short\n")[0] == 2
    assert user("add", "x", "--device", "101")[0] == 2
    assert user("grant", "sam", "--modes", "whisper")[0] == 0
    assert "silent, whisper" in user("list")[1]
    assert user("grant", "sam", "--modes", "shout")[0] == 2
    assert user("revoke", "sam")[0] == 0
    assert user("passwd", "sam", "--password-stdin", stdin="another one\n")[0] == 0
    status, text = user("passwd", "nobody", "--password-stdin", stdin="another one\n")
    assert (status, "user list" in text) == (1, True)


def test_config_check(conf: Path, tmp_path: Path) -> None:
    assert run("config", "check", "--config", str(conf))[0] == 0
    conf.write_text(conf.read_text().replace("country", "contry"))
    status, text = run("config", "check", "--config", str(conf))
    assert (status, "did you mean 'country'" in text) == (2, True)
    assert run("serve", "--config", str(tmp_path / "none.toml"))[0] == 2
    assert run("nonsense")[0] == 2


def test_tokens_and_the_proof_of_the_audit(conf: Path, tmp_path: Path) -> None:
    def ask(*arguments: str, stdin: str = "") -> tuple[int, str]:
        return run(*arguments, "--config", str(conf), stdin=stdin)

    assert ask("user", "add", "mona", "--password-stdin", stdin="long enough\n")[0] == 0
    status, text = ask("token", "create", "crm", "--may-act-for", "mona")
    secret = text.splitlines()[0]
    assert (status, secret.startswith("cm_")) == (0, True)
    assert ask("token", "create", "prometheus", "--scope", "metrics")[0] == 0, "figures need to act for nobody"
    listed = ask("token", "list")[1]
    assert "service: mona" in listed
    assert secret not in listed
    for wrong in (["--user", "nobody"], ["--user", "mona", "--may-act-for", "mona"], []):
        assert ask("token", "create", "x", *wrong)[0] == 1
    status, text = ask("audit", "verify")
    assert (status, "The chain is whole." in text) == (0, True)
    head = next(line for line in text.splitlines() if line.startswith("head ")).removeprefix("head ")
    assert ask("token", "revoke", listed.splitlines()[1].split()[0])[0] == 0
    assert ask("audit", "verify", "--head", head)[0] == 0
    assert ask("audit", "verify", "--head", "1:00")[0] == 1
    with closing(sqlite3.connect(tmp_path / "db.sqlite")) as database:
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE audit SET actor = 'x' WHERE seq = 1")
        database.commit()
    status, text = ask("audit", "verify")
    assert (status, "WRONG: entry 1 was changed." in text) == (1, True)
