"""Asterisk's command line, for telling it of changed files."""

import re
import subprocess
import time
from collections.abc import Sequence

DEADLINE = 30.0
"""Seconds for one command; a reload of a large dialplan takes some."""
BOOT = 60.0
"""Seconds until a restarted Asterisk answers."""


class Console:
    """Asterisk's console: a command line to which `-rx COMMAND` is added."""

    def __init__(self, program: Sequence[str]) -> None:
        self._program = list(program)

    def ask(self, command: str) -> str | None:
        """What Asterisk answers; None if it doesn't run or can't be asked."""
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command line, without a shell
                [*self._program, "-rx", command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=DEADLINE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout if done.returncode == 0 else None

    def is_running(self) -> bool:
        """Whether an Asterisk answers."""
        return self.ask("core show version") is not None

    def channels(self) -> int | None:
        """How many channels there are; None if that can't be found out."""
        return self._number(r"^(\d+) active channels?$", "core show channels count")

    def uptime(self) -> int | None:
        """Seconds since Asterisk started; None if that can't be found out."""
        return self._number(r"^System uptime: (\d+)", "core show uptime seconds")

    def _number(self, pattern: str, command: str) -> int | None:
        """A number in what it answers; other lines, such as warnings before it, don't count."""
        found = re.search(pattern, self.ask(command) or "", re.MULTILINE)
        return int(found[1]) if found else None

    def wait(self) -> bool:
        """Wait until a restarted Asterisk has read everything; False if that takes too long."""
        end = time.monotonic() + BOOT
        time.sleep(1.0)  # it goes down first
        while time.monotonic() < end:
            if "fully booted" in (self.ask("core waitfullybooted") or "").lower():
                return True
            time.sleep(0.5)
        return False
