"""Every parser of what strangers send, fed with what is nearly right: none falls over, and each keeps its promise."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.asterisk.wire import TRANSLATORS
from tests.fuzz.targets import BODIES, TARGETS

EXAMPLES = 60
"""For each target; `make fuzz` has no end."""

words = st.text(max_size=12) | st.sampled_from(
    ["101", "17.1", "0", "6", "Success", "00:00:10", "<unknown>", "\r", ": "]
)
names = st.sampled_from("Event Channel Uniqueid Linkedid DestChannel DestUniqueid BridgeUniqueid Cause".split())
events = st.sampled_from(sorted(TRANSLATORS)).map(lambda name: f"Event: {name}")
lines = st.tuples(names | words, words).map(": ".join)
messages = st.tuples(events, st.lists(lines, max_size=8)).map(lambda m: "\r\n".join([m[0], *m[1]]) + "\r\n\r\n")
fields = sorted({name for model in BODIES for name in model.model_fields})
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words | st.sampled_from(["admin", "silent", "PJSIP/1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(st.sampled_from(fields) | words, values, max_size=6).map(json.dumps)
started = st.builds(
    lambda uniqueid, name, args: {"type": "StasisStart", "channel": {"id": uniqueid, "name": name}, "args": args},
    *(values, values, values),
).map(json.dumps)
pieces = ["http", "https", "://", "[", "]", "@", ":", "/", "#", "127.0.0.1", "::1", "%", "crm.example", "\t", "0x7f"]
urls = st.lists(st.sampled_from(pieces) | words, max_size=8).map("".join)
numbers = st.text("+0123456789 -().*#ext;=,", max_size=24) | words
heads = st.lists(st.sampled_from(["127.0.0.1", "10.0.0.1", ",", " ", "|", "https", "::1", "%"]) | words, max_size=6)
rows = st.lists(st.lists(words | st.sampled_from(["username", "role", "modes", "active"]), max_size=4).map(",".join))

NEARLY: dict[str, st.SearchStrategy[str]] = {
    "ami": st.lists(messages, max_size=4).map("".join),
    "stasis": started | values.map(json.dumps),
    "body": objects,
    "url": urls,
    "number": numbers,
    "head": heads.map("".join),
    "table": rows.map("\n".join),
    "sip": st.binary(min_size=5, max_size=29).map(lambda data: data.decode("latin-1")),
}


def test_every_target_is_fed() -> None:
    assert NEARLY.keys() == TARGETS.keys()


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_a_parser(name: str) -> None:
    feed = st.binary(max_size=200) | NEARLY[name].map(lambda text: text.encode("utf-8", "surrogatepass"))

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(feed)
    def run(data: Any) -> None:
        TARGETS[name](data)

    run()
