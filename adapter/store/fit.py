"""What comes from phones, PBXes and receivers, as a column can keep it: cut where it is too long, which shows."""

import re
from collections.abc import Mapping

from sqlalchemy import String, Text

from adapter.store.tables import Base, table_of

CUT = "…"
"""Stands for what did not fit."""
UNKNOWN = "\ufffd"
"""Stands for what is no text: half a surrogate pair, and NUL, which PostgreSQL keeps nowhere."""

NO_TEXT = re.compile("[\0\ud800-\udfff]")


def plain(text: str) -> str:
    """The text without what no database keeps."""
    return NO_TEXT.sub(UNKNOWN, text)


class Fit:
    """Makes the values of a table's rows fit its columns."""

    def __init__(self, table: type[Base]) -> None:
        self._widths = {
            column.name: None if isinstance(column.type, Text) else column.type.length
            for column in table_of(table).columns
            if isinstance(column.type, String)
        }

    def __call__(self, row: Mapping[str, object]) -> dict[str, object]:
        """The row as it can be kept."""
        return {name: self._one(name, value) if isinstance(value, str) else value for name, value in row.items()}

    def _one(self, name: str, value: str) -> str:
        text, width = plain(value), self._widths.get(name)
        return text if width is None or len(text) <= width else text[: width - len(CUT)] + CUT
