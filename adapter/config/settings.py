"""One strict configuration: a TOML file, overridden by the environment; unknown keys are refused with a suggestion."""

import difflib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import phonenumbers
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from adapter.config.http import Http
from adapter.config.pbx import AutoAnswer, Endpoints, Pbx, Softphone, StarCodes, inherit
from adapter.config.section import Seconds, Section, revealed
from adapter.errors import ConfigError

ENV_PREFIX = "CALL_MONITOR_"
LATER = {
    "cluster": "several adapters for one installation are not in this version; leave this section out",
    "reach": "phones of one PBX can't be rung for calls of another in this version; leave this key out",
    "site": "sites of PBXes are not in this version; leave this key out",
}
"""Keys of the next versions, and what to do about them in this one."""


class Database(Section):
    """Where people and records are kept."""

    url: str = Field("", description="SQLAlchemy URL: sqlite+aiosqlite:///… or postgresql+asyncpg://…")
    url_file: Path | None = Field(None, description="A file that holds only the URL, with its password.")
    survives: Literal["process", "power"] = Field(
        "process", description="What an answer outlasts: the adapter's death, or a power cut too (slower)."
    )

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if self.url and self.url_file:
            raise ValueError("give one of url and url_file")
        return self


class Numbering(Section):
    """How phone numbers are read."""

    country: str = Field("US", description="ISO 3166 code for numbers written without a country code.")

    @field_validator("country")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError("no country code of ISO 3166, such as US, DE or IL")
        return value


class Monitoring(Section):
    """How monitors behave."""

    ring_timeout_seconds: Seconds = Field(20.0, description="How long a supervisor's phone may ring.")
    confirm_deadline_seconds: Seconds = Field(2.0, description="Until Asterisk must confirm a mode or an end.")
    on_stop: Literal["end", "leave"] = Field(
        "end", description="A clean stop ends monitors, or leaves them for the next start to take up."
    )
    lost_after_seconds: Seconds = Field(30.0, description="Without the PBX for so long, monitors count as lost.")
    unrecorded_seconds: Seconds = Field(10.0, description="Without the record for so long, who talks is made silent.")


class Session(Section):
    """How long people stay signed in."""

    idle_minutes: Annotated[int, Field(ge=1, le=60 * 24 * 30)] = Field(
        720, description="Signed out after so long idle."
    )


class Webhooks(Section):
    """How programs are told of calls and monitors."""

    allow_private: bool = Field(False, description="Permit receivers at loopback and private addresses.")
    timeout_seconds: Seconds = Field(45.0, description="Until a receiver must have answered.")
    keep_days: Annotated[int, Field(ge=2, le=3650)] = Field(30, description="Settled deliveries are kept so long.")


class Audit(Section):
    """Who did what."""

    keep_days: Annotated[int, Field(ge=0, le=36500)] = Field(
        0, description="Older entries are cut off, verifiably; 0 keeps all."
    )


class Metrics(Section):
    """Figures for Prometheus. On the page's port they need a token with the scope metrics."""

    host: str = Field("127.0.0.1", description="Address of a listener of its own, which asks nobody who they are.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(0, description="Its TCP port; 0: no such listener.")


class Log(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is told.")
    format: Literal["auto", "json", "console"] = Field("auto", description="auto: json unless on a terminal.")
    mask_numbers: bool = Field(False, description="Show phone numbers as ***01.")


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter="__", case_sensitive=False
    )

    http: Http = Http()
    database: Database = Database()
    pbx: list[Pbx] = Field(min_length=1)
    endpoints: Endpoints = Endpoints()
    numbering: Numbering = Numbering()
    monitoring: Monitoring = Monitoring()
    auto_answer: AutoAnswer = AutoAnswer()
    softphone: Softphone = Softphone()
    star_codes: StarCodes = StarCodes()
    session: Session = Session()
    webhooks: Webhooks = Webhooks()
    audit: Audit = Audit()
    metrics: Metrics = Metrics()
    log: Log = Log()

    @model_validator(mode="before")
    @classmethod
    def _inherit(cls, values: Any) -> Any:
        return inherit(values) if isinstance(values, dict) else values

    @field_validator("pbx")
    @classmethod
    def _names_differ(cls, value: list[Pbx]) -> list[Pbx]:
        names = [pbx.id for pbx in value]
        if len(set(names)) < len(names):
            raise ValueError("each PBX needs an id of its own")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file (which comes as init values)."""
        return env_settings, init_settings

    @property
    def database_url(self) -> str:
        """The database, by default a file in `$XDG_STATE_HOME/call-monitor`. Raises ConfigError."""
        if self.database.url or self.database.url_file:
            return self.database.url or revealed(None, self.database.url_file)
        base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local/state")
        return f"sqlite+aiosqlite:///{base}/call-monitor/adapter.sqlite"


def default_path() -> Path | None:
    """The configuration file that is there: the person's own, or the machine's."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    places = (Path(base) / "call-monitor/config.toml", Path("/etc/call-monitor/config.toml"))
    return next((place for place in places if place.is_file()), None)


def load(path: Path | None) -> Settings:
    """Read and check the configuration. Raises ConfigError, which lists everything that is wrong."""
    path = path or default_path()
    if path is None:
        raise ConfigError("There is no configuration. Copy config.sample.toml and name it with --config.")
    try:
        values = tomllib.loads(path.read_text())
    except OSError as problem:
        raise ConfigError(f"{path} can't be read: {problem.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path} is no TOML: {problem}.") from None
    try:
        return Settings(**values)
    except ValidationError as problem:
        lines = "\n".join(f"  {line}" for line in _explain(problem))
        raise ConfigError(f"{path} can't be used:\n{lines}") from None


def _explain(problem: ValidationError) -> Iterator[str]:
    found = problem.errors(include_input=False, include_url=False)
    common = {error["loc"] for error in found if error["loc"][:1] != ("pbx",)}
    for error in found:
        key = ".".join(str(part) for part in error["loc"])
        if error["loc"][:1] == ("pbx",) and error["loc"][2:] in common:
            continue  # it is wrong in the common section, and said there
        if error["type"] == "extra_forbidden" and (later := LATER.get(str(error["loc"][-1]))):
            yield f"{key}: {later}"
        elif error["type"] == "extra_forbidden":
            yield f"{key}: unknown key{_suggestion(error['loc'])}"
        else:
            yield f"{key}: {error['msg'].removeprefix('Value error, ')}"


def _suggestion(where: tuple[int | str, ...]) -> str:
    model: Any = Settings
    for part in where[:-1]:
        if isinstance(part, str):
            annotation = model.model_fields[part].annotation
            model = getattr(annotation, "__args__", (annotation,))[0]
    close = difflib.get_close_matches(str(where[-1]), list(model.model_fields), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(model.model_fields)}"
