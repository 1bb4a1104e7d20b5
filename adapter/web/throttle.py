"""Slows down password guessing: some free attempts, then growing delays, for existing and unknown names alike. Pure.

Each failure is counted three times:

- for one name from one address: typing errors, or guesses for one account;
- for all names from one address: one password tried for every account;
- for one name from all addresses: guesses from many machines.

With the last two, a stranger could lock users out, by failing with their name or from their address. So they don't
apply to a name at an address from which it has signed in before, and their delays are short. What remains: during an
attack from many addresses, a user at a new address may have to retry for a while. The second does not apply to this
machine's own addresses: behind a local proxy that is not configured, all users have the same one.
"""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

FREE = 5
"""Failures of one name from one address without a delay."""
FORGET = 900.0
"""Seconds after which failures are forgotten."""
REMEMBERED = 10_000
"""Maximum number of names and addresses remembered; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The number of failures without delay, and the longest delay in seconds after that."""

    free: int
    longest: float

    def pause(self, count: int) -> float:
        """Seconds to wait after this number of failures."""
        return 0.0 if count < self.free else min(self.longest, 2.0 ** min(count - self.free, 16))


NAME_HERE = Rule(FREE, 60.0)
ANY_NAME_HERE = Rule(30, 10.0)
NAME_ANYWHERE = Rule(20, 10.0)


@dataclass(slots=True)
class _Failures:
    count: int
    last: float


class Throttle:
    """Failures by name and address. Times are seconds of any one clock."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._known_addresses: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait(self, name: str, address: str, now: float) -> float:
        """Seconds until the next attempt is allowed; 0 if it is allowed now."""
        return max(self._wait(key, rule, now) for key, rule in self._rules(_short(name), address))

    def _rules(self, name: str, address: str) -> list[tuple[tuple[str, str], Rule]]:
        rules = [((name, address), NAME_HERE)]
        if (name, address) not in self._known_addresses:
            rules.append(((name, ""), NAME_ANYWHERE))
            if not is_shared(address):
                rules.append((("", address), ANY_NAME_HERE))
        return rules

    def _wait(self, key: tuple[str, str], rule: Rule, now: float) -> float:
        failures = self._failures.get(key)
        if failures is None or now - failures.last > FORGET:
            return 0.0
        return max(0.0, failures.last + rule.pause(failures.count) - now)

    @staticmethod
    def keys(name: str, address: str) -> list[tuple[str, str]]:
        """Under which a failure is counted."""
        name = _short(name)
        return [(name, address), ("", address), (name, "")]

    def learn(self, key: tuple[str, str], count: int, last: float) -> None:
        """So often it failed anywhere, as far as another one has counted, too."""
        known = self._failures.get(key)
        if known is None or known.count < count:
            self._failures[key] = _Failures(count, last)

    def failed(self, name: str, address: str, now: float) -> None:
        """Count a wrong password."""
        for key in self.keys(name, address):
            failures = self._failures.get(key)
            count = 0 if failures is None or now - failures.last > FORGET else failures.count
            self._failures[key] = _Failures(count + 1, now)
            self._failures.move_to_end(key)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """The correct password: forget this name's failures at this address, and remember the address as known.

        The other two counts stay, because an attacker may have an account too.
        """
        here = (_short(name), address)
        self._failures.pop(here, None)
        self._known_addresses[here] = None
        self._known_addresses.move_to_end(here)
        while len(self._known_addresses) > REMEMBERED:
            self._known_addresses.popitem(last=False)


def is_shared(address: str) -> bool:
    """Whether it is one of this machine's own addresses, which says nothing about the client."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _short(name: str) -> str:
    """The key for a name: case-insensitive, shortened, and never empty, because empty stands for all names."""
    return "=" + name.casefold()[:200]
