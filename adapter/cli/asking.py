"""What commands ask people for, with the same rules as the API (adapter/web/fields.py)."""

import sys
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from adapter.core.wording import wording
from adapter.web import fields

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)


class _Checked(click.ParamType[str]):
    """A parameter with the same rules as in the API (adapter/web/fields.py)."""

    def __init__(self, name: str, rule: Any) -> None:
        self.name = name
        self._rule: TypeAdapter[str] = TypeAdapter(rule)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return self._rule.validate_python(value)
        except ValidationError as problem:
            return self.fail(wording(problem.errors()[0]), param, ctx)


USERNAME = _Checked("username", fields.Username)
NAME = _Checked("name", fields.Name)
EXTENSION = _Checked("extension", fields.Extension)
DEVICE = _Checked("device", fields.Device)


def password_of(from_stdin: bool) -> str:
    """A password, from standard input or asked for twice. Raises click.UsageError."""
    text = (
        sys.stdin.readline().rstrip("\n")
        if from_stdin
        else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    try:
        return TypeAdapter(fields.Password).validate_python(text)
    except ValidationError as problem:
        raise click.UsageError(f"Password: {wording(problem.errors()[0])}.") from None
