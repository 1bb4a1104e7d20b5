"""The command line: run the adapter or the lab, manage accounts, check the configuration."""

import asyncio
import sys
from pathlib import Path
from typing import TextIO

import click
import structlog

from adapter import __version__, config, log
from adapter.cli import checking, csv_import, csv_teams, interrupt
from adapter.cli.access import operator, token
from adapter.cli.asking import DEVICE, EXTENSION, NAME, USERNAME, password_of, password_option
from adapter.cli.audit import audit
from adapter.cli.coaching import coaching
from adapter.cli.doctor import doctor
from adapter.cli.files import files
from adapter.cli.setup import setup
from adapter.cli.store import config_option, with_settings, with_store
from adapter.cli.teams import team
from adapter.core.modes import ALL_MODES, Mode
from adapter.core.people import Role, User
from adapter.core.scopes import is_scoped
from adapter.core.teams import MonitorScope
from adapter.core.views import modes_view, user_view
from adapter.errors import AdapterError, AlreadyOwned, ConfigError, Invalid, NotFound
from adapter.store import Store
from adapter.store.people import UNCHANGED, NewUser, UserChange
from adapter.web import fields
from adapter.wiring import pbxes, star_codes

USAGE = 2
"""Exit status for wrong usage or configuration, or a second adapter: a restart does not help. 1 is for failures."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="call-monitor")
def cli() -> None:
    """Live call coaching on Asterisk: listen to a call, whisper to its agent, join it.

    \b
    Try it without a PBX:        make demo
    Set it up with your PBX:     call-monitor setup
    By hand, or elsewhere:       call-monitor files --to DIR, and follow DIR/docs/install.md
    Whether it works there:      call-monitor doctor --audio
    """


@cli.command()
@click.option("--standby", is_flag=True, help="Where another adapter looks after the PBX, wait, and take over from it.")
@config_option
def serve(standby: bool, path: Path | None) -> None:
    """Run the adapter until it is stopped (Ctrl-C, SIGTERM).

    One adapter of an installation (one database) owns a PBX at a time. A second one exits at once with status 2; with
    --standby it waits without listening, and takes over when the first one stops, crashes or hangs.
    """
    with interrupt.quiet():
        from adapter import serving

    settings = config.load(path)
    log.setup(settings.log.level, settings.log.format, mask_numbers=settings.log.mask_numbers)
    for what in config.unknown_variables():
        structlog.get_logger(__name__).warning("a variable is ignored", why=what)
    sys.exit(asyncio.run(serving.serve(settings, standby=standby)))


@cli.command()
@click.option("--demo", is_flag=True, help="Also run phones that make real calls with speech.")
@click.option("--dir", "directory", envvar="LAB_DIR", default=".lab", type=click.Path(path_type=Path, file_okay=False))
@click.option("--http-port", envvar="LAB_HTTP_PORT", default=8080, type=click.IntRange(1, 65535), show_default=True)
@click.option("--sip-port", envvar="LAB_SIP_PORT", default=5060, type=click.IntRange(1, 65535), show_default=True)
@click.option(
    "--pbxes", envvar="LAB_PBXES", type=click.IntRange(1, 3), help="How many Asterisks.  [default: 1; 2 with --demo]"
)
@click.option(
    "--adapters",
    envvar="LAB_ADAPTERS",
    default=1,
    type=click.IntRange(1, 3),
    show_default=True,
    help="How many adapters.",
)
def lab(demo: bool, directory: Path, http_port: int, sip_port: int, pbxes: int | None, adapters: int) -> None:
    """Run an embedded Asterisk and the adapter, for trying out and for tests. All state is new at every start.

    The options can also be set with LAB_DIR, LAB_HTTP_PORT, LAB_SIP_PORT, LAB_PBXES and LAB_ADAPTERS. Each adapter has
    the HTTP port, and each PBX the SIP port, after the one before; several adapters share a PostgreSQL and a NATS
    server. Ctrl-C stops everything.
    """
    with interrupt.quiet():
        from adapter.lab.run import run_lab

    log.setup("warning", "auto", mask_numbers=False)
    given = {"directory": directory, "http_port": http_port, "sip_port": sip_port, "adapters": adapters}
    sys.exit(asyncio.run(run_lab(**given, demo=demo, pbxes=pbxes or (2 if demo else 1))))  # type: ignore[arg-type]


@cli.group()
def user() -> None:
    """Manage accounts. A running adapter notices changes within a second."""


async def _named(store: Store, username: str) -> User:
    found = await store.people.by_username(username)
    if found is None:
        raise NotFound(f"There is no user {username!r}. `call-monitor user list` lists all users.")
    return found


@user.command("add")
@click.argument("username", type=USERNAME)
@click.option("--name", type=NAME, help="The name shown to others; default: the username, capitalised.")
@click.option("--admin", is_flag=True, help="Administrator: may monitor any call and manage accounts.")
@click.option("--extension", type=EXTENSION, help="The number that others dial.")
@click.option(
    "--device",
    "devices",
    type=DEVICE,
    multiple=True,
    help="The Asterisk endpoint that rings for this person, e.g. PJSIP/101; again for each other one of theirs.",
)
@click.option("--pbx", help="With several PBXes: the id of the one at which the device registers.")
@password_option
@config_option
def user_add(
    username: str,
    name: str | None,
    admin: bool,
    extension: str | None,
    devices: tuple[str, ...],
    pbx: str | None,
    password_stdin: bool,
    path: Path | None,
) -> None:
    """Create an account, e.g.: call-monitor user add sam --extension 101 --device PJSIP/101"""
    settings = config.load(path)
    fields.refuse_star_code(extension, star_codes(settings))
    new = NewUser(
        username=username,
        name=name or username.capitalize(),
        role=Role.ADMINISTRATOR if admin else Role.AGENT,
        password=password_of(password_stdin, username),
        extension=extension,
        devices=devices,
        pbx=fields.known_pbx(pbx, pbxes(settings)),
        by=operator(),
    )
    made: User = with_settings(settings, path, lambda store: store.people.create(new), make=True)
    click.echo(f"{made.username} was added as {made.role}.")


@user.command("list")
@config_option
def user_list(path: Path | None) -> None:
    """List all accounts."""
    people: list[User] = with_store(path, lambda store: store.people.all())
    row = "{:<20} {:<14} {:<10} {:<16} {:<8} {}"
    click.echo(row.format("USERNAME", "ROLE", "EXTENSION", "DEVICE", "ACTIVE", "MAY MONITOR"))
    for person in people:
        view = user_view(person)
        may = ", ".join(modes_view(Mode(mode) for mode in view["modes"])) if view["can_monitor"] else "no"  # type: ignore[attr-defined]
        if view["can_monitor"] and is_scoped(person):
            may += " (their teams)"
        active = "yes" if person.active else "no"
        devices = " ".join(person.devices) or "-"
        if person.pbx is not None:
            devices += f" at {person.pbx}"
        click.echo(row.format(person.username, person.role, person.extension or "-", devices, active, may))


@user.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@config_option
def user_import(file: TextIO, dry_run: bool, path: Path | None) -> None:
    """Create and change accounts from a CSV file.

    The first line names the columns, of which only username is required: username, name, role, extension, device (if
    there are several, separated by spaces; the first one rings), pbx (its id, if there are several), can_monitor, modes
    (separated by spaces), scope (all or teams), teams and supervises (all teams that they are in, and all that they
    supervise, separated by semicolons), active, password. If any line is wrong, nothing is changed.
    """
    try:
        rows = csv_import.read(file.read())
    except UnicodeDecodeError:
        raise Invalid(f"{file.name} is not in UTF-8. Save it as “CSV UTF-8”.") from None

    settings = config.load(path)
    csv_import.refuse_star_codes(rows, star_codes(settings))
    rows = csv_import.with_known_pbxes(rows, pbxes(settings))

    async def work(store: Store) -> list[csv_import.Planned | csv_teams.Planned]:
        people = await store.people.all()
        planned = csv_import.plan(rows, people)
        of_teams = [csv_teams.Row(row.username, row.teams, row.supervises) for row in rows]
        teams = csv_teams.plan(of_teams, people, await store.teams.all())
        if not dry_run:
            await csv_import.carry_out(planned, store.people, operator())
            await csv_teams.carry_out(teams, store.people, store.teams, operator())
        return [*planned, *teams]

    for item in with_settings(settings, path, work, make=not dry_run):
        click.echo(str(item))
    click.echo("Nothing was changed (dry run)." if dry_run else "Done.")


@user.command("passwd")
@click.argument("username")
@password_option
@config_option
def user_passwd(username: str, password_stdin: bool, path: Path | None) -> None:
    """Set a new password; the person is signed out everywhere."""
    password = password_of(password_stdin, username)
    _change(path, username, UserChange(password=password, by=operator()))
    click.echo(f"{username} has a new password.")


@user.command("grant")
@click.argument("username")
@click.option("--modes", default="silent,whisper,barge", show_default=True, help="Which modes, separated by commas.")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in MonitorScope]),
    help="Whose calls: all, or those of the teams that they supervise (call-monitor team).  [default: as it is]",
)
@config_option
def user_grant(username: str, modes: str, scope: str | None, path: Path | None) -> None:
    """Give an agent the right to monitor calls: any, or with --scope teams those of the teams they supervise."""
    names = {name.strip() for name in modes.split(",") if name.strip()}
    unknown = names - {mode.value for mode in ALL_MODES}
    if unknown:
        raise click.UsageError(f"Unknown mode {sorted(unknown)[0]!r}: use silent, whisper, barge.")
    granted = frozenset(Mode(name) for name in names) | {Mode.SILENT}
    wanted = UNCHANGED if scope is None else MonitorScope(scope)
    changed = _change(path, username, UserChange(can_monitor=True, modes=granted, scope=wanted, by=operator()))
    whose = "the calls of their teams" if is_scoped(changed) else "any call"
    click.echo(f"{changed.username} may monitor {whose}: {', '.join(modes_view(granted))}.")


@user.command("revoke")
@click.argument("username")
@config_option
def user_revoke(username: str, path: Path | None) -> None:
    """Revoke the right to monitor; a running monitor ends within a second."""
    changed = _change(path, username, UserChange(can_monitor=False, by=operator()))
    note = " But administrators may always monitor." if changed.role is Role.ADMINISTRATOR else ""
    click.echo(f"{changed.username} may not monitor any more.{note}")


def _change(path: Path | None, username: str, change: UserChange) -> User:
    async def work(store: Store) -> User:
        return await store.people.change((await _named(store, username)).id, change)

    changed: User = with_store(path, work)
    return changed


@cli.group("config")
def config_group() -> None:
    """Check the configuration."""


@config_group.command("check")
@config_option
def config_check(path: Path | None) -> None:
    """Check whether the configuration can be used; say all that is wrong with it, and the lines to write."""
    sys.exit(checking.check(path))


cli.add_command(team)
cli.add_command(token)
cli.add_command(audit)
cli.add_command(coaching)
cli.add_command(doctor)
cli.add_command(files)
cli.add_command(setup)


def main() -> None:
    """Run the command line. Errors are shown as one clear message with an exit status, never as a traceback."""
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(interrupt.STATUS)
    except AdapterError as problem:
        click.echo(f"call-monitor: {problem.detail}", err=True)
        sys.exit(USAGE if isinstance(problem, ConfigError | AlreadyOwned) else 1)
    except OSError as problem:
        click.echo(f"call-monitor: {problem.strerror or problem}", err=True)
        sys.exit(1)
