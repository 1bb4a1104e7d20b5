"""One strict configuration: a TOML file, overridden by the environment; unknown keys are refused with a suggestion."""

import difflib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import phonenumbers
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from adapter.config.http import Http
from adapter.config.section import Port, Seconds, Section, WithSecret, revealed
from adapter.errors import ConfigError

ENV_PREFIX = "CALL_MONITOR_"


class Database(Section):
    """Where people and records are kept."""

    url: str = Field("", description="SQLAlchemy URL: sqlite+aiosqlite:///… or postgresql+asyncpg://…")
    url_file: Path | None = Field(None, description="A file that holds only the URL, with its password.")

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if self.url and self.url_file:
            raise ValueError("give one of url and url_file")
        return self


class Ami(WithSecret):
    """Asterisk Manager Interface (manager.conf)."""

    host: str = Field("127.0.0.1", description="Where Asterisk is.")
    port: Port = Field(5038, description="manager.conf: port.")
    tls: bool = Field(False, description="manager.conf: tlsenable.")
    tls_ca: Path | None = Field(None, description="Certificate authority file for AMI over TLS.")


class Ari(WithSecret):
    """Asterisk REST Interface (ari.conf, http.conf)."""

    url: str = Field("http://127.0.0.1:8088/ari", pattern=r"^https?://", description="ARI's address.")
    tls_ca: Path | None = Field(None, description="Certificate authority file for ARI over https.")


class Pbx(Section):
    """One Asterisk."""

    id: str = Field("main", pattern=r"^[a-z0-9-]{1,32}$", description="Name of this node.")
    context: str = Field("call-monitor", pattern=r"^[A-Za-z0-9_-]{1,79}$", description="The monitor dialplan context.")
    ami: Ami
    ari: Ari
    connect_deadline_seconds: Seconds = Field(3.0, description="Until a connection must stand.")
    action_deadline_seconds: Seconds = Field(2.0, description="Until Asterisk must answer an action.")
    ping_interval_seconds: Seconds = Field(2.0, description="Between pings of an idle connection.")
    ping_deadline_seconds: Seconds = Field(2.0, description="Until a ping must be answered.")
    longest_pause_seconds: Seconds = Field(10.0, description="Longest pause between attempts to reconnect.")
    watch_interval_seconds: Seconds = Field(3.0, description="Between looks whether Asterisk does what we say.")


class Endpoints(Section):
    """How Asterisk's endpoints are read. Patterns as in a shell: PJSIP/1*, PJSIP/10[1-4]."""

    agents: list[str] = Field(["PJSIP/*"], min_length=1, description="Endpoints whose calls can be monitored.")
    internal: list[str] = Field([], description="Further endpoints of the house; calls with them are internal.")


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


Style = Literal["generic", "call-info", "alert-info", "polycom", "intercom", "answer-mode", "ring"]


class AutoAnswer(Section):
    """How supervisors' phones are asked to answer by themselves (docs/phones.md)."""

    style: Style = Field("generic", description="For all phones that `devices` does not name.")
    devices: dict[str, Style] = Field({}, description="Other styles, by patterns of endpoints.")


class Softphone(Section):
    """The page as a phone. Needs asterisk-conf/sorcery_call_monitor.conf and Asterisk's HTTP server."""

    enabled: bool = Field(True, description="Let pages be phones.")
    websocket_url: str = Field(
        "", pattern=r"^(wss?://.+)?$", description="Asterisk's WebSocket; empty: /ws beside pbx.ari.url."
    )
    context: str = Field(
        "call-monitor-nowhere", pattern=r"^[A-Za-z0-9_-]{1,79}$", description="Their context: nothing can be dialled."
    )
    lifetime_hours: Annotated[int, Field(ge=1, le=168)] = Field(24, description="Credentials are void after so long.")
    stun: list[str] = Field([], description="STUN servers: stun:stun.example:3478.")
    turn: list[str] = Field([], description="TURN servers: turn:turn.example:3478?transport=udp.")
    turn_secret: SecretStr | None = Field(None, description="Shared with the TURN server, for short-lived users.")
    turn_secret_file: Path | None = Field(None, description="A file that holds only that secret.")

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if self.turn_secret and self.turn_secret_file:
            raise ValueError("give one of turn_secret and turn_secret_file")
        return self


Code = Annotated[str, Field(pattern=r"^[*#0-9]{2,8}$")]


class StarCodes(Section):
    """What supervisors dial at a desk phone, before an agent's extension; the same stands in the dialplan."""

    silent: Code = Field("*55", description="Listen.")
    whisper: Code = Field("*56", description="Talk to the agent.")
    barge: Code = Field("*57", description="Join the call.")


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
    cut_share: Annotated[float, Field(gt=0, le=1)] = Field(
        0.2, description="A cut of more than this part of all entries is refused: the clock may be wrong."
    )
    heads: list[Literal["hourly", "daily", "stop"]] = Field(
        ["hourly", "stop"], description="When the chain's head goes out; empty: never."
    )
    heads_file: Path | None = Field(None, description="Also to this file, a line each; best on another disk.")


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
    pbx: list[Pbx] = Field(min_length=1, max_length=1)
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
    for error in problem.errors(include_input=False, include_url=False):
        key = ".".join(str(part) for part in error["loc"])
        if error["type"] == "extra_forbidden":
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
