"""What adapters tell each other: every field arrives as it was, and what is not ours, or not readable, is counted."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.core.audit import SYSTEM, By, Via
from adapter.core.bars import BarChanges
from adapter.core.call import Call
from adapter.core.monitor import Monitor
from adapter.core.ownership import Term
from adapter.core.pbx import LinkState, PbxState
from adapter.core.shared_bars import Presence
from adapter.fleet import messages, schema
from adapter.fleet.messages import Beat, Change, Ignored, Sealer, SnapshotPart, TooLarge, Why
from adapter.fleet.schema import Codec
from adapter.fleet.snapshots import Gathering, cut
from tests.fake.scene import START
from tests.support.strategies import KINDS, every_field, register

KEY = b"k" * 32
SUBJECT = "cm.0123abcd.north.owner.beat"
TERM = Term(3, "t")
BEAT = Beat(pbx="north", term=TERM, number=7, stamp=12.5)


@pytest.fixture(autouse=True, scope="module")
def registered() -> Iterator[None]:
    """Any value of any of these types can be made; the types that everybody uses mean what they meant afterwards."""
    register()
    yield
    st.register_type_strategy(int, st.integers())
    st.register_type_strategy(float, st.floats())
    st.register_type_strategy(datetime, st.datetimes())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_field_arrives_as_it_was(kind: Any) -> None:
    codec = Codec(kind)

    @given(every_field(kind))
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    def arrives(value: Any) -> None:
        assert codec.decode(codec.encode(value)) == value

    arrives()


@pytest.mark.parametrize("kind", [Call, Monitor, BarChanges, Change], ids=lambda kind: kind.__name__)
def test_no_field_is_forgotten(kind: Any) -> None:
    """A field that is not at its default is in the text under its name."""
    written: set[str] = set()

    @given(every_field(kind))
    @settings(max_examples=100, suppress_health_check=list(HealthCheck))
    def look(value: Any) -> None:
        written.update(json.loads(Codec(kind).encode(value)))

    look()
    assert written == {field.name for field in dataclasses.fields(kind)}


def test_a_message_of_version_1_is_read_for_ever() -> None:
    """As version 1 wrote it. Where this fails the format is another: raise VERSION, and NEEDS if it breaks readers."""
    text = (
        b'{"pbx":"north","term":{"number":3,"token":"t"},"number":8,"people":"p","at":"2026-01-01T12:00:00Z",'
        b'"state":{"state":"connected","since":"2026-01-01T12:00:00Z"},"gone":["x"],"monitors":[{"id":"m","pbx":"north",'
        b'"call_id":"c","conversation_id":"v","target":"1.2","leg":"cm-l","supervisor":{"user_id":"u","name":"Mona"},'
        b'"device":"PJSIP/302","keypad":true,"mode":"whisper","state":"live","started_at":"2026-01-01T12:00:00Z",'
        b'"by":{"actor":"mona","via":"token","token":"k","administers":false}}],'
        b'"barred":{"bars":{"v":null},"hooks":[["h","v"]],"touched":["v"]}}'
    )
    change = Codec(Change).decode(text)
    assert (change.number, change.gone, change.state) == (8, ("x",), PbxState(LinkState.CONNECTED, START))
    (monitor,) = change.monitors
    assert monitor.by == By("mona", Via.TOKEN, "k", administers=False)
    assert (monitor.confirmed, monitor.connected, monitor.asked) == (0, False, None)
    assert change.barred == BarChanges({"v": None}, hooks={("h", "v")}, touched={"v"})
    assert Codec(Change).encode(change) == text


def test_what_a_newer_adapter_adds_is_ignored() -> None:
    value = json.loads(Codec(By).encode(replace_by()))
    value["shoe_size"] = 42
    assert Codec(By).decode(json.dumps(value).encode()) == replace_by()
    sealer = Sealer(KEY)
    added = {**json.loads(Codec(Beat).encode(BEAT)), "new": [1]}
    body = b"\1\1" + json.dumps(added).encode()
    assert sealer.read(SUBJECT, sealer._seal(SUBJECT, body) + body) == BEAT


def replace_by() -> By:
    """Somebody, by a token."""
    return SYSTEM._replace(via=Via.TOKEN, token="t", administers=False)


@pytest.mark.parametrize(("version", "needs", "why"), [(9, 1, None), (9, 2, Why.NEWER), (1, 1, None)])
def test_a_newer_adapter_says_who_understands_it(version: int, needs: int, why: Why | None) -> None:
    sealer = Sealer(KEY)
    body = bytes((version, needs)) + Codec(Beat).encode(BEAT)
    data = sealer._seal(SUBJECT, body) + body
    if why is None:
        assert sealer.read(SUBJECT, data) == BEAT
    else:
        refuse(sealer, data, why)


def refuse(sealer: Sealer, data: bytes, why: Why, subject: str = SUBJECT) -> None:
    """It is not read, and counted by why."""
    before = sealer.ignored[why]
    with pytest.raises(Ignored) as ignored:
        sealer.read(subject, data)
    assert ignored.value.why is why
    assert sealer.ignored[why] == before + 1


def test_strangers_are_not_believed() -> None:
    sealer, good = Sealer(KEY), Sealer(KEY).write(SUBJECT, BEAT)
    assert sealer.read(SUBJECT, good) == BEAT
    refuse(sealer, Sealer(b"x" * 32).write(SUBJECT, BEAT), Why.FOREIGN)
    for place in (0, messages.SEAL, messages.SEAL + 1, messages.HEAD, len(good) - 1):
        refuse(sealer, good[:place] + bytes((good[place] ^ 1,)) + good[place + 1 :], Why.FOREIGN)
    refuse(sealer, good, Why.FOREIGN, "cm.0123abcd.south.owner.beat")  # moved to another PBX's subject
    refuse(sealer, good, Why.FOREIGN, "cm.0123abcd.north.ask.beat")
    refuse(sealer, good, Why.MALFORMED, "cm.0123abcd.north.owner.nothing")
    refuse(sealer, b"", Why.MALFORMED)
    refuse(sealer, good[: messages.HEAD], Why.MALFORMED)
    refuse(sealer, b"\0" * (messages.LARGEST_MESSAGE + 1), Why.TOO_LARGE)


def test_the_seal_says_nothing_of_the_key() -> None:
    assert KEY not in Sealer(KEY)._key


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "7"},
        {"number": 2**60},
        {"number": 1.5},
        {"stamp": "NaN"},
        {"pbx": "x" * (schema.LONGEST_TEXT + 1)},
        {"term": {"number": 1}},
        {"term": []},
        {"stamp": None},
    ],
    ids=str,
)
def test_what_is_wrong_inside_is_malformed(fields: dict[str, Any]) -> None:
    sealer = Sealer(KEY)
    body = b"\1\1" + json.dumps({**json.loads(Codec(Beat).encode(BEAT)), **fields}).encode()
    refuse(sealer, sealer._seal(SUBJECT, body) + body, Why.MALFORMED)


@given(st.binary(max_size=300))
def test_garbage_with_a_seal_is_malformed(garbage: bytes) -> None:
    sealer = Sealer(KEY)
    for kind in messages.KINDS:
        subject = f"cm.0123abcd.north.owner.{kind}"
        body = b"\1\1" + garbage
        refuse(sealer, sealer._seal(subject, body) + body, Why.MALFORMED, subject)


@pytest.mark.parametrize("deep", [b"[", b'{"a":', b'{"pbx":['])
def test_what_is_nested_without_end_is_malformed(deep: bytes) -> None:
    sealer = Sealer(KEY)
    for text in (deep * 100_000, b'{"new":' + deep * 100_000):
        body = b"\1\1" + text
        refuse(sealer, sealer._seal(SUBJECT, body) + body, Why.MALFORMED)


def test_lists_are_bounded() -> None:
    many = ["x"] * (schema.MOST_ITEMS + 1)
    text = json.dumps({"conversation": "c", "rings": [], "barred": [f"{n}" for n in range(schema.MOST_ITEMS + 1)]})
    with pytest.raises(ValueError, match="at most"):
        Codec(Presence).decode(text.encode())
    with pytest.raises(ValueError, match="at most"):
        Codec(messages.Answer).decode(
            json.dumps({"pbx": "p", "term": {"number": 1, "token": "t"}, "id": "i", "number": 1, "left": many}).encode()
        )


def test_what_is_too_large_is_not_written() -> None:
    answer = messages.Answer(pbx="p", term=TERM, id="i", number=1, left=tuple("x" * 1000 for _ in range(1000)))
    with pytest.raises(TooLarge):
        Sealer(KEY).write("cm.i.p.owner.answer", answer)


def test_a_snapshot_is_cut_and_put_together_again() -> None:
    @given(every_field(SnapshotPart), st.integers(1, 7))
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    def same(whole: SnapshotPart, most: int) -> None:
        whole = replace(whole, part=0, parts=1)
        parts, gathering = list(cut(whole, most)), Gathering()
        found = [gathering.add(part) for part in parts]
        assert found[:-1] == [None] * (len(parts) - 1)
        assert found[-1] == whole

    same()


def test_a_snapshot_with_a_part_missing_is_none() -> None:
    @given(every_field(SnapshotPart), st.data())
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    def none(whole: SnapshotPart, data: st.DataObject) -> None:
        parts = list(cut(replace(whole, part=0, parts=1), 1))
        order = data.draw(st.permutations(range(len(parts))))
        lost = data.draw(st.sampled_from(order))
        gathering = Gathering()
        assert [gathering.add(parts[one]) for one in order if one != lost] == [None] * (len(parts) - 1)

    none()
