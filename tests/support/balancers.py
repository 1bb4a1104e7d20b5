"""HAProxy and nginx with the samples of docs/operations, before adapters of a test; Debian's own programs."""

import os
import pwd
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import trustme

from adapter.lab.ports import free_port
from adapter.lab.provision import Prefix, Recipe, prepare

SAMPLES = Path(__file__).parents[2] / "docs/operations"
RECIPES = {
    "haproxy": Recipe("HAProxy", "10 MB", ("haproxy",)),
    "nginx": Recipe("nginx", "10 MB", ("nginx",)),
}


@contextmanager
def balanced(name: str, folder: Path, adapters: Sequence[int]) -> Iterator[int]:
    """One of them before the adapters at these ports, for the length of a block: its own port, where it speaks TLS."""
    program, port = prepare(RECIPES[name]), free_port()
    issued = trustme.CA().issue_cert("127.0.0.1")
    pem = folder / f"{name}.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(str(pem))
    config = folder / f"{name}.conf"
    config.write_text({"haproxy": _haproxy, "nginx": _nginx}[name](port, adapters, pem))
    options = ["-f", str(config)] if name == "haproxy" else ["-p", str(folder), "-e", "stderr", "-c", str(config)]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([*_command(program, f"usr/sbin/{name}"), *options], stdout=log, stderr=log)
    try:
        _wait(port, process, folder / f"{name}.log")
        yield port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def sample(name: str, port: int, adapters: Sequence[int]) -> str:
    """The sample with the test's addresses in the places of its own, and nothing else changed."""
    text = (SAMPLES / name).read_text()
    for number, adapter in enumerate(adapters, 11):
        assert text.count(f"10.0.0.{number}:8080") == 1
        text = text.replace(f"10.0.0.{number}:8080", f"127.0.0.1:{adapter}")
    changed = re.sub(r"(bind|listen) (?:\*?:)?443 ", rf"\g<1> 127.0.0.1:{port} ", text)
    assert changed != text
    return changed


def _haproxy(port: int, adapters: Sequence[int], pem: Path) -> str:
    return sample("haproxy.cfg", port, adapters).replace("/etc/haproxy/calls.example.pem", str(pem))


def _nginx(port: int, adapters: Sequence[int], pem: Path) -> str:
    text = sample("nginx-cluster.conf", port, adapters).replace("server_name calls.example", "server_name 127.0.0.1")
    text = re.sub(r"/etc/letsencrypt/live/calls.example/(fullchain|privkey).pem", str(pem), text)
    places = "".join(f"{kind}_temp_path {pem.parent}/{kind};\n" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    user = pwd.getpwuid(os.geteuid()).pw_name
    return (
        f"{f'user {user};' if os.geteuid() == 0 else ''}\ndaemon off;\nworker_processes 1;\n"
        f"pid {pem.parent}/nginx.pid;\nevents {{ worker_connections 512; }}\n"
        f"http {{\nclient_body_temp_path {pem.parent}/body;\n{places}access_log off;\n{text}}}\n"
    )


def _command(program: Prefix, path: str) -> list[str]:
    """With the loader and libraries of its own release; older releases keep some of them in /lib."""
    folders = [program.libraries, program.prefix / "lib" / program.triplet]
    loader = next(folder / program.loader for folder in folders if (folder / program.loader).exists())
    return [str(loader), "--library-path", ":".join(map(str, folders)), str(program.prefix / path)]


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 20
    while True:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, f"it exited with {process.returncode}: {log.read_text()}"
        assert time.monotonic() < end, f"it did not listen: {log.read_text()}"
        time.sleep(0.05)
