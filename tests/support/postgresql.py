"""The lab's PostgreSQL for the length of a test or a session."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from adapter.lab import postgresql
from adapter.lab.postgresql import NOBODY

__all__ = ["NOBODY", "PostgreSQL"]


class PostgreSQL(postgresql.PostgreSQL):
    """One cluster in a folder of its own, reached over its socket there."""

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["PostgreSQL"]:
        """A cluster for the length of a block."""
        server = cls()
        try:
            server.start()
            yield server
        finally:
            server.halt()
            # By somebody else: a folder with a database for each test takes a minute to remove.
            subprocess.run(["sh", "-c", f"rm -rf '{server.folder}' >/dev/null 2>&1 &"], check=True)
