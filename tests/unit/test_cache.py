"""What secrets stand for is believed for a while, and no longer once something ended."""

from datetime import datetime

import pytest

from adapter.errors import StoreUnavailable
from adapter.web.ttl_cache import LAST_KNOWN_SECONDS, TtlCache
from tests.fake.scene import START


async def test_the_database_is_asked_once_in_a_while_and_after_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    now = 100.0
    monkeypatch.setattr("adapter.web.ttl_cache.time.monotonic", lambda: now)

    async def find(secret: str, at: datetime) -> str | None:
        asked.append(secret)
        return None if secret == "wrong" else secret.upper()

    believed = TtlCache(find, 30.0)
    for _ in range(3):
        assert await believed.find("a", START) == "A"
        assert await believed.find("wrong", START) is None
    assert asked == ["a", "wrong", "wrong", "wrong"], "what is not there is asked for each time"
    now += 29.9
    assert await believed.find("a", START) == "A"
    now += 0.2
    assert await believed.find("a", START) == "A"
    assert asked.count("a") == 2
    believed.forget()
    assert await believed.find("a", START) == "A"
    assert asked.count("a") == 3


async def test_while_the_database_is_away_what_was_known_lately_holds_on_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else nobody could be silent or hang up by a click while PostgreSQL is restarted."""
    now, away = 100.0, False
    monkeypatch.setattr("adapter.web.ttl_cache.time.monotonic", lambda: now)

    async def find(secret: str, at: datetime) -> str | None:
        if away:
            raise StoreUnavailable("away")
        return secret.upper()

    believed = TtlCache(find, 30.0)
    assert await believed.find("a", START) == "A"
    away = True
    now += 31 + LAST_KNOWN_SECONDS / 2
    assert await believed.find("a", START) == "A"
    with pytest.raises(StoreUnavailable):
        await believed.find("b", START)
    now += LAST_KNOWN_SECONDS
    with pytest.raises(StoreUnavailable):
        await believed.find("a", START)
    now -= LAST_KNOWN_SECONDS
    believed.forget()  # something ended: nothing is believed unasked
    with pytest.raises(StoreUnavailable):
        await believed.find("a", START)
