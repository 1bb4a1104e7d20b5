"""`call-monitor setup` beside real Asterisks: a plain one and a FreePBX-shaped one, until the doctor finds them fit."""

import asyncio
import shlex
from pathlib import Path

import pytest

from adapter.lab.provision import Toolchain
from tests.support import forkserver
from tests.support.operators import OperatorsPbx

PASSWORD = "a long enough one\n"


class Operator:
    """Somebody with a shell on that machine."""

    def __init__(self, pbx: OperatorsPbx, folder: Path) -> None:
        self.pbx, self.home, self.state = pbx, folder / "home", folder / "state"

    async def runs(self, *arguments: str, stdin: str = "") -> tuple[int, str]:
        """Exit status and output of a command."""
        done = await asyncio.to_thread(forkserver.run, *arguments, stdin=stdin, seconds=120)
        text = done.stdout + done.stderr
        assert "Traceback" not in text, text
        return done.returncode, text

    async def sets_up(self, *more: str, stdin: str = "") -> tuple[int, str]:
        """The setup without questions."""
        where = ("--asterisk", str(self.pbx.etc), "--asterisk-command", shlex.join(self.pbx.console))
        own = ("--home", str(self.home), "--state", str(self.state), "--user", "", "--no-service", "--yes")
        return await self.runs("setup", *where, *own, *more, stdin=stdin)

    async def asks_the_doctor(self) -> tuple[int, str]:
        """The doctor, with the configuration that was written."""
        return await self.runs("doctor", "--config", str(self.home / "config.toml"))


@pytest.mark.parametrize("freepbx", [False, True], ids=["plain", "freepbx"])
async def test_from_nothing_to_fit_and_back(toolchain: Toolchain, tmp_path: Path, freepbx: bool) -> None:
    pbx = OperatorsPbx(toolchain, tmp_path / "pbx", freepbx=freepbx)
    operator = Operator(pbx, tmp_path)
    before = pbx.files()
    await pbx.start()
    try:
        people = ("--agents", "PJSIP/10?", "--admin", "boss", "--extension", "301", "--password-stdin")
        status, text = await operator.sets_up(*people, "--dry-run")
        assert (status, pbx.files(), operator.home.exists()) == (0, before, False), text
        assert ("(FreePBX)" in text) is freepbx

        status, text = await operator.sets_up(*people, stdin=PASSWORD)
        assert "boss was added as administrator" in text
        assert "core restart" in text, "sorcery.conf and modules.conf are read at the start only"
        for name in ("ami.secret", "ari.secret"):
            assert (operator.home / name).read_text().strip() not in text
            assert (operator.home / name).stat().st_mode & 0o777 == 0o640
        await pbx.stop()
        await pbx.start()
        status, text = await operator.asks_the_doctor()
        assert (status, "Fit." in text) == (0, True), text
        assert f"SQLite, {operator.state}/adapter.sqlite" in text
        assert "call-monitor-codes" in await pbx.cli("dialplan show from-internal" + "-custom" * freepbx)

        after = pbx.files()
        status, text = await operator.sets_up()
        assert (status, "Nothing has to be changed" in text, pbx.files()) == (0, True, after), text

        status, text = await operator.runs("setup", "--undo", "--yes", "--home", str(operator.home))
        assert (status, pbx.files()) == (0, before), text
        assert not (operator.home / "config.toml").exists()
    finally:
        await pbx.stop()


async def test_the_endpoints_of_a_plain_one_get_what_they_lack(toolchain: Toolchain, tmp_path: Path) -> None:
    pbx = OperatorsPbx(toolchain, tmp_path / "pbx")
    await pbx.start()
    try:
        people = ("--agents", "PJSIP/10?", "--admin", "boss", "--extension", "301")
        _, text = await Operator(pbx, tmp_path).sets_up(*people)
        assert "give the password with --password-stdin" in text
        for number, timeout in (("101", "0"), ("102", "0"), ("301", "60")):
            shown = await pbx.cli(f"pjsip show endpoint {number}")  # reloaded, not restarted
            values = {row.split(":")[0].strip(): row.split(":")[1].strip() for row in shown.splitlines() if ":" in row}
            assert (values["direct_media"], values["rtp_timeout"]) == ("false", timeout), number
        untouched = await pbx.cli("pjsip show endpoint 201")
        assert "direct_media                       : true" in untouched
    finally:
        await pbx.stop()
