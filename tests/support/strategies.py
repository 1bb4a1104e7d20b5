"""Any value of the core's types, with every field set: for properties that hold of all of them."""

import dataclasses
from datetime import UTC, datetime
from typing import Any, get_type_hints

from hypothesis import strategies as st

from adapter.core.agent import AgentStatus, Caller, Floor, Membership, QueueStatus
from adapter.core.audit import By, Subject
from adapter.core.bars import Bar, BarChanges, Making
from adapter.core.call import Agent, Call, Party
from adapter.core.monitor import Asked, Monitor, Supervisor
from adapter.core.ownership import Term
from adapter.core.pbx import PbxState
from adapter.core.shared_bars import BarsOfPbx, Presence
from adapter.fleet import messages
from adapter.monitoring.ports import StartRequest

WHOLE = st.integers(-(2**53), 2**53)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
STAMPS = st.floats(allow_nan=False, allow_infinity=False)


def every_field(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a dataclass or a named tuple, none of whose fields is left to its default."""
    hints = get_type_hints(kind)
    names = [one.name for one in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else kind._fields
    return st.builds(kind, **{name: st.from_type(hints[name]) for name in names})


KINDS: tuple[Any, ...] = (
    *(By, Subject, Asked, Making, Bar, BarChanges, Presence, BarsOfPbx, Agent, Party, Supervisor, Term, PbxState),
    *(StartRequest, Call, Monitor, messages.Refused, Membership, AgentStatus, Caller, QueueStatus, Floor),
    *messages.KINDS.values(),
)


def register() -> None:
    """Have hypothesis know how to make them."""
    st.register_type_strategy(int, WHOLE)
    st.register_type_strategy(float, STAMPS)
    st.register_type_strategy(datetime, MOMENTS)
    for kind in KINDS:
        st.register_type_strategy(kind, every_field)
