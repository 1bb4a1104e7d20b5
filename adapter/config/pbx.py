"""The configuration of one PBX: its connections, endpoints, phones and star codes."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, model_validator

from adapter.config.section import Port, Seconds, Section, WithSecret


class Ami(WithSecret):
    """Asterisk Manager Interface (manager.conf)."""

    host: str = Field("127.0.0.1", description="Asterisk's host name or address.")
    port: Port = Field(5038, description="manager.conf: port.")
    tls: bool = Field(False, description="manager.conf: tlsenable.")
    tls_ca: Path | None = Field(None, description="Certificate authority file for AMI over TLS.")


class Ari(WithSecret):
    """Asterisk REST Interface (ari.conf, http.conf)."""

    url: str = Field("http://127.0.0.1:8088/ari", pattern=r"^https?://", description="ARI's address.")
    tls_ca: Path | None = Field(None, description="Certificate authority file for ARI over https.")


class Endpoints(Section):
    """Which of Asterisk's endpoints are agents' phones. Patterns with shell wildcards: PJSIP/1*, PJSIP/10[1-4]."""

    agents: list[str] = Field(["PJSIP/*"], min_length=1, description="Endpoints whose calls can be monitored.")
    internal: list[str] = Field([], description="Other endpoints of the organisation; calls with them are internal.")


Style = Literal["generic", "call-info", "alert-info", "polycom", "intercom", "answer-mode", "ring"]


class AutoAnswer(Section):
    """How supervisors' phones are asked to answer automatically (docs/phones.md)."""

    style: Style = Field("generic", description="For all phones that `devices` does not match.")
    devices: dict[str, Style] = Field({}, description="Other styles, by endpoint pattern.")


class Softphone(Section):
    """The page as a phone. Needs asterisk-conf/sorcery_call_monitor.conf and Asterisk's HTTP server."""

    enabled: bool = Field(True, description="Allow pages to be used as phones.")
    websocket_url: str = Field(
        "", pattern=r"^(wss?://.+)?$", description="Asterisk's WebSocket; empty: /ws on the host of pbx.ari.url."
    )
    context: str = Field(
        "call-monitor-nowhere",
        pattern=r"^[A-Za-z0-9_-]{1,79}$",
        description="Their dialplan context, in which nothing can be dialled.",
    )
    lifetime_hours: Annotated[int, Field(ge=1, le=168)] = Field(24, description="Credentials expire after this time.")
    stun: list[str] = Field([], description="STUN servers: stun:stun.example:3478.")
    turn: list[str] = Field([], description="TURN servers: turn:turn.example:3478?transport=udp.")
    turn_secret: SecretStr | None = Field(None, description="Shared with the TURN server, for short-lived credentials.")
    turn_secret_file: Path | None = Field(None, description="A file that contains only that secret.")

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if self.turn_secret and self.turn_secret_file:
            raise ValueError("give one of turn_secret and turn_secret_file")
        return self


Code = Annotated[str, Field(pattern=r"^[*#0-9]{2,8}$")]


class StarCodes(Section):
    """What supervisors dial before an agent's extension; the dialplan must have the same codes."""

    silent: Code = Field("*55", description="Listen.")
    whisper: Code = Field("*56", description="Talk to the agent.")
    barge: Code = Field("*57", description="Join the call.")
    follow: Code = Field("*58", description="Follow the agent: hear each next call.")

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        codes = [self.silent, self.whisper, self.barge, self.follow]
        if any(one is not other and other.startswith(one) for one in codes for other in codes) or len(set(codes)) < 4:
            raise ValueError("the codes must differ, and none may begin with another")
        return self


PbxId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
Way = Annotated[
    str, Field(pattern=r"^PJSIP/[A-Za-z0-9_.+*#-]{0,20}\{(extension|device)\}@[A-Za-z0-9_+-][A-Za-z0-9_.+-]{0,79}$")
]
"""What is dialled for a phone behind a trunk: `PJSIP/{extension}@to-pbx0`."""


class Pbx(Section):
    """One Asterisk. Its last four sections inherit missing keys from the top-level sections of the same names."""

    id: PbxId = Field("main", description="Name of this node.")
    name: str = Field("", max_length=100, description="What people see of it; empty: its id.")
    site: str = Field("", max_length=100, description="Where it is, for people; it decides nothing.")
    context: str = Field("call-monitor", pattern=r"^[A-Za-z0-9_-]{1,79}$", description="The monitor dialplan context.")
    ami: Ami
    ari: Ari
    connect_deadline_seconds: Seconds = Field(3.0, description="Until a connection must be established.")
    action_deadline_seconds: Seconds = Field(2.0, description="Until Asterisk must answer an action.")
    ping_interval_seconds: Seconds = Field(2.0, description="Between pings of an idle connection.")
    ping_deadline_seconds: Seconds = Field(2.0, description="Until a ping must be answered.")
    longest_pause_seconds: Seconds = Field(10.0, description="Longest pause between attempts to reconnect.")
    watch_interval_seconds: Seconds = Field(3.0, description="Between the watchdog's comparisons with Asterisk.")
    accepted_traces: list[Literal["rtp", "cdr", "cel"]] = Field(
        [], description="Where Asterisk may reveal silent monitors (docs/silence.md): the doctor then only warns."
    )
    reach: dict[PbxId, Way] = Field(
        {}, description='How phones of other PBXes are rung for calls here: {pbx0 = "PJSIP/{extension}@to-pbx0"}.'
    )
    trunks: list[str] = Field(
        [], description="Endpoints that lead to your other PBXes, besides those that reach names: PJSIP/to-*."
    )
    endpoints: Endpoints = Endpoints()
    auto_answer: AutoAnswer = AutoAnswer()
    softphone: Softphone = Softphone()
    star_codes: StarCodes = StarCodes()

    @property
    def shown_name(self) -> str:
        """What people see of it."""
        return self.name or self.id

    @property
    def trunk_patterns(self) -> list[str]:
        """Patterns of all endpoints that lead to other PBXes of the installation."""
        ways = (way.partition("/")[0] + "/" + way.rpartition("@")[2] for way in self.reach.values())
        return list(dict.fromkeys((*ways, *self.trunks)))


INHERITED = ("endpoints", "auto_answer", "softphone", "star_codes")
"""Sections of a PBX that inherit missing keys from the top-level section of the same name."""


def inherit(values: dict[str, Any]) -> dict[str, Any]:
    """The configuration with each PBX's sections completed from the common ones."""
    entries = values.get("pbx")
    if not isinstance(entries, list):
        return values

    def completed(entry: Any) -> Any:
        if not isinstance(entry, dict):
            return entry
        return {**entry, **{name: _both(values.get(name, {}), entry.get(name, {})) for name in INHERITED}}

    return {**values, "pbx": [completed(entry) for entry in entries]}


def _both(common: Any, own: Any) -> Any:
    if not (isinstance(common, dict) and isinstance(own, dict)):
        return own
    either = {"turn_secret", "turn_secret_file"}  # only one of them may be given
    return {key: value for key, value in common.items() if not (key in either and either & own.keys())} | own
