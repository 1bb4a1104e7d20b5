"""The command line's part for programs and records: tokens, and the audit's proof."""

import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from adapter.cli.store import config_option, with_store
from adapter.core.audit import By, Via
from adapter.core.views import time_view
from adapter.errors import Invalid
from adapter.store import Store
from adapter.store.audit import Verdict
from adapter.store.tokens import Scope, Token
from adapter.web.models import TokenBody
from adapter.web.tokens import token_view, wanted


def operator() -> By:
    """Whoever runs this command, for the audit."""
    return By(getpass.getuser(), Via.COMMAND_LINE)


@click.group()
def token() -> None:
    """Look after programs' tokens. A running adapter notices within a few seconds."""


@token.command("create")
@click.argument("name")
@click.option("--user", help="The user whose rights it has.")
@click.option("--may-act-for", "may_act_for", multiple=True, help="A service's token: a supervisor; may be repeated.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    default=["monitor"],
    show_default=True,
    help="What it is good for; may be repeated.",
)
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="The day (UTC) from which on it is void.")
@config_option
def token_create(
    name: str,
    user: str | None,
    may_act_for: tuple[str, ...],
    scopes: tuple[str, ...],
    expires: datetime | None,
    path: Path | None,
) -> None:
    """Make a token and show it, once, e.g.: call-monitor token create crm --may-act-for mona"""
    given: dict[str, Any] = {"name": name, "user": user, "scopes": list(scopes)}
    given["may_act_for"] = list(may_act_for) or None
    given["expires_at"] = expires.replace(tzinfo=UTC) if expires else None
    try:
        body = TokenBody.model_validate(given)
    except ValidationError as problem:
        found = problem.errors()[0]
        where = ".".join(str(part) for part in found["loc"])
        raise Invalid(f"{where or 'token'}: {found['msg'].removeprefix('Value error, ')}") from None

    async def work(store: Store) -> str:
        users = {person.id: person for person in await store.people.all()}
        return (await store.tokens.create(wanted(body, users), operator()))[1]

    click.echo(with_store(path, work))
    click.echo("Keep it now: it can't be shown again.", err=True)


@token.command("list")
@config_option
def token_list(path: Path | None) -> None:
    """Show all tokens, without their secrets."""

    async def work(store: Store) -> list[dict[str, Any]]:
        users = {person.id: person for person in await store.people.all()}
        return [token_view(found, users) for found in await store.tokens.all()]

    row = "{:<34} {:<20} {:<24} {:<18} {:<26} {}"
    click.echo(row.format("ID", "NAME", "FOR", "SCOPES", "LAST USED", "EXPIRES"))
    for view in with_store(path, work):
        whom = view["user"] or "service: " + ", ".join(view["may_act_for"] or ["nobody"])
        used, expires = view["last_used_at"] or "never", view["expires_at"] or "never"
        click.echo(row.format(view["id"], view["name"], whom, " ".join(view["scopes"]), used, expires))


@token.command("revoke")
@click.argument("token_id")
@config_option
def token_revoke(token_id: str, path: Path | None) -> None:
    """Make a token void."""
    gone: Token = with_store(path, lambda store: store.tokens.revoke(token_id, operator()))
    click.echo(f"{gone.name} is void.")


@click.group()
def audit() -> None:
    """Prove that nobody edited the audit."""


@audit.command("verify")
@click.option("--head", help="A head (number:hash) that was noted before and must still be in the chain.")
@config_option
def audit_verify(head: str | None, path: Path | None) -> None:
    """Go through the whole chain of hashes. Exit status 1 when an entry was changed, is missing or was swapped.

    Note the head that it prints somewhere else, and give it back next time with --head: then not even somebody
    who rewrote the whole database goes unnoticed.
    """
    began = datetime.now(UTC)
    verdict: Verdict = with_store(path, lambda store: store.audit.verify(head))
    for fault in verdict.faults:
        click.echo(f"WRONG: {fault}.")
    took = (datetime.now(UTC) - began).total_seconds()
    click.echo(f"{verdict.entries} entries from number {verdict.first} on, {took:.1f} s ({time_view(began)})")
    click.echo(f"head {verdict.head}")
    if verdict.faults:
        sys.exit(1)
    click.echo("The chain is whole.")
