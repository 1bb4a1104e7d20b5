"""Attack: what is opened elsewhere. Formulas in the audit's CSV, forged lines in the log."""

import csv
import io
import json
import logging

import pytest
import structlog

from adapter import log
from tests.support.site import Site

FORMULAS = ["=cmd|'/C calc'!A0", "+1+cmd|x", "-2+3", "@SUM(A1)", "\uff1d1+1", '=HYPERLINK("http://evil.example","x")']
PLAIN = ["12025550101", "-5", 'Anna, "the" Lee', "a=b", "0", "1.5"]
NUMBERS = ["+12025550101", "0301234567", "120255501011", "1234567890123456", "12e34567", "1e5"]
"""Which a spreadsheet would show as others."""


async def test_no_cell_of_the_audit_is_a_formula(site: Site) -> None:
    admin = await site.client("admin")
    for name in FORMULAS + PLAIN + NUMBERS:
        assert (await admin.post("/tokens", {"name": name, "may_act_for": ["mona"]}))[0] == 201
    async with admin.http.get(admin.base + "/audit.csv") as answer:
        table = await answer.read()
        assert table.startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8"
        rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
        assert answer.headers["Content-Disposition"].startswith("attachment")
    cells = {row["target"] for row in rows}
    assert cells >= {"'" + name for name in FORMULAS + NUMBERS} | set(PLAIN)
    assert not cells & set(FORMULAS + NUMBERS)


FORGED = "x\r\n2026-01-01 [info] all is well\x1b[2K\u2028\x85\x9b31m\u202e"


@pytest.mark.parametrize("style", ["json", "console"])
def test_nobody_writes_lines_of_the_log(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    level = logging.getLogger().level
    root, handlers, before = logging.getLogger(), list(logging.getLogger().handlers), structlog.get_config()
    try:
        log.setup("info", style, mask_numbers=False)  # type: ignore[arg-type]
        logger = structlog.stdlib.get_logger("attack")
        logger.info("a caller", name=FORGED, several=[FORGED], inner={FORGED: FORGED}, arguments=(FORGED,))
        logger.info(FORGED)
        logging.getLogger("library").warning("about %s", FORGED)
        try:
            raise ValueError(FORGED)
        except ValueError:
            logger.exception("failed")
    finally:
        root.handlers = handlers
        root.setLevel(level)
        structlog.configure(**before)
    lines = capsys.readouterr().err.split("\n")
    assert len([line for line in lines if line]) >= 4, "each of the four was written"
    assert not [line for line in lines if line.startswith("2026-01-01")]
    for line in lines:
        assert "\x1b[2K" not in line
        assert not set("\r\u2028\x85\x9b\u202e") & set(line), repr(line)
        assert style == "console" or not line or isinstance(json.loads(line), dict)
