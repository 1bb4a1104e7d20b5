"""The second half of `call-monitor setup`: show the plan, carry it out, check what came of it."""

import difflib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from adapter import config, shipped
from adapter.cli import doctor
from adapter.cli.access import operator
from adapter.cli.asking import password_of
from adapter.cli.setupprepare import Prepared
from adapter.cli.setupwishes import Wishes
from adapter.cli.store import with_store
from adapter.config.unit import UNIT
from adapter.core.people import Role
from adapter.errors import ConfigError
from adapter.setup import apply, plan
from adapter.setup.asterisk import Console
from adapter.setup.model import Edit, Plan
from adapter.store.address import sqlite_file
from adapter.store.people import NewUser

SECRET = re.compile(r"^(.?\s*[\w-]*(?:secret|password|passwd|md5_cred)\s*=>?\s*).+$", re.IGNORECASE)
"""A line of Asterisk's files or of ours that has a secret as its value."""
IN_URL = re.compile(r"(://[^/:@\s]*:)[^@\s]+@")
"""The password in a URL (RFC 3986, section 3.2.1)."""


@contextmanager
def told_if_broken_off(what: str) -> Iterator[None]:
    """Say how things stand after Ctrl-C, or a question that nobody answers (no terminal)."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        more = "" if sys.stdin.isatty() else " A question had no answer: --yes takes the defaults, options the rest."
        click.echo(f"\nStopped. {what}{more}", err=True)
        raise


def agree(question: str, wishes: Wishes) -> None:
    """Ends here unless the answer is yes."""
    if not wishes.yes and not click.confirm(question):
        click.echo("Nothing was changed.")
        sys.exit(1)


def show(prepared: Prepared) -> None:
    """Print what would change: whole diffs, but of secrets only that there are some."""
    if not prepared.edits and not prepared.folder:
        click.echo("Nothing has to be changed.")
    if prepared.folder:
        click.echo(f"\n{prepared.folder}: a new folder, Asterisk's")
    for edit in prepared.edits:
        if edit.secret:
            click.echo(f"\n{edit.path}: {'a new secret' if edit.before is None else 'another secret'}, not shown")
        elif edit.before is None and edit.path.name.endswith(("_call_monitor.conf", UNIT)):
            click.echo(f"\n{edit.path}: new, {len(edit.after.splitlines())} lines, as they come with the program")
        else:
            before, name = (edit.before, str(edit.path)) if edit.before is not None else _origin(edit)
            old, new = (text.removesuffix("\n").split("\n") if text else [] for text in (before, edit.after))
            rows = difflib.unified_diff(old, new, name, str(edit.path), lineterm="", n=1)
            click.echo("\n" + "\n".join(map(_without_secrets, rows)).encode("utf-8", "replace").decode())
    for text in prepared.plan.todo:
        click.echo(f"\nTo do: {text}")


def _without_secrets(row: str) -> str:
    """A row of a diff, which may be logged somewhere."""
    return IN_URL.sub(r"\1…@", SECRET.sub(r"\1…", row))


def _origin(edit: Edit) -> tuple[str, str]:
    """What a new file is compared with."""
    if edit.path.name == "config.toml":
        return shipped.text(shipped.SAMPLE), shipped.SAMPLE
    return "", "/dev/null"


def make_user(wishes: Wishes) -> None:
    """The service's user, as root. Raises ConfigError."""
    if wishes.user is None or apply.group_of(wishes.user) is not None:
        return
    command = ["useradd", "--system", "--home-dir", str(wishes.state), "--shell", "/usr/sbin/nologin", wishes.user]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
        why = "" if done.returncode == 0 else done.stderr.strip()
    except OSError as problem:
        why = str(problem)
    if why:
        raise ConfigError(f"The user {wishes.user} could not be made ({why}). Make it: {' '.join(command)}")
    click.echo(f"The user {wishes.user} was added.")


def make_state(wishes: Wishes) -> None:
    """The folder of the database, the service's own; one that is in use already stays as it is."""
    if sqlite_file(wishes.database) is None or (wishes.state.exists() and any(wishes.state.iterdir())):
        return
    wishes.state.mkdir(parents=True, mode=0o700, exist_ok=True)
    if wishes.user is not None:
        apply.give(wishes.state, wishes.user)


