"""The setup in the hands of somebody in a hurry: wrong answers, broken off, run twice, undone, and what else comes."""

import errno
import os
import re
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from adapter import config
from adapter.asterisk.ari import Ari
from adapter.cli import setup as command
from adapter.cli.main import cli
from adapter.config.unit import UNIT
from adapter.doctor import checks, endpoints, freepbx
from adapter.errors import ConfigError, PbxUnavailable
from adapter.lab.ports import Ports
from adapter.setup import apply
from adapter.setup.asterisk import Console
from adapter.web.listener import Listener
from tests.support.operators import plain_files
from tests.unit.test_doctor_pbx import endpoint

PORTS = Ports(sip=5060, ami=1, http=1, rtp=10000)
"""Nobody answers there."""
GOOD = "correct horse staple"


class Machine:
    """A folder with Asterisk's configuration, and an Asterisk of which only the command line is there."""

    def __init__(self, folder: Path) -> None:
        self.etc, self.home, self.asked = folder / "etc", folder / "home", folder / "asked"
        self._where = ["--asterisk", str(self.etc), "--home", str(self.home), "--state", str(folder / "state")]
        self._program = folder / "asterisk"
        self.etc.mkdir()
        for name, text in plain_files(PORTS).items():
            (self.etc / name).write_text(text)
        self.answers("0 active channels", uptime=0)

    def answers(self, channels: str, uptime: int) -> None:
        """What Asterisk says from now on; each with the line before it that a machine without Ethernet gets."""
        self._program.write_text(
            f'#!/bin/sh\necho "$2" >> {self.asked}\necho "No ethernet interface found for seeding global EID."\n'
            f'case "$2" in *count) echo "{channels}";; *uptime*) echo "System uptime: {uptime}";; '
            "*) echo Asterisk has fully booted.;; esac\n"
        )
        self._program.chmod(0o755)

    @property
    def console(self) -> Console:
        """Its command line."""
        return Console([str(self._program)])

    def setup(self, *more: str, answers: str = "") -> Result:
        """The setup, typed in."""
        own = ["setup", *self._where, "--user", "", "--no-service", "--asterisk-command", str(self._program)]
        return CliRunner().invoke(cli, [*own, *more], input=answers)

    def undo(self, *more: str) -> Result:
        """The setup taken back."""
        return CliRunner().invoke(cli, ["setup", "--undo", "--home", str(self.home), *more])


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine that has not seen us yet."""
    return Machine(tmp_path)


def test_what_asterisk_says_is_found_behind_its_warnings(machine: Machine) -> None:
    machine.answers("1 active channel", uptime=72)
    assert (machine.console.channels(), machine.console.uptime()) == (1, 72)
    machine.answers("12 active channels", uptime=0)
    assert machine.console.channels() == 12
    machine.answers("Unable to connect", uptime=0)
    assert machine.console.channels() is None


def test_wrong_answers_are_asked_again(machine: Machine) -> None:
    answers = ["b b", "boss", "3 0 1", "301", "", "", "", "y"]
    answers += ["n", "short", "bossboss12", "boss123456", GOOD, "something else", GOOD, GOOD]
    done = machine.setup(answers="\n".join(answers) + "\n")
    assert "boss was added as administrator" in done.output, done.output
    for told in ("at least 10 characters:", "it is the username", "do not match"):
        assert told in done.output
    assert not done.exception or isinstance(done.exception, SystemExit)
    listed = CliRunner().invoke(cli, ["user", "list", "--config", str(machine.home / "config.toml")])
    assert re.search(r"^boss +administrator +301 +PJSIP/301 ", listed.output, re.MULTILINE)


@pytest.mark.parametrize(("ended", "made"), [(3, False), (8, True)])
def test_where_answers_end_it_says_how_things_stand(machine: Machine, ended: int, made: bool) -> None:
    answers = ["boss", "301", "", "", "", "y", "n", "short"]
    done = machine.setup(answers="\n".join(answers[:ended]) + "\n")
    assert ("Some of it was done: run the setup again" in done.output) is made, done.output
    assert ("Nothing was changed." in done.output) is not made
    assert "--yes takes the defaults" in done.output
    assert machine.home.exists() is made
    if made:
        again = machine.setup(answers=f"boss\n301\nn\n{GOOD}\n{GOOD}\n")
        assert "Nothing has to be changed." in again.output
        assert "boss was added as administrator" in again.output


def test_a_no_is_an_answer(machine: Machine) -> None:
    done = machine.setup(answers="-\n\n\n\nn\n")
    assert (done.exit_code, machine.home.exists()) == (1, False)
    assert done.output.endswith("Nothing was changed.\n")


def test_a_restart_that_is_still_due_is_offered_again(machine: Machine) -> None:
    machine.setup("--yes")
    machine.answers("0 active channels", uptime=100)
    machine.asked.unlink()
    again = machine.setup(answers="-\n-\ny\n")
    assert "Nothing has to be changed." in again.output
    offered = r"^sorcery\.conf and modules\.conf are read only .*Restart Asterisk\?"
    assert re.search(offered, again.output, re.MULTILINE), again.output
    assert "core restart when convenient" in machine.asked.read_text().splitlines()
    machine.asked.unlink()
    past = time.time() - 60
    for path in machine.etc.iterdir():
        os.utime(path, (past, past))
    machine.answers("0 active channels", uptime=5)
    assert "are read only when" not in machine.setup("--yes").output
    assert "core restart when convenient" not in machine.asked.read_text().splitlines()


def test_a_diff_of_a_file_that_is_new_or_empty_takes_nothing_away(machine: Machine) -> None:
    (machine.etc / "ari.conf").write_text("")
    text = machine.setup("--yes", "--dry-run").output
    part = text[text.index(f"+++ {machine.etc}/ari.conf") :].split("\n\n")[0].splitlines()
    assert [row for row in part[2:] if not row.startswith("+")] == []


def test_each_setup_is_taken_back_by_itself(machine: Machine) -> None:
    before = {path.name: path.read_text() for path in machine.etc.iterdir()}
    machine.setup("--yes")
    (machine.etc / "manager.conf").write_text(before["manager.conf"])
    machine.setup("--yes")
    shown = machine.undo("--dry-run").output.splitlines()
    assert [row.strip() for row in shown[1:]] == [f"{machine.etc}/manager.conf"]
    assert "An earlier setup" in machine.undo("--yes").output
    assert "An earlier setup" not in machine.undo("--yes").output
    assert {path.name: path.read_text() for path in machine.etc.iterdir()} == before


def test_a_service_that_is_enabled_is_not_taken_away(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    units = machine.etc.parent / "units"
    wants = units / "multi-user.target.wants"
    wants.mkdir(parents=True)
    monkeypatch.setattr(command, "SYSTEMD", units)
    machine.setup("--yes")
    folder = apply.last_backup(machine.home)
    manifest = (folder / apply.MANIFEST).read_text()
    (units / UNIT).write_text("[Service]\n")
    entry = f'"files": [{{"path": "{units / UNIT}", "kept": null, "after": null}},'
    (folder / apply.MANIFEST).write_text(manifest.replace('"files": [', entry, 1))
    (wants / UNIT).symlink_to(units / UNIT)
    refused = machine.undo("--yes", "--dry-run")
    assert "systemctl disable --now call-monitor" in str(refused.exception)
    assert (units / UNIT).exists()
    (wants / UNIT).unlink()
    assert str(units / UNIT) in machine.undo("--dry-run").output


# --- what else they meet


@pytest.fixture
def hidden() -> Iterator[Path]:
    """A folder that this process may not look into, for as long as the test runs."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "call-monitor").mkdir()
        Path(folder).chmod(0o000)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # nobody: root may look everywhere
        yield Path(folder)
        if root:
            os.seteuid(0)
        Path(folder).chmod(0o700)


