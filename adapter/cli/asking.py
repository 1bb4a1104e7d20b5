"""What commands ask people for, with the same rules as the API (adapter/web/fields.py)."""

import sys
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from adapter.core.passwords import MIN_LENGTH, Weak, is_name
from adapter.core.wording import wording
from adapter.web import fields

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)


class Checked(click.ParamType[str]):
    """A parameter with the same rules as in the API (adapter/web/fields.py)."""

    def __init__(self, name: str, rule: Any) -> None:
        self.name = name
        self._rule: TypeAdapter[str] = TypeAdapter(rule)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return self._rule.validate_python(value)
        except ValidationError as problem:
            return self.fail(wording(problem.errors()[0]), param, ctx)


USERNAME = Checked("username", fields.Username)
NAME = Checked("name", fields.Name)
EXTENSION = Checked("extension", fields.Extension)
DEVICE = Checked("device", fields.Device)


def password_of(from_stdin: bool, username: str) -> str:
    """A password: from standard input, or asked for until one will do, and then once more.

    Raises click.UsageError for one from standard input that will not do.
    """

    def checked(text: str) -> str:
        try:
            password = TypeAdapter(fields.Password).validate_python(text)
        except ValidationError as problem:
            raise click.UsageError(f"Password: {wording(problem.errors()[0])}.") from None
        if is_name(password, username):
            raise click.UsageError(f"Password: {Weak.USERNAME.told}.")
        return password

    if from_stdin:
        return checked(sys.stdin.readline().rstrip("\n"))
    found: str = click.prompt(
        f"Password for {username}, at least {MIN_LENGTH} characters",
        hide_input=True,
        confirmation_prompt="The same again",
        value_proc=checked,  # click asks again after a UsageError, and shows it
    )
    return found
