"""How phones are asked to answer, and what the document says of it."""

from pathlib import Path
from typing import get_args

from adapter import config
from adapter.asterisk.autoanswer import STYLES, headers

DOCUMENT = Path(__file__).parents[2] / "docs/phones.md"


def test_the_first_pattern_that_matches_gives_the_style() -> None:
    styles = {"PJSIP/31*": "polycom", "PJSIP/3*": "ring"}
    assert headers("PJSIP/310", styles, "generic") == STYLES["polycom"]
    assert headers("PJSIP/301", styles, "generic") == ()
    assert headers("PJSIP/201", styles, "generic") == STYLES["generic"]


def test_every_style_is_a_setting_and_in_the_document() -> None:
    assert set(get_args(config.Style)) == set(STYLES)
    text = DOCUMENT.read_text()
    for style, asked in STYLES.items():
        assert f"| `{style}` |" in text
        for name, value in asked:
            assert f"`{name}: {value}`".replace("\\;", ";") in text or style == "generic"
