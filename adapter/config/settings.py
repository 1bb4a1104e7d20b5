"""One strict configuration: a TOML file, overridden by the environment; unknown keys are refused with a suggestion."""

import difflib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from typing import Annotated, Any, Literal, Self

import phonenumbers
from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from adapter.config import environment
from adapter.config.cluster import Cluster
from adapter.config.consent import Consent
from adapter.config.embed import Embed
from adapter.config.http import Http
from adapter.config.pbx import AutoAnswer, Endpoints, Pbx, Softphone, StarCodes, inherit
from adapter.config.queues import Queue, distinct
from adapter.config.recordings import recording_template
from adapter.config.section import Seconds, Section, revealed
from adapter.config.talk import Talk
from adapter.errors import ConfigError

ENV_PREFIX = "CALL_MONITOR_"
NEEDS_POSTGRESQL = "several adapters share one PostgreSQL database; name it in [database] as postgresql+asyncpg://…"


class Database(Section):
    """The database for accounts and records."""

    url: str = Field("", description="SQLAlchemy URL: sqlite+aiosqlite:///… or postgresql+asyncpg://…")
    url_file: Path | None = Field(None, description="A file that contains only the URL, with its password.")
    survives: Literal["process", "power"] = Field(
        "process", description="What an answer outlasts: the adapter's death, or a power cut too (slower)."
    )

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if self.url and self.url_file:
            raise ValueError("give one of url and url_file")
        return self


class Numbering(Section):
    """How phone numbers are interpreted."""

    country: str = Field("US", description="ISO 3166 code for numbers written without a country code.")
    outside_prefixes: list[Annotated[str, Field(pattern=r"^[0-9*#]{1,8}$")]] = Field(
        [], description="What agents dial before an outside number, such as 9; it is no part of the customer's number."
    )
    countries: dict[str, str] = Field(
        {}, description='Another country for numbers behind some endpoints, by pattern: {"PJSIP/mexico*" = "MX"}.'
    )

    @field_validator("country")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError("this is not an ISO 3166 country code such as US, DE or IL")
        return value

    @field_validator("countries")
    @classmethod
    def _all_known(cls, value: dict[str, str]) -> dict[str, str]:
        return {pattern: cls._known(country) for pattern, country in value.items()}


class Monitoring(Section):
    """Timeouts of monitors, and what a stop does to them."""

    ring_timeout_seconds: Seconds = Field(20.0, description="How long a supervisor's phone may ring.")
    confirm_deadline_seconds: Seconds = Field(2.0, description="Until Asterisk must confirm a mode or an end.")
    on_stop: Literal["end", "leave"] = Field(
        "end", description="Whether a clean stop ends monitors or leaves them for the next start to take up."
    )
    lost_after_seconds: Seconds = Field(30.0, description="Monitors count as lost after this time without the PBX.")
    unrecorded_seconds: Seconds = Field(
        10.0, description="Supervisors who talk are made silent after this time without the database."
    )


class Session(Section):
    """How long people stay signed in."""

    idle_minutes: Annotated[int, Field(ge=1, le=60 * 24 * 30)] = Field(
        720, description="Users are signed out after this time without activity."
    )


class Webhooks(Section):
    """Delivery of events about calls and monitors to programs."""

    allow_private: bool = Field(False, description="Allow receivers at loopback and private addresses.")
    timeout_seconds: Seconds = Field(45.0, description="Until a receiver must have answered.")
    keep_days: Annotated[int, Field(ge=2, le=3650)] = Field(30, description="How long finished deliveries are kept.")


class Audit(Section):
    """How long the audit is kept."""

    keep_days: Annotated[int, Field(ge=0, le=36500)] = Field(
        0, description="Older entries are deleted, verifiably; 0 keeps all."
    )
    cut_share: Annotated[float, Field(gt=0, le=1)] = Field(
        0.2, description="A cut of more than this part of all entries is refused: the clock may be wrong."
    )
    heads: list[Literal["hourly", "daily", "stop"]] = Field(
        ["hourly", "stop"], description="When the audit's head goes out; empty: never."
    )
    heads_file: Path | None = Field(None, description="Also to this file, a line each; best on another disk.")


class Coaching(Section):
    """Notes about calls, messages during a talk, requests for help, pausing monitoring, and follows."""

    keep_days: Annotated[int, Field(ge=0, le=36500)] = Field(
        365, description="Older notes, and requests for help that are closed, are deleted; 0 keeps all."
    )
    message_keep_days: Annotated[int, Field(ge=0, le=36500)] = Field(
        0, description="For how long messages during a talk are kept; 0: not at all."
    )
    recording_url: Annotated[str, AfterValidator(recording_template)] = Field(
        "", description="Where a recording is found, as https://example.com/{uniqueid}; also {extension} and {date}."
    )
    shield_answer_seconds: Annotated[float, Field(ge=0.2, le=5)] = Field(
        0.5, description="A pause is answered after this time, whether anybody listened or not."
    )
    shield_pauses_recordings: bool = Field(
        False, description="Whether Asterisk's MixMonitor recordings are silent during a pause too."
    )
    follow_tone_seconds: Annotated[int, Field(ge=0, le=3600)] = Field(
        0, description="A soft tone so often on a phone that follows and waits; 0: none."
    )


