"""A real PgBouncer for tests, in transaction mode before a real PostgreSQL: Debian's package, without root."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapter.lab.ports import free_port
from adapter.lab.provision import Prefix, Recipe, prepare
from tests.support.postgresql import NOBODY, PostgreSQL

PGBOUNCER = Recipe("PgBouncer", "15 MB", ("pgbouncer",))
SERVERS = 2
"""Connections to PostgreSQL, fewer than the adapter has: each transaction meets what others left."""


@contextmanager
def pooled(server: PostgreSQL, database: str) -> Iterator[str]:
    """PgBouncer before this database for the length of a block: the URL by which it is reached."""
    program, port = prepare(PGBOUNCER), free_port()
    folder = server.folder / "pgbouncer"
    folder.mkdir(exist_ok=True)
    ini = folder / "pgbouncer.ini"
    ini.write_text(
        f"[databases]\n* = host={server.folder} port=5432 user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {SERVERS}\n"
        f"unix_socket_dir =\nlogfile = {folder}/log\npidfile = {folder}/pid\n"
    )
    if os.geteuid() == 0:  # it does not stay root
        ini.write_text(f"{ini.read_text()}user = nobody\n")
        os.chown(folder, NOBODY, NOBODY)
    command = [*_command(program), str(ini)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port, process, folder / "log")
            yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}/{database}"
        finally:
            process.terminate()
            process.wait(20)


def _command(program: Prefix) -> list[str]:
    """With the loader and libraries of its own release; older releases keep some of them in /lib."""
    folders = [program.libraries, program.prefix / "lib" / program.triplet]
    loader = next(folder / program.loader for folder in folders if (folder / program.loader).exists())
    return [str(loader), "--library-path", ":".join(map(str, folders)), str(program.prefix / "usr/sbin/pgbouncer")]


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 20
    while True:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        said = log.read_text() if log.exists() else "nothing"
        assert process.poll() is None, f"PgBouncer exited with {process.returncode}: {said}"
        assert time.monotonic() < end, f"PgBouncer did not listen: {said}"
        time.sleep(0.05)
