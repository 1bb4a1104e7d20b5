"""What ends with a session or a token, also where sessions begin and end while the database is asked."""

from collections.abc import Callable
from datetime import datetime

from adapter.web.revocation import Revocation
from tests.support.clock import START


class Store:
    """Ids that are valid; `during` happens while it is asked for them, after they were read."""

    def __init__(self, *valid: str) -> None:
        self.valid = set(valid)
        self.during: list[Callable[[], None]] = []

    async def alive(self, now: datetime) -> frozenset[str]:
        found = frozenset(self.valid)
        if self.during:
            self.during.pop(0)()
        return found

    def over(self, ids: frozenset[str], now: datetime) -> frozenset[str]:
        return ids - self.valid


class Open:
    """What sessions have open."""

    def __init__(self, *sessions: str) -> None:
        self.open = list(sessions)
        self.ended: list[str] = []

    def session_ids(self) -> frozenset[str]:
        return frozenset(self.open)

    def end_sessions(self, ended: frozenset[str]) -> None:
        self.ended += [session for session in self.open if session in ended]
        self.open = [session for session in self.open if session not in ended]


def revocation(sessions: Store, streams: Open, phones: Open | None = None) -> Revocation:
    return Revocation((), sessions, Store("token"), streams, phones or Open(), lambda: START)  # type: ignore[arg-type]


async def test_what_belongs_to_an_ended_session_ends_and_nothing_else() -> None:
    streams, phones = Open("sam", "mona", "token"), Open("sam", "mona")
    await revocation(Store("mona"), streams, phones).apply()
    assert (streams.open, phones.open) == (["mona", "token"], ["mona"])


async def test_a_session_that_begins_while_the_database_is_asked_stays() -> None:
    sessions, streams = Store("mona"), Open("sam", "mona")

    def signs_in() -> None:
        sessions.valid.add("ana")
        streams.open.append("ana")

    sessions.during = [signs_in]
    await revocation(sessions, streams).apply()
    assert streams.open == ["mona", "ana"]


async def test_a_stream_that_an_ended_session_opens_meanwhile_ends_too() -> None:
    """Its request was let in before the end."""
    sessions, streams = Store("mona"), Open("mona")
    sessions.during = [lambda: streams.open.append("sam"), lambda: streams.open.append("sam")]
    await revocation(sessions, streams).apply()
    assert streams.open == ["mona"]
    assert streams.ended == ["sam", "sam"]
