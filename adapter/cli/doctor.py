"""`call-monitor doctor`: checks the PBX and the adapter's own files, and tests with tones if asked to."""

import asyncio
import signal
import sys
from pathlib import Path

import click

from adapter import config, log
from adapter.asterisk.ari import DEVICE
from adapter.cli import recording
from adapter.cli.numbers import Number
from adapter.cli.store import config_option
from adapter.doctor import report
from adapter.doctor.findings import exit_status
from adapter.doctor.run import Examination, Say, examine
from adapter.store.address import in_words

CLEAR = "\r\x1b[K"
"""Go to the beginning of the line and clear it (ECMA-48)."""
MOST_MB = 100.0
"""Maximum size of a recording in megabytes: some hundred thousand events, a day of a busy PBX."""

MOST_MINUTES = 60 * 24 * 365
"""A year: longer than anybody records."""


@click.command()
@click.option("--audio", is_flag=True, help="Also test with tones who hears whom, in test calls of its own.")
@click.option(
    "--ring",
    multiple=True,
    metavar="DEVICE",
    help="Also call this phone, e.g. PJSIP/301, and check that it answers automatically.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option(
    "--record",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Check nothing; record what AMI sends to this file, masked, for a bug report.",
)
@click.option("--minutes", type=Number(0.01, MOST_MINUTES), help="With --record: stop after this time.")
@click.option(
    "--most-mb",
    type=Number(0.01, 1_000_000),
    help=f"With --record: stop when the file has this size.  [default: {MOST_MB:g}]",
)
@click.option("--pbx", "name", metavar="ID", help="With --record: the PBX, if the configuration has several.")
@click.option("--force", is_flag=True, help="With --record: replace an existing file.")
@config_option
def doctor(
    audio: bool,
    ring: tuple[str, ...],
    as_json: bool,
    file: Path | None,
    minutes: float | None,
    most_mb: float | None,
    name: str | None,
    force: bool,
    path: Path | None,
) -> None:
    """Check the PBX. For each problem, say what is wrong and which line to add.

    It checks Asterisk's version and modules, the rights of the AMI and ARI users, the dialplan, endpoints and phones,
    softphones, clocks, the permissions of the adapter's files, and the database. It leaves nothing behind, and you can
    run it while the adapter is running and calls are in progress: its test calls are made of Local channels, which the
    adapter ignores.

    With --audio it tests, with tones through this PBX's own dialplan, that nobody hears a silent supervisor, that the
    customer does not hear a whisper, and that everybody hears what they should. That takes about ten seconds.

    With --record it checks nothing. It records what Asterisk sends to the adapter, until Ctrl-C, so that you can report
    a call that is shown wrongly and developers can replay it. Numbers, names and contexts in the file are masked;
    docs/doctor.md says what is not. Start it before the call starts.

    \b
    Exit status: 0  fit (there may be warnings)
                 1  something is wrong or unknown: unknown is not fit
                 2  wrong usage or configuration
    \b
    In a deployment:  call-monitor doctor --audio --config config.toml || exit 1
    For a program:    call-monitor doctor --json | jq '.findings[] | select(.verdict != "ok")'
    For a bug report: call-monitor doctor --record calls.jsonl --minutes 5 --config config.toml
    """
    if file is None and (minutes is not None or most_mb is not None or force or name is not None):
        raise click.UsageError("--minutes, --most-mb, --pbx and --force can only be used with --record FILE.")
    if file is not None and (audio or ring or as_json):
        raise click.UsageError("--record checks nothing: use it without --audio, --ring and --json.")
    if bad := next((device for device in ring if not DEVICE.fullmatch(device)), None):
        raise click.UsageError(f"{bad!r} is not a device; write it as in PJSIP/301.")
    settings = config.load(path)
    log.setup("error", settings.log.format, mask_numbers=settings.log.mask_numbers)
    if file is not None:
        one = _one(settings, name)
        sys.exit(recording.run(settings, one, file, minutes, MOST_MB if most_mb is None else most_mb, force=force))
    sys.exit(examine_and_tell(settings, path or config.default_path(), audio=audio, ring=ring, as_json=as_json))


def examine_and_tell(
    settings: config.Settings,
    place: Path | None,
    *,
    audio: bool = False,
    ring: tuple[str, ...] = (),
    as_json: bool = False,
) -> int:
    """Run the checks, print the report, and return the exit status. `place`: the configuration's file."""
    found = asyncio.run(_examine(settings, place, audio=audio, ring=ring))
    if sys.stderr.isatty():
        click.echo(CLEAR, nl=False, err=True)
    about = {
        "pbx": ", ".join(pbx.id for pbx in settings.pbx),
        "ami": ", ".join(f"{pbx.ami.host}:{pbx.ami.port}" for pbx in settings.pbx),
        "ari": ", ".join(pbx.ari.url for pbx in settings.pbx),
        "database": in_words(settings.database_url),
    }
    if as_json:
        click.echo(report.as_json(about, found.findings, found.matrix))
    else:
        title = f"call-monitor doctor: PBX {about['pbx']}, AMI {about['ami']}, ARI {about['ari']}"
        title += f"\nDatabase: {about['database']}"
        click.echo(report.as_text(title, found.findings, found.matrix))
    return exit_status(found.findings)


def _one(settings: config.Settings, name: str | None) -> config.Pbx:
    """The PBX to record."""
    found = [pbx for pbx in settings.pbx if name in (None, pbx.id)]
    if len(found) != 1:
        raise click.UsageError(f"Name one PBX with --pbx: {', '.join(pbx.id for pbx in settings.pbx)}.")
    return found[0]


async def _examine(settings: config.Settings, path: Path | None, *, audio: bool, ring: tuple[str, ...]) -> Examination:
    """Run the checks until they are done or interrupted, which removes the test calls.

    SIGINT too, since shells ignore it in the background and Python then does nothing about it.
    """
    me = asyncio.current_task()
    assert me is not None  # noqa: S101 - a coroutine that runs has a task
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, me.cancel)
    try:
        return await examine(settings, path, _progress(), prove=audio, ring=ring)
    except asyncio.CancelledError:
        raise click.Abort from None


def _progress() -> Say:
    """Progress on standard error: one line that is overwritten on a terminal, a new line each time elsewhere."""
    if sys.stderr.isatty():
        return lambda text: click.echo(f"{CLEAR}... {text}", nl=False, err=True)
    return lambda text: click.echo(f"... {text}", err=True)