def reload(planned: Plan, console: Console, wishes: Wishes, etc: Path) -> None:
    """Let Asterisk read what it can read while it runs; restart it only if asked to."""
    if not console.is_running():
        click.echo("Asterisk does not answer on its command line: start it, or restart it, and run the doctor.")
        return
    for command in planned.reload:
        if console.ask(command) is None:
            click.echo(f'Asterisk did not take it: asterisk -rx "{command}"')
    if unread := list(planned.restart) or _unread(console, etc):
        _restart(console, wishes, unread)


def _unread(console: Console, etc: Path) -> list[str]:
    """Files that only a start of Asterisk reads, and that changed since the last one: by a former setup, perhaps."""
    uptime = console.uptime()
    if uptime is None:
        return []
    began = time.time() - uptime
    files = [path for start in plan.AT_START for path in sorted(etc.glob(f"{start}*.conf"))]
    changed = [path.name.replace("_call_monitor", "") for path in files if path.stat().st_mtime > began]
    return list(dict.fromkeys(changed))


def _restart(console: Console, wishes: Wishes, files: Sequence[str]) -> None:
    what = f"{' and '.join(files)} are read only when Asterisk starts"
    wanted = wishes.restart
    if not wanted and not wishes.yes and console.channels() == 0:
        wanted = click.confirm(f"{what}. There is no call now. Restart Asterisk?", default=True)
    if not wanted:
        click.echo(f'{what}: asterisk -rx "core restart when convenient". Until then the doctor finds it not fit.')
        return
    console.ask("core restart when convenient")  # not "gracefully": that refuses new calls until the last has ended
    click.echo("Asterisk restarts as soon as no call runs.")
    if not console.wait():
        click.echo("It has not done so yet; run the doctor again when it has.")


def reload_after_undo(done: Sequence[str], console: Console, etc: Path | None) -> None:
    """The same after files were taken back."""
    names = [Path(row.split(maxsplit=1)[1]).name.removeprefix("call_monitor_") for row in done]
    commands = [command for start, command in plan.RELOADS.items() if any(name.startswith(start) for name in names)]
    if not console.is_running():
        click.echo("Asterisk does not answer on its command line: restart it if it runs.")
        return
    for command in commands:
        console.ask(command)
    if any(name.startswith(plan.AT_START) for name in names):
        click.echo('Asterisk has to be restarted once: asterisk -rx "core restart when convenient"')


def add_administrator(prepared: Prepared, wishes: Wishes) -> None:
    """The first account. Asks for the password."""
    if prepared.admin is None:
        return
    if wishes.yes and not wishes.password_stdin:
        click.echo(f"No account was added: give the password with --password-stdin, or: {_user_add(prepared, wishes)}")
        return
    new = NewUser(
        username=prepared.admin,
        name=prepared.admin.capitalize(),
        role=Role.ADMINISTRATOR,
        password=password_of(wishes.password_stdin, prepared.admin),
        extension=prepared.extension,
        devices=(prepared.device,) if prepared.device else (),
        by=operator(),
    )
    made = with_store(wishes.config, lambda store: store.people.create(new), make=True)
    click.echo(f"{made.username} was added as {made.role}.")


def _user_add(prepared: Prepared, wishes: Wishes) -> str:
    phone = f" --extension {prepared.extension} --device {prepared.device}" if prepared.extension else ""
    return f"call-monitor user add {prepared.admin} --admin{phone} --config {wishes.config}"


def examine(wishes: Wishes) -> int:
    """The doctor; returns its exit status. Raises ConfigError."""
    click.echo()
    return doctor.examine_and_tell(config.load(wishes.config), wishes.config)


def tell_next(prepared: Prepared, wishes: Wishes) -> None:
    """What is left to do."""
    program = Path(sys.prefix, "bin/call-monitor")
    click.echo("\nNext:")
    for text in prepared.plan.todo:
        click.echo(f"  {text}")
    click.echo(f"  {program} doctor --audio --config {wishes.config}")
    if wishes.service and os.geteuid() == 0:
        click.echo("  systemctl daemon-reload && systemctl enable --now call-monitor")
    else:
        click.echo(f"  {program} serve --config {wishes.config}")
