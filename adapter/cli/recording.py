"""`call-monitor doctor --record`: progress, stopping, and the closing message about the file."""

import asyncio
import signal
import sys
from pathlib import Path

import click

from adapter import config, wiring
from adapter.doctor.record import FULL, LOST, STOPPED, TIME_UP, Progress, Recorded, RecordRequest, Tap, record
from adapter.doctor.recordfile import RecordFile, check_place
from adapter.store.address import in_words

CLEAR = "\r\x1b[K"
"""Go to the beginning of the line and clear it (ECMA-48)."""
PROGRESS_INTERVAL = 30.0
"""Seconds between lines of progress if standard error is not a terminal."""
MEGABYTE = 1_000_000
WHY = {
    STOPPED: "it was stopped",
    TIME_UP: "the time was up",
    FULL: "the file has its maximum size (--most-mb)",
    LOST: "the connection to Asterisk was lost",
}


def run(
    settings: config.Settings, pbx: config.Pbx, path: Path, minutes: float | None, most_mb: float, *, force: bool
) -> int:
    """Record, and return the exit status. Raises as `record`, and ConfigError for a path that can't be used."""
    check_place(path, force=force)
    wanted = RecordRequest(path, None if minutes is None else minutes * 60, int(most_mb * MEGABYTE), force)
    found = asyncio.run(_record(settings, pbx, wanted))
    if sys.stderr.isatty():
        click.echo(CLEAR, nl=False, err=True)
    click.echo(summary(path, found))
    return 1 if found.why == LOST else 0


async def _record(settings: config.Settings, pbx: config.Pbx, wanted: RecordRequest) -> Recorded:
    tap = Tap()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, tap.end, STOPPED)
    until = "Ctrl-C" if wanted.seconds is None else f"Ctrl-C, {wanted.seconds / 60:g} minutes at most"
    click.echo(f"Recording what AMI at {pbx.ami.host}:{pbx.ami.port} sends, until {until}.", err=True)
    click.echo(f"Accounts are read from {in_words(settings.database_url)}.", err=True)
    numbering = wiring.numbering(pbx, b"ids are not recorded")
    return await record(settings, pbx, wiring.link_settings(pbx), numbering, wanted, tap, _progress())


def _progress() -> Progress:
    """Progress on standard error: one line that is overwritten on a terminal, a line now and then elsewhere."""
    terminal, last = sys.stderr.isatty(), -PROGRESS_INTERVAL

    def say(file: RecordFile, seconds: float) -> None:
        nonlocal last
        if terminal:
            click.echo(f"{CLEAR}... {_so_far(file, seconds)}", nl=False, err=True)
        elif seconds - last >= PROGRESS_INTERVAL:
            last = seconds
            click.echo(f"... {_so_far(file, seconds)}", err=True)

    return say


def _so_far(file: RecordFile, seconds: float) -> str:
    missed = f", {file.missed} events missed" if file.missed else ""
    return (
        f"{seconds:.0f} s, {file.events} events of {file.channels} channels in {file.conversations} conversations, "
        f"{file.size / MEGABYTE:.2f} MB{missed}"
    )


def summary(path: Path, found: Recorded) -> str:
    """The closing message: what is in the file, what is not, and how to send it."""
    lines = [
        f"{path}: {_so_far(found.file, found.seconds)}. It ended because {WHY[found.why]}."
        if found.why != STOPPED
        else f"{path}: {_so_far(found.file, found.seconds)}.",
        "Masked: numbers, names, extensions, endpoints, contexts, what was dialled.",
        "Left out: secrets, addresses, all other variables, digits.",
        "Not masked: what happened when, how long numbers are, and their country codes (docs/doctor.md).",
        "It is text with one JSON object per line. Look through it, then attach it to a bug report with what you saw,",
        "what you expected, and at about which second.",
    ]
    if not found.people_known:
        lines.append("Accounts could not be read, so a replay may classify internal calls differently.")
    if found.file.missed:
        lines.append(f"{found.file.missed} events are not in it: the disk was too slow. The file says where.")
    return "\n".join(lines)
