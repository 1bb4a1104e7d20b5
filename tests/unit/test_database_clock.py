"""The clock of the database's machine may jump by an hour: nothing asks it, so nothing notices."""

import re
from pathlib import Path

STORE = Path(__file__).parents[2] / "adapter/store"
ASKED = re.compile(
    r"\bnow\(\)|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|localtime|current_(time|date)"
    r"|func\.now|datetime\('now|julianday|unixepoch",
    re.IGNORECASE,
)
"""How PostgreSQL and SQLite are asked for the time (their manuals, date and time functions)."""
OURS = re.compile(r"(_?clock|self|datetime)\.now\(")
"""The clock that a part was given."""


def test_no_statement_asks_the_database_for_the_time() -> None:
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in sorted(STORE.rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if ASKED.search(OURS.sub("", line))
    ]
    assert found == []
    assert ASKED.search("SELECT now()")
    assert ASKED.search("server_default=func.now()")