def test_a_configuration_that_may_not_be_read_is_not_said_to_be_missing(
    hidden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(hidden))
    if Path("/etc/call-monitor/config.toml").exists():
        pytest.fail("this test needs a machine without an installation")
    with pytest.raises(ConfigError, match=r"Permission denied\. Run the command as root, or as the service's user"):
        config.load(None)


async def test_a_port_that_is_taken_is_said(unused: socket.socket) -> None:
    port = unused.getsockname()[1]
    listener = Listener(web.Application())
    with pytest.raises(OSError, match=rf"127\.0\.0\.1:{port} \(Address already in use; ss -ltnp") as caught:
        await listener.start("127.0.0.1", port)
    assert caught.value.errno == errno.EADDRINUSE
    await listener.cleanup()


@pytest.fixture
def unused() -> Iterator[socket.socket]:
    """A port that somebody else listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


async def test_an_asterisk_that_is_not_there_is_said_in_plain_words() -> None:
    ari = Ari("http://127.0.0.1:1/ari", "call-monitor", "x", 5.0)
    try:
        with pytest.raises(PbxUnavailable, match=r"no connection \(Connection refused\)"):
            await ari.ask("GET", "asterisk/info")
    finally:
        await ari.close()
    assert issubclass(aiohttp.ClientConnectorError, OSError)


def test_the_adapter_is_started_as_it_is_installed(tmp_path: Path) -> None:
    assert checks.start_command(Path("/x/config.toml"), [str(tmp_path)]) == "call-monitor serve --config /x/config.toml"
    (tmp_path / UNIT).write_text("[Service]\n")
    assert checks.start_command(None, [str(tmp_path)]).endswith("systemctl enable --now call-monitor")


def test_with_freepbx_no_line_is_to_be_written_where_it_would_be_lost() -> None:
    wrong = endpoint(direct_media="true", rtp_timeout="0", max_contacts="3")
    found = endpoints.check([wrong], [wrong], {}) + endpoints.check_reach({"from-internal": "0"}, "*55")
    advised = freepbx.advised(found)
    assert [(one.verdict, one.what) for one in advised] == [(one.verdict, one.what) for one in found]
    remedies = [remedy for one in advised if (remedy := one.remedy)]
    assert {remedy.where for remedy in remedies} == {
        "FreePBX, Extensions -> 301 -> Advanced",
        "extensions_custom.conf, [from-internal-custom]",
    }
    lines = [line for remedy in remedies for line in remedy.lines]
    wanted = ["Direct Media: No", "RTP Timeout: 60", "RTP Hold Timeout: 300", "Max Contacts: 1"]
    assert lines == [*wanted, "include => call-monitor-codes"]
    fine = endpoints.check([endpoint()], [endpoint()], {})
    assert freepbx.advised(fine) == fine
