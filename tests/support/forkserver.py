"""The adapter's processes for tests, forked from one that has everything imported: real processes, with what a start
costs most (a second of the processor, for importing) paid once in a run.

`python -m tests.support.forkserver PATH` is the server: over a Unix socket it is given a command line, a folder, the
environment and the three standard files, and answers with the pid and later with the exit status. It ends when its
standard input does.
"""

import array
import asyncio
import atexit
import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from adapter.lab.run import Adapter

FILES = 3
LARGEST = 1 << 20
"""Bytes of a request: the environment is most of it."""
WHAT_TAKES_TIME = (
    "adapter.cli.main",
    "adapter.service",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
)
"""Imported before the first fork."""


# --- the server


class _Forked(BaseException):
    """We are the new process; what is above us on the stack is the server's."""


def _serve(path: str) -> None:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(64)
    waiting = selectors.DefaultSelector()
    waiting.register(0, selectors.EVENT_READ)
    waiting.register(listening, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.fileobj == 0:
                for left in waiting.get_map().values():  # of tests that were killed themselves
                    if isinstance(left.data, tuple):
                        os.kill(left.data[0], signal.SIGTERM)
                return
            if key.fileobj is listening:
                _fork(listening, waiting)
            else:
                pid, client = key.data
                waiting.unregister(key.fd)
                os.close(key.fd)
                with contextlib.suppress(OSError):  # who asked may be gone
                    client.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                client.close()


def _fork(listening: socket.socket, waiting: selectors.BaseSelector) -> None:
    client, _ = listening.accept()
    request, files = _received(client)
    if (pid := os.fork()) == 0:
        for key in list(waiting.get_map().values()):
            if isinstance(key.data, tuple):
                key.data[1].close()
                os.close(key.fd)
        waiting.close()
        listening.close()
        client.close()
        _become(request, files)
        raise _Forked
    for file in files:
        os.close(file)
    client.sendall(b"%d\n" % pid)
    waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, client))


def _received(client: socket.socket) -> tuple[dict[str, Any], list[int]]:
    text, control, _, _ = client.recvmsg(LARGEST, socket.CMSG_LEN(FILES * array.array("i").itemsize))
    files = array.array("i")
    for _, _, data in control:
        files.frombytes(data)
    while not text.endswith(b"\n"):
        text += client.recv(LARGEST)
    return json.loads(text), list(files)


def _become(request: dict[str, Any], files: Sequence[int]) -> None:
    os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    import adapter.__main__

    sys.modules["__main__"] = adapter.__main__
    sys.argv[:] = [str(adapter.__main__.__file__), *request["arguments"]]


def _main(path: str) -> None:
    for module in WHAT_TAKES_TIME:
        importlib.import_module(module)
    gc.freeze()
    with contextlib.suppress(_Forked):
        _serve(path)
        os._exit(0)
    from adapter.__main__ import main

    main()


# --- asking it


class _Server:
    """The server of this process, started when it is first needed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="call-monitor-fork-")
        self._path = f"{self._folder.name}/s"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forkserver", self._path],
            stdin=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )

    def connected(self) -> socket.socket:
        end = time.monotonic() + 120
        while True:
            client = socket.socket(socket.AF_UNIX)
            try:
                client.connect(self._path)
            except OSError:
                client.close()
                assert self._process.poll() is None, "the fork server ended"
                assert time.monotonic() < end, "the fork server did not start"
                time.sleep(0.02)
            else:
                return client

    def close(self) -> None:
        self._process.communicate()
        self._folder.cleanup()


_servers: list[_Server] = []


def _begin(
    arguments: Sequence[str], files: Sequence[int], environment: dict[str, str] | None
) -> tuple[int, socket.socket]:
    """A new process: its pid, and where its exit status is told."""
    if not _servers:
        _servers.append(_Server())
        atexit.register(_servers[0].close)
    client = _servers[0].connected()
    request = {"arguments": list(arguments), "folder": os.getcwd(), "environment": environment or dict(os.environ)}
    socket.send_fds(client, [json.dumps(request).encode() + b"\n"], list(files))
    text = b""
    while not text.endswith(b"\n"):
        got = client.recv(32)
        assert got, "the fork server ended"
        text += got
    return int(text), client


class Process(asyncio.subprocess.Process):
    """A process of the server's, as asyncio shows one of its own."""

    def __init__(
        self,
        pid: int,
        told: socket.socket,
        stdout: asyncio.StreamReader | None = None,
        stderr: asyncio.StreamReader | None = None,
    ) -> None:
        self.pid, self.stdout, self.stderr = pid, stdout, stderr
        self._over: asyncio.Task[int] = asyncio.ensure_future(self._wait(told))

    async def _wait(self, told: socket.socket) -> int:
        reader, writer = await asyncio.open_unix_connection(sock=told)
        try:
            return int(await reader.read())
        finally:
            writer.close()

    @property
    def returncode(self) -> int | None:
        return self._over.result() if self._over.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._over)

    async def communicate(self, input: bytes | bytearray | memoryview | None = None) -> tuple[bytes, bytes]:
        assert input is None
        assert self.stdout is not None
        assert self.stderr is not None
        said, complained, _ = await asyncio.gather(self.stdout.read(), self.stderr.read(), self.wait())
        return said, complained

    def send_signal(self, signal: int) -> None:
        if self._over.done():
            raise ProcessLookupError
        with contextlib.suppress(ProcessLookupError):  # it is over, and we were not told yet
            os.kill(self.pid, signal)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def start(*arguments: str, output: IO[bytes] | None = None, environment: dict[str, str] | None = None) -> Process:
    """`call-monitor` with these arguments, as a process; what it says goes to `output`."""
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        said = nothing if output is None else output.fileno()
        pid, told = await asyncio.to_thread(_begin, arguments, [nothing, said, said], environment)
    finally:
        os.close(nothing)
    return Process(pid, told)


async def piped(*arguments: str, together: bool = False) -> Process:
    """The same, whose output and complaints can be read; `together`: both as output."""
    nothing, (mine, said), (listened, complained) = os.open(os.devnull, os.O_RDWR), os.pipe(), os.pipe()
    try:
        files = [nothing, said, said if together else complained]
        pid, told = await asyncio.to_thread(_begin, arguments, files, None)
    finally:
        for file in (nothing, said, complained):
            os.close(file)
    return Process(pid, told, await _read(mine), await _read(listened))


async def _read(file: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(file, "rb", 0))
    return reader


def run(*arguments: str, stdin: str = "", seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """`call-monitor` with these arguments until it ends, like `subprocess.run`. Raises TimeoutError."""
    with (
        tempfile.TemporaryFile("w+") as given,
        tempfile.TemporaryFile("w+") as said,
        tempfile.TemporaryFile("w+") as complained,
    ):
        given.write(stdin)
        given.seek(0)
        pid, told = _begin(arguments, [file.fileno() for file in (given, said, complained)], None)
        with told:
            told.settimeout(seconds)
            try:
                status = int(told.recv(32))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise
        said.seek(0)
        complained.seek(0)
        return subprocess.CompletedProcess(arguments, status, said.read(), complained.read())


class ForkedAdapter(Adapter):
    """The adapter as its own process."""

    async def start(self) -> None:
        """Start it; /readyz tells when it is ready."""
        with self._log.open("ab") as output:
            self.process = await start("serve", "--config", str(self._conf), output=output)


if __name__ == "__main__":
    _main(sys.argv[1])
