"""The lab in the foreground: Asterisks, adapters and what those share, each a process that is restarted if it exits."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import aiohttp

from adapter.errors import LabError
from adapter.lab import people, several
from adapter.lab.claims import Claim, claim_port
from adapter.lab.demo import Demo
from adapter.lab.keeping import Process, Stoppable, exited, keep_alive, say, stop_all
from adapter.lab.pbx import Pbx
from adapter.lab.ports import Ports
from adapter.lab.provision import Toolchain, provision
from adapter.lab.shared import Shared
from adapter.tasks import BackgroundTasks

MARKER = "call-monitor-lab"
READY_DEADLINE = 60.0
"""Seconds until /readyz must answer 200."""
STOP_DEADLINE = 8.0
"""Seconds for a clean stop of the adapter."""


class Adapter:
    """The adapter as its own process."""

    def __init__(self, conf: Path, log: Path, http_port: int | None = None) -> None:
        """`http_port`: another than the configuration's, which several adapters have in common."""
        self._conf, self._log = conf, log
        self._environment = {**os.environ, **({"CALL_MONITOR_HTTP__PORT": str(http_port)} if http_port else {})}
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
                env=self._environment,
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


async def run_lab(
    *, directory: Path, http_port: int, sip_port: int, demo: bool, pbxes: int = 1, adapters: int = 1
) -> int:
    """Run until SIGINT or SIGTERM, then stop everything that was started. Raises LabError if it can't run."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    http_ports, sip_ports = range(http_port, http_port + adapters), range(sip_port, sip_port + pbxes)
    claims = [need_free("LAB_HTTP_PORT", port, socket.SOCK_STREAM) for port in http_ports]
    claims += [need_free("LAB_SIP_PORT", port, socket.SOCK_DGRAM) for port in sip_ports]
    toolchain = await asyncio.to_thread(provision)
    folder = fresh(directory)
    async with AsyncExitStack() as stack:
        shared = Shared(folder) if adapters > 1 else None
        others: list[Stoppable] = [shared] if shared else []
        stack.push_async_callback(stop_all, others)
        others += (parts := asterisks(toolchain, folder, sip_ports))
        say("Starting Asterisk and the adapter.")
        if shared:
            await shared.start()
        conf = adapter_conf(folder, parts, http_port, shared=shared)
        await people.seed(conf, pbxes)
        serving = [Adapter(conf, folder / f"adapter{n or ''}.log", port) for n, port in enumerate(http_ports)]
        stack.push_async_callback(stop_all, serving)
        keepers = BackgroundTasks("lab")
        stack.push_async_callback(keepers.close)
        await asyncio.gather(*(pbx.start() for pbx in parts))
        for adapter in serving:
            await adapter.start()
        _keep(keepers, parts, serving, shared)
        if not all(await asyncio.gather(*(ready(port, stop) for port in http_ports))):
            return 0
        if demo:
            shows = [Demo(pbx, folder / f"phones{node or ''}", node, pbxes) for node, pbx in enumerate(parts)]
            stack.push_async_callback(stop_all, shows)
            say("Starting the phones, and their first calls.")
            await asyncio.gather(*(show.register() for show in shows))
            await asyncio.gather(*(show.start() for show in shows))
        say(_banner(http_ports, sip_port, demo, pbxes))
        await stop.wait()
        say("Stopping.")
    claims.clear()
    return 0


def _keep(keepers: BackgroundTasks, pbxes: Sequence[Pbx], adapters: Sequence[Adapter], shared: Shared | None) -> None:
    """Keep all of them alive."""
    named: list[tuple[Process, str]] = []
    for node, pbx in enumerate(pbxes):
        named.append((pbx, f"Asterisk {several.pbx_id(node, len(pbxes))}" if len(pbxes) > 1 else "Asterisk"))
    for number, adapter in enumerate(adapters):
        named.append((adapter, f"Adapter {number}" if len(adapters) > 1 else "The adapter"))
    if shared:
        named.append((shared.nats, "NATS"))
        database = shared.database
        keepers.start(keep_alive(database.start, database.exited, "PostgreSQL"), "PostgreSQL")
    for part, name in named:
        keepers.start(keep_alive(part.start, partial(exited, part), name), name)


def asterisks(toolchain: Toolchain, folder: Path, sip_ports: Sequence[int]) -> list[Pbx]:
    """As many as there are SIP ports, joined by trunks."""
    found: list[Pbx] = []
    for node, port in enumerate(sip_ports):
        ports = Ports.choose(port)
        place = folder / f"asterisk{node or ''}"
        found.append(Pbx(toolchain, place, ports, several.trunks(node, sip_ports), node))
    return found


def need_free(name: str, port: int, kind: int) -> Claim | None:
    """Claim a port that was given, as far as nobody did (who gave it may have). Raises LabError if it is in use."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise LabError(
                f"Port {port} is in use. Choose another, for example: make lab {name}={port + 1000}"
            ) from None
    return claim_port(kind, port)


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


def adapter_conf(
    folder: Path,
    pbx: Pbx | Sequence[Pbx],
    http_port: int,
    extra: str = "",
    agents: str = AGENTS,
    shared: Shared | None = None,
) -> Path:
    """Write the adapter's configuration for this Asterisk, or these; `extra` is appended unchanged.

    `shared`: what several adapters share, which have this configuration in common.
    """
    path = folder / "adapter.toml"
    path.touch(mode=0o600)
    quoted = json.dumps  # for these values, JSON strings are valid TOML strings
    parts = [pbx] if isinstance(pbx, Pbx) else pbx
    database = shared.database_url if shared else f"sqlite+aiosqlite:///{folder}/adapter.sqlite"
    path.write_text(
        f"""[http]
port = {http_port}

[database]
url = {quoted(database)}
{shared.conf() if shared else ""}{"".join(_pbx_conf(node, parts) for node in range(len(parts)))}
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


def _banner(http_ports: range, sip_port: int, demo: bool, pbxes: int) -> str:
    names, http_port = ", ".join(people.everybody(pbxes)), http_ports.start
    lines = [
        "",
        *(f"  The lab is ready:  http://127.0.0.1:{port}/" for port in http_ports[:1]),
        *(f"  another adapter:   http://127.0.0.1:{port}/" for port in http_ports[1:]),
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