class Metrics(Section):
    """Metrics for Prometheus. On the page's port, /metrics needs a token with the scope metrics."""

    host: str = Field("127.0.0.1", description="Address of a separate listener without authentication.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(0, description="Its TCP port; 0: no separate listener.")


class Log(Section):
    """The log on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The lowest level that is logged.")
    format: Literal["auto", "json", "console"] = Field("auto", description="auto: json unless on a terminal.")
    mask_numbers: bool = Field(False, description="Show phone numbers as ***01.")


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter="__", case_sensitive=False
    )

    http: Http = Http()
    database: Database = Database()
    cluster: Cluster = Cluster()
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
    coaching: Coaching = Coaching()
    consent: Consent = Consent()
    talk: Talk = Talk()
    embed: Embed = Embed()
    metrics: Metrics = Metrics()
    queue: Annotated[list[Queue], AfterValidator(distinct)] = Field([], description="Limits of single queues.")
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
            raise ValueError("each PBX needs its own id")
        for pbx in value:
            if unknown := sorted(pbx.reach.keys() - (set(names) - {pbx.id})):
                others = ", ".join(name for name in names if name != pbx.id) or "there is no other"
                raise ValueError(f"reach of {pbx.id} names {unknown[0]!r}, which is no other PBX (known: {others})")
        return value

    @model_validator(mode="after")
    def _cluster_has_its_database(self) -> Self:
        if self.cluster.enabled and not self.database.url_file and not self.database.url.startswith("postgresql"):
            raise ValueError(f"cluster.nats: {NEEDS_POSTGRESQL}")
        return self

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
    """The configuration file that exists: the user's, else the machine's; None if there is none.

    If neither is seen, one that this user may not look for counts: reading it then says why it can't be read.
    """
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    places = (Path(base) / "call-monitor/config.toml", Path("/etc/call-monitor/config.toml"))
    found = {place: _is_there(place) for place in places}
    return next((place for answer in (True, None) for place in places if found[place] is answer), None)


def _is_there(place: Path) -> bool | None:
    """Whether it is a file; None if this user may not look. Path.is_file() raises then, or says no (Python 3.14)."""
    try:
        return S_ISREG(place.stat().st_mode)
    except PermissionError:
        return None
    except OSError:
        return False


def load(path: Path | None) -> Settings:
    """Read and check the configuration. Raises ConfigError with a list of all mistakes."""
    path, values = read(path)
    found = validated(values)
    if isinstance(found, Settings):
        return found
    lines = "\n".join(f"  {f'{where}: ' if where else ''}{what}" for where, what in found)
    raise ConfigError(f"{path} can't be used:\n{lines}")


def read(path: Path | None) -> tuple[Path, dict[str, Any]]:
    """The configuration's file and what is in it, not validated. Raises ConfigError."""
    path = path or default_path()
    if path is None:
        raise ConfigError(
            "There is no configuration. `call-monitor setup` makes one; or copy config.sample.toml (call-monitor files "
            "--to DIR) and pass its path with --config."
        )
    try:
        return path, tomllib.loads(path.read_text())
    except PermissionError:
        raise ConfigError(
            f"{path} can't be read: Permission denied. Run the command as root, or as the service's user."
        ) from None
    except OSError as problem:
        raise ConfigError(f"{path} can't be read: {problem.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path} is not valid TOML: {problem}.") from None


def validated(values: dict[str, Any]) -> Settings | list[tuple[str, str]]:
    """The settings; or every mistake: the key (as in pbx.0.ami.port), and what is wrong with it."""
    try:
        return Settings(**values)
    except SettingsError as problem:
        return [("", f'A variable CALL_MONITOR_… is not valid: {problem}. Write lists as JSON: ["a", "b"].')]
    except ValidationError as problem:
        return list(_explain(problem))


def _explain(problem: ValidationError) -> Iterator[tuple[str, str]]:
    found = problem.errors(include_input=False, include_url=False)
    common = {error["loc"] for error in found if error["loc"][:1] != ("pbx",)}
    for error in found:
        key = ".".join(str(part) for part in error["loc"])
        if error["loc"][:1] == ("pbx",) and error["loc"][2:] in common:
            continue  # inherited from the common section, and reported there
        if error["type"] == "extra_forbidden":
            yield key, f"unknown key{_suggestion(error['loc'])}{_variable(error['loc'])}"
        else:
            yield key, f"{error['msg'].removeprefix('Value error, ')}{_variable(error['loc'])}"


def _variable(where: tuple[int | str, ...]) -> str:
    """Where a value does not come from the file."""
    name = ENV_PREFIX + environment.SEPARATOR.join(str(part) for part in where).upper()
    return f" ({name} in the environment)" if name in {known.upper() for known in os.environ} else ""


def unknown_variables() -> list[str]:
    """What is wrong with each variable CALL_MONITOR_… that is no setting."""
    return environment.unknown(Settings, ENV_PREFIX, os.environ)


def _suggestion(where: tuple[int | str, ...]) -> str:
    model: Any = Settings
    for part in where[:-1]:
        if isinstance(part, str):
            annotation = model.model_fields[part].annotation
            model = getattr(annotation, "__args__", (annotation,))[0]
    close = difflib.get_close_matches(str(where[-1]), list(model.model_fields), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(model.model_fields)}"
