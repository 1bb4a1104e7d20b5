"""Ctrl-C while a command still reads its own program: the end, in silence, at whatever moment."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.test_cli import conf

__all__ = ["conf"]


@pytest.mark.parametrize(
    ("command", "moments"),
    [(("serve",), (1, 2, 3, 5, 7, 9, 12)), (("user", "list"), (1, 5, 9)), (("doctor",), (1, 5, 9))],
)
def test_ctrl_c_while_it_starts(conf: Path, command: tuple[str, ...], moments: tuple[int, ...]) -> None:
    """Modules that are half imported catch an exception, or make a traceback of it."""
    for tenths in moments:
        process = subprocess.Popen(
            [sys.executable, "-m", "adapter", *command, "--config", str(conf)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            wait_until_it_runs_our_code(process.pid)
            time.sleep(tenths / 10 - 0.1)
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=30)
        finally:
            process.kill()
        assert "Traceback" not in said, (tenths, said)
        assert process.returncode in (130, 0, 1, 2), tenths  # it may have been done already
        if tenths == 1:
            assert (process.returncode, said) == (130, "")


def wait_until_it_runs_our_code(pid: int) -> None:
    """The interpreter's own start is not ours: SIGINT is caught once the first module that we have is read."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/status").read_text()
        caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
        if caught & 1 << (signal.SIGINT - 1) and "pydantic" in Path(f"/proc/{pid}/maps").read_text():
            return
        time.sleep(0.002)
    pytest.fail("it did not start")
