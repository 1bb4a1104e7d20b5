"""A real PostgreSQL for tests, from PyPI's pgserver wheel: its programs, run by ourselves, also where we are root."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534
"""PostgreSQL refuses to run as root; this user owns nothing."""


class PostgreSQL:
    """One cluster in a folder of its own, reached over its socket there."""

    def __init__(self) -> None:
        spec = importlib.util.find_spec("pgserver")
        assert spec is not None, "pgserver is not installed: make test installs it"
        assert spec.submodule_search_locations
        self.folder = Path(tempfile.mkdtemp(prefix="call-monitor-pg-"))
        self.folder.chmod(0o755)
        package = Path(spec.submodule_search_locations[0])
        shutil.copytree(package / "pginstall", self.folder / "pgserver/pginstall", symlinks=True)
        shutil.copytree(package.parent / "pgserver.libs", self.folder / "pgserver.libs")
        self._user = NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self.folder, NOBODY, NOBODY)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the cluster, or start it again, and wait until it answers."""
        data = self.folder / "data"
        if not data.exists():
            self._run("initdb", "-D", str(data), "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C")
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._program("postgres"), "-D", str(data), "-k", str(self.folder), "-h", "", "-F"],
                user=self._user,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 30
        while not (self.folder / ".s.PGSQL.5432").exists():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "PostgreSQL did not start"
            time.sleep(0.05)
        while not self._answers():  # its socket is there before it takes anybody in
            assert time.monotonic() < end, "PostgreSQL did not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        command = [self._program("pg_isready"), "-h", str(self.folder), "-q"]
        return subprocess.run(command, user=self._user, check=False).returncode == 0

    def _program(self, name: str) -> str:
        return str(self.folder / "pgserver/pginstall/bin" / name)

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._program(name), *arguments], user=self._user, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["PostgreSQL"]:
        """A cluster for the length of a block."""
        server = cls()
        try:
            server.start()
            yield server
        finally:
            server.stop()

    def halt(self) -> None:
        """End it as an operator does who restarts it: connections are cut (its fast shutdown)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(20)

    def ask(self, statement: str, database: str = "postgres") -> None:
        """Run one statement as its superuser."""
        self._run("psql", "-h", str(self.folder), "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-c", statement, database)

    def stop(self) -> None:
        """End it and remove the folder."""
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The URL of a database, for the adapter's configuration."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self.folder}"
