"""Types of columns that both databases know, and words of columns that a newer version wrote."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import BigInteger, DateTime, Integer, TypeDecorator
from sqlalchemy.engine import Dialect

from adapter.core.monitor import EndReason


class UtcTime(TypeDecorator[datetime]):
    """Times in UTC, also on SQLite, which knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Counter = BigInteger().with_variant(Integer, "sqlite")
"""A number that counts up; SQLite counts by itself only what is an INTEGER."""


Word = TypeVar("Word", bound=StrEnum)


def known(words: type[Word], texts: Iterable[str]) -> frozenset[Word]:
    """Those that this version knows: beside a newer one it must neither stop nor take an unknown word for a right."""
    named = set(texts)
    return frozenset(word for word in words if word.value in named)


def reason_of(text: str | None) -> EndReason | None:
    """Why something ended; `error` where a newer version has a word for it that this one does not know."""
    return next(iter(known(EndReason, [text])), EndReason.ERROR) if text else None
