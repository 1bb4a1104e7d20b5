"""Codes of agents in a call (*4 asks for help, *3 pauses monitoring): what their endpoints need for them. Pure."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from adapter.setup import asteriskconf as conf

NAMES, VARIABLE = ("call-monitor-help", "call-monitor-shield"), "DYNAMIC_FEATURES"
WANTED = f"{VARIABLE}={'#'.join(NAMES)}"


def _is_agent(endpoint: conf.Endpoint, agents: Sequence[str]) -> bool:
    return any(fnmatchcase(f"PJSIP/{endpoint.name}", pattern) for pattern in agents)


def _features(endpoint: conf.Endpoint) -> list[str]:
    """The features that it names, in all its `set_var` lines."""
    said = [value.replace(" ", "") for key, value in endpoint.settings if key == "set_var"]
    return [value.partition("=")[2] for value in said if value.partition("=")[0].lstrip("_") == VARIABLE]


def with_code(text: str, endpoint: conf.Endpoint, agents: Sequence[str], todo: list[str]) -> str:
    """The text in which an agent's endpoint (of this text) has the codes. One with other features is left alone."""
    if not _is_agent(endpoint, agents):
        return text
    features = _features(endpoint)
    if not features:
        return conf.with_endpoint_line(text, endpoint, f"set_var = {WANTED}")
    missing = [name for name in NAMES if not any(name in one.split("#") for one in features)]
    if missing:
        wanted = "#".join([features[-1], *missing])
        todo.append(
            f"pjsip.conf, [{endpoint.name}] has features of its own: with set_var = {VARIABLE}={wanted} "
            "agents ask for help with *4, and pause monitoring with *3, there too."
        )
    return text
