"""Base classes for the configuration's sections: strict keys, and secrets in separate files."""

from pathlib import Path
from typing import Annotated, Self

import structlog
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from adapter.config.modes import Openness, advice, openness, service_group
from adapter.config.placeholders import is_placeholder
from adapter.config.unit import source_of
from adapter.errors import ConfigError

log = structlog.get_logger(__name__)

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86400)]


class Section(BaseModel):
    """A section of the configuration: unknown keys are errors, values can't be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WithSecret(Section):
    """A user and its secret, given either directly or by a file."""

    username: str = Field("call-monitor", min_length=1, description="The user's name.")
    secret: SecretStr | None = Field(None, description="The secret itself.")
    secret_file: Path | None = Field(None, description="A file that contains only the secret.")

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if (self.secret is None) == (self.secret_file is None):
            raise ValueError("give exactly one of secret and secret_file")
        return self

    def reveal(self) -> str:
        """The secret. Raises ConfigError if its file can't be read."""
        return revealed(self.secret, self.secret_file)


def revealed(secret: SecretStr | None, file: Path | None) -> str:
    """As `secret_of`. The log is told of a file that everybody can read, and of a placeholder."""
    text = secret_of(secret, file)
    if secret is None and file is not None:
        warn_if_open(source_of(file))
    if is_placeholder(text):
        where = str(file) if file else "the configuration"
        log.warning("a secret is a placeholder", where=where, way_out="call-monitor config check")
    return text


def secret_of(secret: SecretStr | None, file: Path | None) -> str:
    """A secret from the configuration or from its file; empty if there is none. Raises ConfigError.

    A file in /run/credentials that is not there is read where the systemd unit loads it from.
    """
    if secret is not None:
        return secret.get_secret_value()
    if file is None:
        return ""
    place = source_of(file)
    try:
        text = place.read_text().strip()
    except (OSError, UnicodeDecodeError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is not text"
        raise ConfigError(f"The secret in {place} can't be read: {why}.") from None
    if not text:
        raise ConfigError(f"The secret in {place} is empty.")
    return text


def warn_if_open(file: Path) -> None:
    """Log a warning if somebody else can read a secret. It is still used: containers mount secrets so."""
    try:
        found, _ = openness(file)
    except OSError:
        return
    if found is Openness.EVERYBODY:
        log.warning(f"{found.value} a secret", file=str(file), way_out=advice(file, service_group()))
