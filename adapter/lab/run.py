"""The lab in the foreground: an embedded Asterisk and the adapter, each a process that is restarted if it exits."""

import asyncio
import json
import shutil
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from adapter.errors import LabError
from adapter.lab import people, several
from adapter.lab.demo import Demo
from adapter.lab.pbx import Pbx
from adapter.lab.ports import Ports
from adapter.lab.provision import Toolchain, provision
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


async def run_lab(*, directory: Path, http_port: int, sip_port: int, demo: bool, pbxes: int = 1) -> int:
    """Run until SIGINT or SIGTERM, then stop everything that was started. Raises LabError if it can't run."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    need_free("LAB_HTTP_PORT", http_port, socket.SOCK_STREAM)
    sip_ports = range(sip_port, sip_port + pbxes)
    for port in sip_ports:
        need_free("LAB_SIP_PORT", port, socket.SOCK_DGRAM)
    toolchain = await asyncio.to_thread(provision)
    folder = fresh(directory)
    parts = asterisks(toolchain, folder, sip_ports)
    conf = adapter_conf(folder, parts, http_port)
    _say("Starting Asterisk and the adapter.")
    await people.seed(conf, pbxes)
    adapter = Adapter(conf, folder / "adapter.log")
    keepers = BackgroundTasks("lab")
    async with AsyncExitStack() as stack:
        for pbx in parts:
            stack.push_async_callback(pbx.stop)
        stack.push_async_callback(adapter.stop)
        stack.push_async_callback(keepers.close)
        await asyncio.gather(*(pbx.start() for pbx in parts))
        await adapter.start()
        for node, pbx in enumerate(parts):
            name = "Asterisk" if pbxes == 1 else f"Asterisk {several.pbx_id(node, pbxes)}"
            keepers.start(keep_alive(pbx.start, pbx, name), name)
        keepers.start(keep_alive(adapter.start, adapter, "The adapter"), "adapter")
        if not await ready(http_port, stop):
            return 0
        if demo:
            shows = [Demo(pbx, folder / f"phones{node or ''}", node, pbxes) for node, pbx in enumerate(parts)]
            for show in shows:
                stack.push_async_callback(show.stop)
            _say("Starting the phones, and their first calls.")
            await asyncio.gather(*(show.register() for show in shows))
            await asyncio.gather(*(show.start() for show in shows))
        _say(_banner(http_port, sip_port, demo, pbxes))
        await stop.wait()
        _say("Stopping.")
    return 0


def asterisks(toolchain: Toolchain, folder: Path, sip_ports: Sequence[int]) -> list[Pbx]:
    """As many as there are SIP ports, joined by trunks."""
    found: list[Pbx] = []
    for node, port in enumerate(sip_ports):
        ports = Ports.choose(port)
        place = folder / f"asterisk{node or ''}"
        found.append(Pbx(toolchain, place, ports, several.trunks(node, sip_ports), node))
    return found


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


AGENTS = several.agents(0)
"""The pattern of the lab's agents' endpoints."""


def adapter_conf(folder: Path, pbx: Pbx | Sequence[Pbx], http_port: int, extra: str = "", agents: str = AGENTS) -> Path:
    """Write the adapter's configuration for this Asterisk, or these; `extra` is appended unchanged."""
    path = folder / "adapter.toml"
    path.touch(mode=0o600)
    quoted = json.dumps  # for these values, JSON strings are valid TOML strings
    parts = [pbx] if isinstance(pbx, Pbx) else pbx
    path.write_text(
        f"""[http]
port = {http_port}

[database]
url = {quoted(f"sqlite+aiosqlite:///{folder}/adapter.sqlite")}
{"".join(_pbx_conf(node, parts) for node in range(len(parts)))}
[endpoints]
agents = [{quoted(agents)}]

[numbering]
outside_prefixes = ["9"]

[webhooks]
allow_private = true
{extra}"""
    )
    return path


def _pbx_conf(node: int, parts: Sequence[Pbx]) -> str:
    quoted, pbx, pbxes = json.dumps, parts[node], len(parts)
    several_lines = ""
    if pbxes > 1:
        ways = ", ".join(f"{other} = {quoted(way)}" for other, way in several.reach(node, pbxes).items())
        several_lines = f"name = {quoted(f'PBX {node}')}\nreach = {{ {ways} }}\n"
    return f"""
[[pbx]]
id = {quoted(several.pbx_id(node, pbxes))}
{several_lines}
[pbx.ami]
port = {pbx.ports.ami}
secret = {quoted(pbx.ami_secret)}

[pbx.ari]
url = {quoted(pbx.ari_url)}
secret = {quoted(pbx.ari_secret)}
""" + (f"\n[pbx.endpoints]\nagents = [{quoted(several.agents(node))}]\n" if node else "")


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


def _banner(http_port: int, sip_port: int, demo: bool, pbxes: int) -> str:
    names = ", ".join(people.everybody(pbxes))
    lines = [
        "",
        f"  The lab is ready:  http://127.0.0.1:{http_port}/",
        f"  SIP phones:        127.0.0.1:{sip_port} (UDP, ulaw): 101-104 agents, 201-204 customers, 301 and 302",
        "                     supervisors; password lab-<number>. 500 and 510 are queues, 600 a room, 9 the outside",
    ]
    for node in range(1, pbxes):
        here = [several.renumbered(number, node) for number in ("101", "104", "201", "204", "301")]
        phones = "{}-{} agents, {}-{} customers, {} supervisor".format(*here)
        lines.append(f"  {several.pbx_id(node, pbxes)}:              127.0.0.1:{sip_port + node}: {phones}")
    may = ", ".join(["admin", "mona", *(f"max{node}" for node in range(1, pbxes))])
    lines += [f"  People:            {names};", f"                     password lab-<username>. {may} may monitor.", ""]
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
