"""`call-monitor setup`: asks, shows what it would change, changes it with a backup, and checks what came of it."""

import sys
from pathlib import Path

import click

from adapter.cli import setupprepare
from adapter.cli import setupsteps as steps
from adapter.cli.asking import DEVICE, EXTENSION, USERNAME, password_option
from adapter.cli.setupwishes import SYSTEMD, Wishes
from adapter.config.unit import UNIT
from adapter.errors import Conflict
from adapter.service import now
from adapter.setup import apply, look
from adapter.setup.asterisk import Console


@click.command()
@click.option(
    "--asterisk",
    "etc",
    type=click.Path(path_type=Path, file_okay=False),
    help="Asterisk's configuration folder; found by itself in the usual places.",
)
@click.option(
    "--asterisk-command",
    "console",
    default="asterisk",
    show_default=True,
    help='What runs Asterisk\'s command line, e.g. "docker exec pbx asterisk".',
)
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Folder of config.toml and the secrets.")
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help="Folder of the SQLite database.")
@click.option("--database", help="A database URL; default: SQLite in --state.")
@click.option("--user", "account", default="call-monitor", show_default=True, help="The service's user; root makes it.")
@click.option("--agents", multiple=True, metavar="PATTERN", help="Agents' endpoints, e.g. PJSIP/1??; may be repeated.")
@click.option("--country", help="ISO code of the country, for numbers written without a country code.")
@click.option("--codes-context", metavar="CONTEXT", help="Dialplan context of supervisors' phones, for star codes.")
@click.option("--admin", type=USERNAME, help="The first administrator's username.")
@click.option("--extension", type=EXTENSION, help="The administrator's extension.")
@click.option("--device", type=DEVICE, help="The administrator's phone; default: PJSIP/EXTENSION.")
@password_option
@click.option("--replace", is_flag=True, help="Replace copies of asterisk-conf/ that differ from this version's.")
@click.option("--restart", is_flag=True, help="Restart Asterisk if that is needed, as soon as no call runs.")
@click.option("--service/--no-service", default=None, help="Install the systemd unit; by default as root.")
@click.option("--yes", is_flag=True, help="Don't ask; take defaults for what no option says.")
@click.option("--dry-run", is_flag=True, help="Only show what would be changed.")
@click.option("--undo", is_flag=True, help="Take the last setup back, and do nothing else.")
@click.option("--force", is_flag=True, help="With --undo: also files that were edited since.")
def setup(**given: object) -> None:
    """Set call-monitor up beside a local Asterisk, plain or with FreePBX.

    It asks a few questions, which options answer too, and shows every change before it makes any. It makes secrets and
    config.toml, includes the files of asterisk-conf/, makes Asterisk reload, adds the first administrator, and runs the
    doctor. What is right already stays as it is, so it can be run again.

    \b
    Look first:     call-monitor setup --dry-run
    Take it back:   call-monitor setup --undo
    Without asking: call-monitor setup --yes --agents 'PJSIP/1??' --country US \\
                      --admin boss --extension 301 --password-stdin < password.txt

    \b
    Exit status: 0  set up, and the doctor finds it fit (there may be warnings)
                 1  not set up, or not fit
                 2  wrong usage or configuration
    """
    wishes = Wishes.of(given)
    console = Console(wishes.console)
    if wishes.undo:
        _undo(wishes, console)
        return
    with steps.told_if_broken_off("Nothing was changed."):
        site, prepared = _prepare(wishes)
    if wishes.dry_run:
        click.echo("Nothing was changed (dry run).")
        return
    with steps.told_if_broken_off("Some of it was done: run the setup again to go on, or with --undo to take it back."):
        _write(site, prepared, wishes)
        steps.make_state(wishes)
        steps.reload(prepared.plan, console, wishes, site.found.etc)
        steps.add_administrator(prepared, wishes)
        status = steps.examine(wishes)
    steps.tell_next(prepared, wishes)
    sys.exit(status)


def _prepare(wishes: Wishes) -> tuple[setupprepare.Site, setupprepare.Prepared]:
    """Look, ask and show; ends here if it is not wanted."""
    site = setupprepare.look_around(wishes)
    prepared = setupprepare.prepare(site, wishes)
    steps.show(prepared)
    if (prepared.edits or prepared.folder) and not wishes.dry_run:
        apply.check(prepared.edits, wishes.home)
        steps.agree("Make these changes?", wishes)
    return site, prepared


def _write(site: setupprepare.Site, prepared: setupprepare.Prepared, wishes: Wishes) -> None:
    """Make the changes that were shown."""
    if not (prepared.edits or prepared.folder):
        return
    steps.make_user(wishes)
    if prepared.folder:
        apply.make_like(prepared.folder)
    if prepared.edits:
        owned = apply.owners(site.found.etc, wishes.user)
        backup = apply.apply(prepared.edits, wishes.home, owned, now())
        click.echo(f"Done. What was there before is in {backup}; call-monitor setup --undo takes it back.")


def _undo(wishes: Wishes, console: Console) -> None:
    folder = apply.last_backup(wishes.home)
    files = apply.changed_by(folder)
    if SYSTEMD / UNIT in files and (SYSTEMD / "multi-user.target.wants" / UNIT).is_symlink() and not wishes.force:
        raise Conflict("Nothing was changed: the service is enabled. First: systemctl disable --now call-monitor")
    if wishes.dry_run:
        click.echo("\n".join([f"This would take back {folder}:", *(f"  {path}" for path in files)]))
        return
    with steps.told_if_broken_off("Nothing was changed."):
        steps.agree(f"Take back the setup of {folder.name} ({len(files)} files)?", wishes)
    done = apply.undo(folder, force=wishes.force)
    click.echo("\n".join(done))
    etc = look.asterisk_folder(wishes.etc) if wishes.etc else None
    click.echo("The database, the user of the service, and the folder of Asterisk's recordings were left.")
    steps.reload_after_undo(done, console, etc)
    if earlier := apply.backups(wishes.home):
        click.echo(f"An earlier setup, of {earlier[-1].name}, still stands: --undo again takes that back.")
