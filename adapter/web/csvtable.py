"""Tables as CSV (RFC 4180, UTF-8 with a byte order mark) that a spreadsheet shows as they are."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

RISKY = re.compile(r"[=@\t\r\n\uff1d\uff0b\uff0d\uff20]|[+-](?!\d{1,11}$)|\+")
"""How a cell begins that a spreadsheet would take for a formula (OWASP, CSV Injection), in full width too; of
+12025550101 it would drop the plus."""
CHANGED = re.compile(r"-?(?:0\d+|\d{12,})$|\d+(?:\.\d*)?[eE][+-]?\d+$")
"""What a spreadsheet would take for a number and show as another: without its leading zero, rounded (Excel keeps 15
digits, and shows 12 and more as 1.2E+11), or with an exponent (an id such as 12e34567)."""
BOM = b"\xef\xbb\xbf"
"""Tells Excel that a table is UTF-8 (RFC 3629, section 6)."""


def headers(name: str) -> dict[str, str]:
    """Of an answer that is a table, to be saved as `name`."""
    return {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


def cells(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows of values. An apostrophe stands before what a spreadsheet would calculate, or show as another number."""
    return lines([_cell(value) for value in row] for row in rows)


def lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows of text that is safe, such as the titles of columns."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return "'" + text if RISKY.match(text) or CHANGED.match(text) else text
