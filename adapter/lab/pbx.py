"""One embedded Asterisk: its files, its process, its command line."""

import asyncio
import contextlib
import secrets
import shutil
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from adapter.errors import LabError
from adapter.lab import pbx_conf
from adapter.lab.ports import Ports
from adapter.lab.provision import Toolchain

BOOT_DEADLINE = 30.0
"""Seconds until FullyBooted; half a second is usual."""
STOP_DEADLINE = 8.0
"""Seconds for a clean stop before the process is killed; SIGTERM hangs up calls and takes about one."""
SOCKET_PATH_LIMIT = 100
"""A unix socket's path holds 107 bytes (unix(7)); asterisk.ctl must fit."""


class Pbx:
    """An Asterisk in `folder`, listening on `ports` of 127.0.0.1; `more` is appended to files of its configuration."""

    def __init__(
        self,
        toolchain: Toolchain,
        folder: Path,
        ports: Ports,
        more: Mapping[str, str] = MappingProxyType({}),
        node: int = 0,
    ) -> None:
        """`node`: which of a lab's PBXes it is, where there are several."""
        self.toolchain, self.folder, self.ports = toolchain, folder.resolve(), ports
        self.username = "call-monitor"
        self.ami_secret, self.ari_secret = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.process: asyncio.subprocess.Process | None = None
        self.first_log = ""
        """Asterisk's log of its first start."""
        self._run = self.folder / "run"
        if len(str(self._run)) > SOCKET_PATH_LIMIT - len("/asterisk.ctl"):
            self._run = Path(tempfile.mkdtemp(prefix="call-monitor-"))
        keys = self.ami_secret, self.ari_secret
        self.conf = pbx_conf.write(self.folder, toolchain, ports, *keys, self._run, more, node)

    @property
    def ari_url(self) -> str:
        """ARI's URL."""
        return f"http://127.0.0.1:{self.ports.http}/ari"

    @property
    def log(self) -> Path:
        """Asterisk's own log of notices, warnings and errors."""
        return self.folder / "log/messages"

    async def start(self) -> None:
        """Start, and wait until it is fully booted. Raises LabError with its last output if that takes too long."""
        for name in ("asterisk.ctl", "asterisk.pid"):
            (self._run / name).unlink(missing_ok=True)
        with (self.folder / "log/console").open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.toolchain.asterisk_argv(self.conf, "-f"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            await asyncio.wait_for(self._booted(), BOOT_DEADLINE)
            self.first_log = self.first_log or self.log.read_text(errors="replace")
        except TimeoutError:
            await self.kill()
            raise LabError(f"Asterisk did not start in {BOOT_DEADLINE:.0f} s: {self._last_output()}") from None

    async def _booted(self) -> None:
        assert self.process is not None  # noqa: S101 - start() has just set it
        while not (self._run / "asterisk.ctl").exists():
            if self.process.returncode is not None:
                raise LabError(f"Asterisk exited at once: {self._last_output()}")
            await asyncio.sleep(0.02)
        while "fully booted" not in (await self.cli("core waitfullybooted")).lower():  # noqa: ASYNC110 - the CLI has no event
            await asyncio.sleep(0.05)

    def _last_output(self) -> str:
        texts = [(self.folder / "log" / name) for name in ("console", "messages")]
        words = [path.read_text(errors="replace").strip()[-800:] for path in texts if path.exists()]
        return " | ".join(words) or "it said nothing"

    async def cli(self, command: str, deadline: float = 10.0) -> str:
        """Run a command on Asterisk's command line, and return its output."""
        process = await asyncio.create_subprocess_exec(
            *self.toolchain.asterisk_argv(self.conf, "-rx", command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), deadline)
        except TimeoutError:
            process.kill()
            await process.wait()
            return ""
        return output.decode(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, if it runs."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)

    async def stop(self) -> None:
        """Stop it cleanly, hanging up calls; kill it if that takes too long."""
        if self.process is None:
            return
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), STOP_DEADLINE)
        except TimeoutError:
            await self.kill()
        self._clean()

    async def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self.process is not None:
            self.signal(signal.SIGKILL)
            await self.process.wait()

    def _clean(self) -> None:
        if not self._run.is_relative_to(self.folder):
            with contextlib.suppress(OSError):
                shutil.rmtree(self._run)
