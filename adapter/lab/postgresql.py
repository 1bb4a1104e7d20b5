"""A real PostgreSQL, from PyPI's pgserver wheel: its programs, run by ourselves, also where we are root."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from adapter.errors import LabError

NOBODY = 65534
"""PostgreSQL refuses to run as root; this user owns nothing."""
OURS_ONLY = ("-c", "unix_socket_permissions=0700")
"""It asks for no password."""
START_DEADLINE = 30.0
"""Seconds until it must answer; one is usual."""
STOP_DEADLINE = 4.0
"""Seconds for its fast shutdown, and for its immediate one after that."""


class PostgreSQL:
    """One cluster in a folder of its own, reached only over its socket there, by whom we run as."""

    def __init__(self) -> None:
        """Raises LabError if its programs are not installed."""
        spec = importlib.util.find_spec("pgserver")
        if spec is None or not spec.submodule_search_locations:
            raise LabError("PostgreSQL's programs are not installed; `make lab` installs them (requirements-lab.lock).")
        self.folder = Path(tempfile.mkdtemp(prefix="call-monitor-pg-"))  # another user must get there
        package = Path(spec.submodule_search_locations[0])
        shutil.copytree(package / "pginstall", self.folder / "pgserver/pginstall", symlinks=True)
        shutil.copytree(package.parent / "pgserver.libs", self.folder / "pgserver.libs")
        self._user = NOBODY if os.geteuid() == 0 else None
        self.folder.chmod(0o755)
        if self._user is not None:
            os.chown(self.folder, NOBODY, NOBODY)
        self._process: subprocess.Popen[bytes] | None = None
        self._starting, self._over = threading.Lock(), False

    @property
    def pid(self) -> int | None:
        """Of its first process, while that runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Make the cluster, or start it again, and wait until it answers. Raises LabError if it doesn't."""
        data = self.folder / "data"
        if not data.exists():
            self.run("initdb", "-D", str(data), "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C")
        with self._starting, (self.folder / "log").open("wb") as log:
            if self._over:
                raise LabError("PostgreSQL is being stopped.")
            command = [self.program("postgres"), "-D", str(data), "-k", str(self.folder), "-h", "", "-F", *OURS_ONLY]
            self._process = subprocess.Popen(
                command,
                user=self._user,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + START_DEADLINE
        while not self._answers():  # its socket is there before it takes anybody in
            if self.pid is None or time.monotonic() > end:
                raise LabError(f"PostgreSQL did not start: {(self.folder / 'log').read_text(errors='replace')}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        command = [self.program("pg_isready"), "-h", str(self.folder), "-q"]
        return subprocess.run(command, user=self._user, check=False).returncode == 0

    def program(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.folder / "pgserver/pginstall/bin" / name)

    def run(self, name: str, *arguments: str) -> None:
        """Run one of its programs, as its user. Raises LabError with what it says if it fails."""
        done = subprocess.run(
            [self.program(name), *arguments], user=self._user, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise LabError(f"PostgreSQL's {name} failed: {done.stdout}{done.stderr}")

    def ask(self, statement: str, database: str = "postgres") -> None:
        """Run one statement as its superuser. Raises LabError."""
        self.run("psql", "-h", str(self.folder), "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-c", statement, database)

    def halt(self) -> None:
        """End it as an operator does who restarts it: connections are cut (its fast shutdown)."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)  # immediate; SIGKILL would leave its other processes behind
            self._process.wait(STOP_DEADLINE)

    def stop(self) -> None:
        """End it and remove the folder."""
        with self._starting:
            self._over = True
        try:
            self.halt()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The URL of a database, for the adapter's configuration."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self.folder}"
