"""`call-monitor files`: the files that come with the program, copied to where they can be read and used."""

import shutil
from pathlib import Path

import click

from adapter import shipped
from adapter.errors import Conflict


@click.command("files")
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to; the folder is created.",
)
@click.option("--force", is_flag=True, help="Replace files there that differ.")
def files(folder: Path, force: bool) -> None:
    """Copy the files that come with call-monitor: asterisk-conf/, config.sample.toml, the systemd unit, the documents.

    You don't need them for `call-monitor setup`, which takes what it needs from the program itself.
    """
    source, names = shipped.root(), list(shipped.names())
    differ = [name for name in names if _differs(source / name, folder / name)]
    if differ and not force:
        raise Conflict(
            f"Nothing was copied: {len(differ)} files in {folder} differ, {differ[0]} for one. Take another folder, or "
            "replace them with --force."
        )
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target)
    click.echo(f"{len(names)} files are in {folder}. Begin with {folder / 'docs/install.md'}.")


def _differs(source: Path, target: Path) -> bool:
    return target.exists() and not (target.is_file() and target.read_bytes() == source.read_bytes())
