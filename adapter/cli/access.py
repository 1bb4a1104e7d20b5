"""The command line's part for programs: tokens."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from adapter.cli.store import config_option, with_store
from adapter.core.audit import By, Via
from adapter.core.wording import wording
from adapter.errors import Invalid
from adapter.service import now
from adapter.store import Store
from adapter.store.tokens import Scope, Token
from adapter.web.models import TokenBody
from adapter.web.tokens import token_view, wanted


def operator() -> By:
    """Whoever runs this command, for the audit."""
    return By(getpass.getuser(), Via.COMMAND_LINE)


@click.group()
def token() -> None:
    """Manage API tokens. A running adapter notices changes within a few seconds."""


@token.command("create")
@click.argument("name")
@click.option("--user", help="The user whose rights it has.")
@click.option(
    "--may-act-for", "may_act_for", multiple=True, help="Make a service token for this supervisor; may be repeated."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    default=["monitor"],
    show_default=True,
    help="What it may be used for; may be repeated.",
)
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="The day (UTC) on which it expires.")
@config_option
def token_create(
    name: str,
    user: str | None,
    may_act_for: tuple[str, ...],
    scopes: tuple[str, ...],
    expires: datetime | None,
    path: Path | None,
) -> None:
    """Create a token and show it once, e.g.: call-monitor token create crm --may-act-for mona"""
    given: dict[str, Any] = {"name": name, "user": user, "scopes": list(scopes)}
    for_nobody = user is None and set(scopes) <= {Scope.METRICS.value, Scope.WALL.value}  # they need nobody's rights
    given["may_act_for"] = list(may_act_for) or ([] if for_nobody else None)
    given["expires_at"] = expires.replace(tzinfo=UTC).isoformat() if expires else None
    try:
        body = TokenBody.model_validate(given)
    except ValidationError as problem:
        found = problem.errors()[0]
        where = ".".join(str(part) for part in found["loc"])
        raise Invalid(f"{where or 'token'}: {wording(found)}") from None

    async def work(store: Store) -> str:
        users = {person.id: person for person in await store.people.all()}
        return (await store.tokens.create(wanted(body, users, now()), operator()))[1]

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
    """Revoke a token."""
    gone: Token = with_store(path, lambda store: store.tokens.revoke(token_id, operator()))
    click.echo(f"{gone.name} was revoked.")
