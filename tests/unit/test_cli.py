"""The command line as a person uses it: its own process, its messages, its exit status."""

import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[2] / "config.sample.toml"


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A configuration with its own database."""
    path = tmp_path / "config.toml"
    path.write_text(SAMPLE.read_text().replace('url = "" ', f'url = "sqlite+aiosqlite:///{tmp_path}/db.sqlite" '))
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
