"""The rules of delivery, pure: when to try again, when a receiver is down, where hooks may go."""

from datetime import UTC, datetime, timedelta

import pytest

from adapter.errors import Invalid
from adapter.webhooks.guard import Guard
from adapter.webhooks.schedule import DAY, DISTINCT, LONGEST, WINDOW, Health, again_at, pause
from adapter.webhooks.sender import Sender, new_secret
from tests.support.receiver import Receiver

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_pauses_are_short_for_ten_minutes_then_grow_for_a_day() -> None:
    for chance in (0.0, 0.5, 1.0):
        at, tries, longest_at_first = NOW, 0, 0.0
        while (then := again_at(tries + 1, at - NOW, at, chance)) is not None:
            tries += 1
            seconds = (then - at).total_seconds()
            assert seconds >= 0.5
            if at - NOW < timedelta(minutes=10):
                longest_at_first = max(longest_at_first, seconds)
            at = then
        assert longest_at_first <= 30
        assert DAY <= at - NOW < DAY + timedelta(hours=1.5)
        assert 60 < tries < 400


def test_a_receiver_may_ask_for_a_pause_within_ours() -> None:
    assert pause(1, timedelta(0), 1.0, wished=12.0).total_seconds() == 12
    assert pause(1, timedelta(0), 1.0, wished=9999.0).total_seconds() == 30
    assert pause(1, timedelta(hours=1), 0.0, wished=9999.0).total_seconds() == 180


def test_no_span_of_a_clock_that_was_set_gives_up_or_prolongs_a_pause() -> None:
    for wrong in (timedelta(days=-400), timedelta(days=400), timedelta.min, timedelta.max):
        for tries in range(1, 20):
            again = again_at(tries, wrong, NOW, 1.0)
            assert again is not None
            assert timedelta(0) < again - NOW <= LONGEST
        assert pause(1, wrong, 1.0, wished=1e6) <= LONGEST
    assert again_at(20, DAY, NOW, 1.0) is None


def test_one_bad_event_does_not_make_a_receiver_down() -> None:
    health = Health()
    assert health.failed("c1", 0.0, 1.0)
    for _ in range(10):
        assert not health.failed("c1", 0.0, 1.0)
    assert not health.down
    assert health.room(0.0) == WINDOW


def test_a_receiver_that_is_down_gets_one_try_at_a_time() -> None:
    health, at = Health(), 0.0
    for number in range(WINDOW):
        health.failed(f"c{number}", at, 1.0)
    assert health.down
    pauses = []
    for _ in range(40):
        assert health.again_at is not None
        assert health.room(at) == 0
        pauses.append(health.again_at - at)
        at = health.again_at
        assert health.room(at) == 1
        health.failed("c1", at, 1.0)
    assert pauses[0] < 3
    assert all(p <= 30 for p in pauses[:20])
    assert pauses[-1] > 30
    assert not health.hopeless(at)
    assert health.hopeless(DAY.total_seconds())
    assert health.succeeded()
    assert not health.succeeded()
    assert health.room(at) == WINDOW
    assert DISTINCT > 1


PUBLIC = ["https://crm.example/hook", "http://93.184.216.34:8080/x?y=1", "https://[2606:2800:220:1::1]/"]
PRIVATE = [
    "http://127.0.0.1/",
    "http://localhost:8080/",
    "http://localhost./",
    "http://10.1.2.3/",
    "http://192.168.0.1/",
    "http://172.16.0.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://0.0.0.0/",
    "http://224.0.0.1/",
    "http://[::1]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
]
WRONG = [
    "",
    "crm.example",
    "ftp://crm.example/",
    "file:///etc/passwd",
    "https://user:pass@crm.example/",
    "https://user@crm.example/",
    "https:///path",
    "https://crm.example:99999/",
    "https://crm.example/#part",
    "https://crm.example/\r\nX: y",
    "https://crm.example/a b",
    "https://[::1",
    "https://crm.example/" + "x" * 2000,
]


@pytest.mark.parametrize("url", PUBLIC)
def test_public_receivers(url: str) -> None:
    assert Guard(allow_private=False).check_url(url) == url


@pytest.mark.parametrize("url", PRIVATE)
def test_private_receivers_only_where_allowed(url: str) -> None:
    assert Guard(allow_private=True).check_url(url) == url
    with pytest.raises(Invalid, match="private"):
        Guard(allow_private=False).check_url(url)


@pytest.mark.parametrize("url", WRONG)
def test_what_is_no_url_for_a_hook(url: str) -> None:
    for allow in (True, False):
        with pytest.raises(Invalid):
            Guard(allow_private=allow).check_url(url)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1%eth0", "0.0.0.0"])  # noqa: S104
def test_a_name_that_leads_inside_is_refused_when_connecting(address: str) -> None:
    family = 10 if ":" in address else 2
    with pytest.raises(OSError, match="private"):
        Guard(allow_private=False).socket_for((family, 1, 6, "", (address, 80)))
    Guard(allow_private=True).socket_for((family, 1, 6, "", (address, 80))).close()


async def test_a_name_that_leads_inside_gets_no_connection() -> None:
    receiver = Receiver()
    await receiver.start()
    for allow in (True, False):
        sender = Sender(Guard(allow_private=allow), lambda: NOW, 2.0)
        answer = await sender.send(f"http://localhost:{receiver.port}/hook", new_secret(), "id", "{}")
        assert answer.delivered is allow
        assert allow or "private address" in answer.text
        await sender.close()
    assert receiver.tries == 1
    await receiver.stop()
