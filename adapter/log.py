"""Logging: one line for each fact, JSON unless on a terminal, nothing in it that a peer could forge."""

import logging
import re
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

NUMBER = re.compile(r"(?<![\w.:-])\+?\d{5,15}(?![\w.:-])")
"""What looks like a phone number; ids, ports and times don't."""


def _clean(logger: WrappedLogger, method: str, fields: EventDict) -> EventDict:
    for name, value in fields.items():
        if isinstance(value, str) and not value.isprintable():
            fields[name] = _traceback(value) if name == "exception" else _plain(value)
    return fields


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _traceback(text: str) -> str:
    """Its lines, each set in, so that none of an error's words can look like a line of the log's own."""
    return "\n".join("  " + _plain(line) for line in text.split("\n"))


def _mask(logger: WrappedLogger, method: str, fields: EventDict) -> EventDict:
    for name, value in fields.items():
        if isinstance(value, str):
            fields[name] = NUMBER.sub(lambda found: "***" + found[0][-2:], value)
    return fields


def setup(level: str, style: Literal["auto", "json", "console"], *, mask_numbers: bool) -> None:
    """Send structlog's lines, and those of the standard library, to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _clean,
        *([_mask] if mask_numbers else []),
    ]
    plain = style == "console" or (style == "auto" and sys.stderr.isatty())
    last: Processor = structlog.dev.ConsoleRenderer() if plain else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=last, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("aiohttp.access").setLevel("WARNING")
    logging.getLogger("alembic").setLevel("WARNING")
