"""Who may read a file with secrets: one rule for the log, `config check` and the doctor, and one advice.

The rule: nobody but its owner and the adapter's own group (docs/install.md: root:call-monitor, mode 640).
"""

import grp
import os
import pwd
import shlex
import stat
from enum import Enum
from pathlib import Path

from adapter.config import unit

GROUP = "call-monitor"
"""The group of the service's user, where no installed unit names another."""


class Openness(Enum):
    """To whom a file is open besides its owner."""

    NOBODY = "only its owner can read"
    OWN_GROUP = "only its owner and the adapter's group can read"
    OTHER_GROUP = "a group that is not the adapter's can read or change"
    GROUP_WRITES = "its group can change"
    EVERYBODY = "everybody on this machine can read or change"

    @property
    def fine(self) -> bool:
        """Whether that is as it should be."""
        return self in (Openness.NOBODY, Openness.OWN_GROUP)


def judge(mode: int, group: str, own: frozenset[str]) -> Openness:
    """By the permission bits (chmod(1)), the file's group, and the adapter's groups. Pure."""
    if mode & stat.S_IRWXO:
        return Openness.EVERYBODY
    if not mode & stat.S_IRWXG:
        return Openness.NOBODY
    if group not in own:
        return Openness.OTHER_GROUP
    return Openness.GROUP_WRITES if mode & stat.S_IWGRP else Openness.OWN_GROUP


def advice(path: Path, group: str | None) -> str:
    """The shell command that closes a file to all but its owner and this group (None: there is no such group). Pure."""
    file = shlex.quote(str(path))
    return f"chmod 600 {file}" if group is None else f"chgrp {shlex.quote(group)} {file} && chmod 640 {file}"


def service_group() -> str | None:
    """The group of the service's user, if this machine has it."""
    name = next(unit.settings(unit.UNIT, "Group"), GROUP)
    try:
        grp.getgrnam(name)
    except KeyError:
        return None
    return name


def own_groups() -> frozenset[str]:
    """The adapter's groups: the service's, and the one that only we are in (named as our user)."""
    try:
        me = {pwd.getpwuid(os.geteuid()).pw_name}
    except KeyError:
        me = set()
    service = service_group()
    return frozenset(me | ({service} if service else set()))


def openness(path: Path) -> tuple[Openness, int]:
    """To whom a file is open, and its mode. Raises OSError."""
    found = path.stat()
    try:
        group = grp.getgrgid(found.st_gid).gr_name
    except KeyError:
        group = str(found.st_gid)
    return judge(found.st_mode, group, own_groups()), stat.S_IMODE(found.st_mode)
