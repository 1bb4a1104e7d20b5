"""The command line's part for coaching: what is kept of an agent, given out or deleted."""

import json
from pathlib import Path

import click

from adapter.cli.access import operator
from adapter.cli.store import config_option, with_store
from adapter.core.help_views import HelpSight, help_view
from adapter.core.message_views import exported_view
from adapter.core.notes import note_view
from adapter.store import Store
from adapter.store.agentdata import Kept

agent_option = click.option(
    "--agent", required=True, help="Username of the agent; without an account the endpoint's name."
)


@click.group()
def coaching() -> None:
    """What is kept of an agent's coaching."""


@coaching.command("export")
@agent_option
@config_option
def export(agent: str, path: Path | None) -> None:
    """Print the notes about an agent, their requests for help, and messages that are kept, as JSON.

    Of conversations that still go on nothing.
    """

    async def work(store: Store) -> Kept:
        return await store.agent_data.export(agent, operator())

    kept: Kept = with_store(path, work)
    found = {
        "agent": kept.agent,
        "notes": [note_view(note) for note in kept.notes],
        "help": [help_view(one, HelpSight.EVERYTHING) for one in kept.help],
        "messages": [exported_view(message) for message in kept.messages],
    }
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@coaching.command("delete")
@agent_option
@click.option("--yes", is_flag=True, help="Don't ask.")
@config_option
def remove(agent: str, yes: bool, path: Path | None) -> None:
    """Delete the same for good. The audit stays, which has no words of it."""
    if not yes:
        click.confirm(f"Delete all notes about {agent}, their requests for help and messages for good?", abort=True)

    async def work(store: Store) -> None:
        await store.agent_data.delete(agent, operator())

    with_store(path, work)
    click.echo(f"What was kept of the coaching of {agent} is deleted; of calls that still run nothing was.")
