"""This process as its kernel knows it, whether another one is gone, and the clock by which leases are judged."""

import os
import socket
import time
import uuid
from datetime import datetime
from pathlib import Path

from adapter import __version__
from adapter.core.ownership import Member, Process

BOOT_ID = "CALL_MONITOR_BOOT_ID"
"""Environment: the boot of this machine, where /proc/sys can't be read (systemd's ProcSubset=pid; its %b knows it)."""
ENDED = frozenset("ZXx")
"""States of a process that runs no more, though its parent has not looked (proc(5), /proc/pid/stat)."""


def boot_time() -> float:
    """Seconds since the machine's boot, sleep included: nobody can set it (clock_gettime(2), CLOCK_BOOTTIME)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def this_member(at: datetime) -> Member:
    """This process as a new member."""
    return Member(uuid.uuid4().hex, this_process(), __version__, at)


def this_process() -> Process:
    """Who we are. What the kernel does not tell stays empty, and then nobody is taken for gone by it."""
    pid = os.getpid()
    _, started = _stat(pid) or ("", 0)
    return Process(socket.gethostname(), pid, _boot(), _namespace(), started)


def is_gone(other: Process, us: Process) -> bool:
    """Whether that process surely runs no more: it ran here, in this boot, among the pids that we see.

    False where it may still run, and where nothing can be known: another machine, another container.
    """
    if not (us.boot and us.namespace and other.started) or (other.boot, other.namespace) != (us.boot, us.namespace):
        return False
    try:
        os.kill(other.pid, 0)  # asks only; knows also the processes that /proc hides from us (hidepid, ProtectProc)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    found = _stat(other.pid)
    return found is not None and (found[0] in ENDED or found[1] != other.started)


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", "")
    except OSError:
        return os.environ.get(BOOT_ID, "").replace("-", "")


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _stat(pid: int) -> tuple[str, int] | None:
    """State and start of a process; None where it can't be read. A name may hold spaces and brackets (proc(5))."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[0], int(fields[19])
    except (OSError, IndexError, ValueError):
        return None
