"""The lab in the foreground: an embedded Asterisk and the adapter, each a process that is restarted if it exits."""

import asyncio
import json
import shutil
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from adapter.errors import LabError
from adapter.lab import people
from adapter.lab.demo import Demo
from adapter.lab.pbx import Pbx
from adapter.lab.ports import Ports
from adapter.lab.provision import provision
from adapter.tasks import BackgroundTasks

MARKER = "call-monitor-lab"
READY_DEADLINE = 60.0
"""Seconds until /readyz must answer 200."""
STOP_DEADLINE = 8.0
"""Seconds for a clean stop of the adapter."""
LONGEST_PAUSE = 5.0
"""Seconds before a process that exits repeatedly is started again."""


class Adapter:
    """The adapter as its own process."""

    def __init__(self, conf: Path, log: Path) -> None:
        self._conf, self._log = conf, log
        self.process: asyncio.subprocess.Process | None = None

    @staticmethod
    def command(*arguments: str) -> list[str]:
        """The command that runs the adapter."""
        return [sys.executable, "-m", "adapter", *arguments]

    async def start(self) -> None:
        """Start it; /readyz tells when it is ready."""
        with self._log.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.command("serve", "--config", str(self._conf)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    async def stop(self) -> None:
        """Stop it cleanly, or kill it if that takes too long."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_DEADLINE)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


async def keep_alive(start: Callable[[], Awaitable[None]], part: Pbx | Adapter, name: str) -> None:
    """Restart a part whenever its process exits, as a service manager would."""
    pause = 0.2
    while True:
        if part.process is not None:
            began = asyncio.get_running_loop().time()
            await part.process.wait()
            if asyncio.get_running_loop().time() - began > 30:
                pause = 0.2
        _say(f"{name} exited; restarting it.")
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)
        try:
            await start()
        except LabError as problem:
            _say(str(problem))


async def run_lab(*, directory: Path, http_port: int, sip_port: int, demo: bool) -> int:
    """Run until SIGINT or SIGTERM, then stop everything that was started. Raises LabError if it can't run."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    need_free("LAB_HTTP_PORT", http_port, socket.SOCK_STREAM)
    need_free("LAB_SIP_PORT", sip_port, socket.SOCK_DGRAM)
    toolchain = await asyncio.to_thread(provision)
    folder = fresh(directory)
    pbx = Pbx(toolchain, folder / "asterisk", Ports.choose(sip_port))
    conf = adapter_conf(folder, pbx, http_port)
    _say("Starting Asterisk and the adapter.")
    await people.seed(conf)
    adapter = Adapter(conf, folder / "adapter.log")
    keepers = BackgroundTasks("lab")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(pbx.stop)
        stack.push_async_callback(adapter.stop)
        stack.push_async_callback(keepers.close)
        await pbx.start()
        await adapter.start()
        keepers.start(keep_alive(pbx.start, pbx, "Asterisk"), "asterisk")
        keepers.start(keep_alive(adapter.start, adapter, "The adapter"), "adapter")
        if not await ready(http_port, stop):
            return 0
        if demo:
            show = Demo(pbx, folder / "phones")
            stack.push_async_callback(show.stop)
            _say("Starting the phones, and their first calls.")
            await show.start()
        _say(_banner(http_port, sip_port, demo))
        await stop.wait()
        _say("Stopping.")
    return 0


def need_free(name: str, port: int, kind: int) -> None:
    """Raise LabError if the port is already in use."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise LabError(
                f"Port {port} is in use. Choose another, for example: make lab {name}={port + 1000}"
            ) from None


def fresh(directory: Path) -> Path:
    """Empty the lab's folder. Raises LabError, and deletes nothing, if it is not a lab's folder."""
    folder = directory.resolve()
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).is_file():
            raise LabError(f"{folder} is not empty and not a lab's folder. Choose another with LAB_DIR.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("The lab's state; removed at its next start.\n")
    return folder


AGENTS = "PJSIP/10[1-4]"
"""The pattern of the lab's agents' endpoints."""


def adapter_conf(folder: Path, pbx: Pbx, http_port: int, extra: str = "", agents: str = AGENTS) -> Path:
    """Write the adapter's configuration for this Asterisk; `extra` is appended unchanged."""
    path = folder / "adapter.toml"
    path.touch(mode=0o600)
    quoted = json.dumps  # for these values, JSON strings are valid TOML strings
    path.write_text(
        f"""[http]
port = {http_port}

[database]
url = {quoted(f"sqlite+aiosqlite:///{folder}/adapter.sqlite")}

[[pbx]]
id = "lab"

[pbx.ami]
port = {pbx.ports.ami}
secret = {quoted(pbx.ami_secret)}

[pbx.ari]
url = {quoted(pbx.ari_url)}
secret = {quoted(pbx.ari_secret)}

[endpoints]
agents = [{quoted(agents)}]

[numbering]
outside_prefixes = ["9"]

[webhooks]
allow_private = true
{extra}"""
    )
    return path


async def ready(http_port: int, stop: asyncio.Event) -> bool:
    """Wait for /readyz; False if the lab was stopped first. Raises LabError if it takes too long."""
    end = asyncio.get_running_loop().time() + READY_DEADLINE
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while asyncio.get_running_loop().time() < end:
            try:
                async with session.get(f"http://127.0.0.1:{http_port}/readyz") as response:
                    if response.status == 200:
                        return True
            except (aiohttp.ClientError, TimeoutError):
                pass
            if stop.is_set():
                return False
            await asyncio.sleep(0.1)
    raise LabError("The adapter was not ready in a minute; see adapter.log in the lab's folder.")


def _banner(http_port: int, sip_port: int, demo: bool) -> str:
    names = ", ".join(people.PEOPLE)
    lines = [
        "",
        f"  The lab is ready:  http://127.0.0.1:{http_port}/",
        f"  SIP phones:        127.0.0.1:{sip_port} (UDP, ulaw): 101-104 agents, 201-204 customers, 301 and 302",
        "                     supervisors; password lab-<number>. 500 and 510 are queues, 600 a room, 9 the outside",
        f"  People:            {names}; password lab-<username>. admin and mona may monitor.",
        "",
    ]
    if demo:
        lines += [
            "  Phones are making calls now. Open the address, sign in as admin, click a call. Or in another terminal:",
            f"    make try LAB_HTTP_PORT={http_port}",
            "",
        ]
    return "\n".join([*lines, "  Ctrl-C stops everything.", ""])


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
