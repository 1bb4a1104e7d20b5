"""The command line's part for the audit: its proof, and cuts that an operator makes by hand."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import click

from adapter import config
from adapter.cli.access import operator
from adapter.cli.store import config_option, with_store
from adapter.core.audit import CHAIN
from adapter.core.heads import VERSION, NotAHead, SentHead, read_line
from adapter.core.views import time_view
from adapter.errors import Conflict, Invalid
from adapter.service import now
from adapter.store import Store
from adapter.store.chain import NOTED, Verdict
from adapter.store.retention import Plan, refusal

HIGHEST = 2**63 - 1
"""The highest number that an entry can have (the databases' BIGINT)."""


class _Head(click.ParamType[str]):
    """A head in the clear. What can't be one is a slip of the pen, and must not look like an alarm."""

    name = "number:hash"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        head = value.strip().lower()
        if head.startswith(VERSION):
            self.fail("this is a head that was sent: put its line into a file, and use --heads.", param, ctx)
        if not NOTED.fullmatch(head):
            what = (
                "an entry's number, a colon and 64 digits 0-9 a-f, as `audit verify` prints it after “head”; "
                "of a PBX's chain its id and a colon come before"
            )
            self.fail(f"{value!r} is no head: that is {what}.", param, ctx)
        return head


@click.group()
def audit() -> None:
    """Prove that nobody edited the audit."""


@audit.command("verify")
@click.option(
    "--head",
    "noted",
    multiple=True,
    type=_Head(),
    help="A head ([pbx:]number:hash) that was noted before and must still be in its chain; may be repeated.",
)
@click.option(
    "--heads",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A file of heads that were sent: audit.heads_file, webhooks' bodies or the JSON log, a line each; may be "
    "repeated.",
)
@config_option
def audit_verify(noted: Sequence[str], files: Sequence[Path], path: Path | None) -> None:
    """Go through all chains of hashes. Exit status 1 when an entry was changed, is missing or was swapped.

    There is one chain for each PBX, and the installation's, which says each hour where the others end. The chains alone
    can't show that their last entries were taken away, or that somebody wrote all of them anew. The heads that the
    adapter sent (audit.heads) can: each must be borne out by the entry that was the last one then. Keep them where
    nobody who can write to the database can write to them.
    """
    sent = [read_heads(file) for file in files]
    if wrong := [what for found in sent for what in found.wrong]:
        raise click.UsageError("Nothing was verified, for there are heads that can't be any:\n  " + "\n  ".join(wrong))
    if files and not any(found.heads for found in sent):
        raise click.UsageError("There is no head in what --heads names, so nothing would be proven.")
    began, started = time.monotonic(), now()

    async def work(store: Store) -> Verdict:
        heads = [one for found in sent for one in found.heads]
        return await store.audit.verify(noted, heads, await store.installation.key())

    verdict: Verdict = with_store(path, work)
    for what in (what for found in sent for what in found.unread):
        click.echo(f"NOT READ: {what}.")
    for cut in verdict.cuts:
        click.echo(f"CUT: {cut}.")
    for fault in verdict.faults:
        click.echo(f"WRONG: {fault}.")
    took = time.monotonic() - began
    click.echo(f"{verdict.entries} entries from number {verdict.first} on, {took:.1f} s ({time_view(started)})")
    if files:
        gone = f"; {verdict.beyond} are of entries that were cut, and prove nothing any more" if verdict.beyond else ""
        click.echo(f"{verdict.proven} heads that were sent are borne out{gone}")
    click.echo(f"head {verdict.head}")
    for chain in verdict.chains:
        click.echo(f"head {chain.name}:{chain.head} ({chain.entries} entries from number {chain.first} on)")
    if verdict.faults:
        sys.exit(1)
    if verdict.chains:
        click.echo("The chain of each PBX is whole.")
    click.echo("The chain is whole.")


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds: heads, lines that can't be read (what a power cut tore, for one), and heads that are none."""

    heads: Sequence[SentHead]
    unread: Sequence[str]
    wrong: Sequence[str]


def read_heads(file: Path) -> Found:
    """All heads of a file. Raises OSError."""
    heads, unread, wrong = [], [], []
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, text in enumerate(lines, 1):
            where = f"{file}, line {number}"
            try:
                found = read_line(text, where) if text.strip() else None
            except NotAHead as problem:
                wrong.append(f"{where}: {problem}")
                continue
            except ValueError as problem:
                unread.append(f"{where}: {problem}")
                continue
            if found is not None:
                heads.append(found)
    return Found(heads, unread, wrong)


@audit.command("cut")
@click.option(
    "--through", type=click.IntRange(1, HIGHEST), help="Up to the entry of this number, whatever the times say."
)
@click.option(
    "--chain", "name", default=CHAIN, help="Of which chain --through is: a PBX's id; without it, the installation."
)
@click.option("--force", is_flag=True, help="Also more than audit.cut_share, and of a chain that is not whole.")
@config_option
def audit_cut(through: int | None, name: str, force: bool, path: Path | None) -> None:
    """Cut old entries off, as the retention does each hour: those older than audit.keep_days.

    The chain keeps a note of what was cut, when, and by whom. Needed where the retention refused: after keep_days was
    made shorter, or where a clock that was ahead left an entry that is not old yet (--through). Look at the clock and
    make a backup first: what is cut is gone.
    """
    settings = config.load(path).audit
    if not settings.keep_days and through is None:
        raise Invalid("audit.keep_days is 0, which keeps all; name an entry with --through.")
    if through is None and name != CHAIN:
        raise Invalid("--chain says of which chain --through is: name an entry with --through.")
    if through is not None and not force:
        raise Invalid("--through goes by no entry's age, so it needs --force.")

    async def work(store: Store) -> Sequence[tuple[Plan, int]]:
        if through is None:
            plans = await store.audit.plans(timedelta(days=settings.keep_days))
        else:
            named = await store.audit.plan(timedelta(0), through, name)
            plans = [named] if named else []
        if not force and (why := await _refusal(store, plans, settings.cut_share)) is not None:
            raise Conflict(f"Nothing was cut: {why}.")
        kind = f"retention of {settings.keep_days} days" if through is None else f"through {through}"
        why = f"{kind}, by hand{', forced' if force else ''}"
        return [(plan, await store.audit.cut(plan, operator(), why) if plan.count else 0) for plan in plans]

    done = with_store(path, work)
    for plan, _ in done:
        if plan.stopped_by is not None:
            what = f"Entry {plan.stopped_by}{plan.of}"
            click.echo(f"{what} is not old, though entries behind it are: what follows it stays.")
    for plan, count in done:
        if count:
            click.echo(f"{count} entries{plan.of} were cut off: {plan.note}.")
    if not any(count for _, count in done):
        click.echo("0 entries were cut off.")


async def _refusal(store: Store, plans: Sequence[Plan], share: float) -> str | None:
    if not any(plan.count for plan in plans):
        return None
    if (why := refusal(plans, share, settled=True)) is not None:
        return why
    for plan in plans:
        if plan.count and (faults := await store.audit.whole_until(plan)):
            return faults[0]
    return None
