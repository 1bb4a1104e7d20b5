"""The command line as a person uses it: its messages, its exit status; as a process of its own where that counts.

What only asks the commands for something calls their entry here.
"""

import asyncio
import io
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest

from adapter.cli.main import main
from adapter.core.audit import SYSTEM, Action, Entry
from adapter.core.record import Record, seal
from adapter.health.heads import Heads
from adapter.store import Store
from tests.support import forkserver
from tests.support.clock import real

SAMPLE = Path(__file__).parents[2] / "config.sample.toml"


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A configuration with its own database."""
    path = tmp_path / "config.toml"
    path.write_text(SAMPLE.read_text().replace('url = "" ', f'url = "sqlite+aiosqlite:///{tmp_path}/db.sqlite" ', 1))
    return path


def run(*arguments: str, stdin: str = "") -> tuple[int, str]:
    """Run it as a process; exit status and all that it said."""
    done = forkserver.run(*arguments, stdin=stdin)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


class Call(Protocol):
    """Calls the command line's entry."""

    def __call__(self, *arguments: str, stdin: str = "") -> tuple[int, str]: ...


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """The entry of the command line, called; exit status and all that it said."""

    def called(*arguments: str, stdin: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["call-monitor", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        try:
            main()
            status: object = 0
        except SystemExit as end:
            status = end.code or 0
        assert isinstance(status, int)
        said = capsys.readouterr()
        return status, said.out + said.err

    return called


def test_help_teaches() -> None:
    status, text = run("--help")
    assert status == 0
    for word in ("make demo", "serve", "lab", "user", "config", "setup", "files"):
        assert word in text


def test_accounts_from_the_first_to_the_last(conf: Path, call: Call) -> None:
    def user(*arguments: str, stdin: str = "") -> tuple[int, str]:
        return call("user", *arguments, "--config", str(conf), stdin=stdin)

    first = ("user", "add", "boss", "--admin", "--password-stdin", "--config", str(conf))
    status, text = run(*first, stdin="long enough\n")  # as a process, with what passwords really cost
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


def test_tokens_and_the_proof_of_the_audit(conf: Path, tmp_path: Path, call: Call) -> None:
    def ask(*arguments: str, stdin: str = "") -> tuple[int, str]:
        return call(*arguments, "--config", str(conf), stdin=stdin)

    assert ask("user", "add", "mona", "--password-stdin", stdin="long enough\n")[0] == 0
    status, text = ask("token", "create", "crm", "--may-act-for", "mona")
    secret = text.splitlines()[0]
    assert (status, secret.startswith("cm_")) == (0, True)
    assert ask("token", "create", "later", "--user", "mona", "--expires", "2100-01-31")[0] == 0
    assert "2100-01-31" in ask("token", "list")[1]
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
    assert ask("audit", "verify", "--head", head.upper())[0] == 0
    status, text = ask("audit", "verify", "--head", f"1:{'0' * 64}")
    assert (status, "WRONG: the noted head is not in this chain" in text) == (1, True)
    for slip in ("1:00", head[:-1], f"{head}0", "1", "", "x:" + "0" * 64, "-1:" + "0" * 64, "1:" + "g" * 64):
        status, text = ask("audit", "verify", "--head", slip)
        assert (status, "WRONG" in text, "64 digits 0-9 a-f" in text) == (2, False, True), slip
    status, text = ask("audit", "verify", "--head", f"h1.{'A' * 76}")
    assert (status, "use --heads" in text) == (2, True)
    with closing(sqlite3.connect(tmp_path / "db.sqlite")) as database:
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE audit SET actor = 'x' WHERE seq = 1")
        database.commit()
    status, text = ask("audit", "verify")
    assert (status, "WRONG: entry 1 was changed." in text) == (1, True)


def test_heads_and_cuts_by_hand(conf: Path, tmp_path: Path, call: Call) -> None:
    def ask(*arguments: str, stdin: str = "") -> tuple[int, str]:
        return run(*arguments, "--config", str(conf), stdin=stdin)

    file = tmp_path / "heads"
    asyncio.run(_three_entries_and_a_head(tmp_path, file))
    assert json.loads(file.read_text()).keys() == {"at", "chain", "head"}
    status, text = ask("audit", "verify", "--heads", str(file))
    assert (status, "1 heads that were sent are borne out\n" in text) == (0, True)
    (tmp_path / "none").write_text('{"type": "call.started"}\n')
    status, text = ask("audit", "verify", "--heads", str(tmp_path / "none"))
    assert (status, "nothing would be proven" in text) == (2, True)
    good = json.loads(file.read_text())
    for slip in ("x", "h2." + good["head"][3:], good["head"][:-5], good["head"] + "AAAA", "h1.é" + "A" * 75, 7, None):
        line = json.dumps({**good, "head": slip})
        (tmp_path / "slips").write_text(f"{file.read_text()}\n{line}\n")
        status, text = call("audit", "verify", "--heads", str(tmp_path / "slips"), "--config", str(conf))
        assert status == 2, slip
        assert "line 3" in text, slip
        assert "a head that was sent is h1." in text, slip
        assert "WRONG" not in text, slip

    status, text = ask("audit", "cut", "--through", "2")
    assert (status, "needs --force" in text) == (1, True)
    status, text = ask("audit", "cut", "--through", "2", "--force")
    assert (status, text.startswith("2 entries were cut off: entries 1 to 2 of ")) == (0, True)
    status, text = ask("audit", "verify", "--heads", str(file))
    assert (status, "CUT: entries 1 to 2 of " in text, "through 2, by hand, forced; by " in text) == (0, True, True)
    with closing(sqlite3.connect(tmp_path / "db.sqlite")) as database:
        database.executescript(
            "DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE seq > 2; "
            "UPDATE facts SET value = (SELECT seq || ':' || hash FROM audit_cuts) WHERE name = 'audit_head';"
        )
    status, text = ask("audit", "verify", "--heads", str(file))
    assert (status, "line 1" in text, "is gone" in text) == (1, True, True)


def test_several_chains_are_proven_and_cut(conf: Path, tmp_path: Path, call: Call) -> None:
    def ask(*arguments: str) -> tuple[int, str]:
        return run(*arguments, "--config", str(conf))

    asyncio.run(_two_chains(tmp_path))
    status, text = ask("audit", "verify")
    assert (status, "The chain of each PBX is whole.\nThe chain is whole." in text) == (0, True)
    heads = [line.removeprefix("head ").split()[0] for line in text.splitlines() if line.startswith("head ")]
    assert [head.count(":") for head in heads] == [1, 2]
    assert heads[1].startswith("north:3:")
    assert ask("audit", "verify", "--head", heads[0], "--head", heads[1])[0] == 0
    status, text = ask("audit", "verify", "--head", heads[0], "--head", f"south:1:{'0' * 64}")
    assert (status, "WRONG: the chain of south is missing" in text) == (1, True)
    status, text = ask("audit", "cut", "--chain", "south", "--through", "2", "--force")
    assert (status, "no chain of south" in text) == (1, True)
    status, text = ask("audit", "cut", "--chain", "north", "--through", "2", "--force")
    assert (status, text.startswith("2 entries of north were cut off: entries 1 to 2 of ")) == (0, True)
    status, text = ask("audit", "verify", "--head", heads[1])
    assert (status, "in the chain of north; through 2, by hand, forced" in text) == (0, True)
    with closing(sqlite3.connect(tmp_path / "db.sqlite")) as database:
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE audit SET actor = 'x' WHERE seq = ?", (2**40 + 3,))
        database.commit()
    status, text = ask("audit", "verify")
    assert (status, "WRONG: north: entry 3 was changed." in text) == (1, True)


async def _two_chains(folder: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/db.sqlite", clock=real)
    for _ in range(3):
        entries = [Entry(at=real(), by=SYSTEM, action=Action.LOGIN)]
        await store.audit.add(*entries)
        await store.records.write(seal(Record(entries=entries, pbxes={"north"}), lambda: uuid4().hex), real())
    await store.audit.anchor(await store.installation.key())
    await store.close()


async def _three_entries_and_a_head(folder: Path, file: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/db.sqlite", clock=real)
    await store.audit.add(*(Entry(at=real(), by=SYSTEM, action=Action.LOGIN) for _ in range(3)))
    heads = Heads(store, await store.installation.key(), ["stop"], file, lambda: None, real)
    await heads.close()
    await store.close()
