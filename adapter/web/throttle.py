"""Slowing down who guesses passwords: free tries, then growing pauses, for known and unknown names alike. Pure.

Three things are counted, each failure in all three:

- one name from one address: who mistypes, or guesses at one account;
- all names from one address: who tries one password at every account;
- one name from all addresses: who guesses from many machines.

The last two would let a stranger lock people out, by failing in their name or from their address. So they don't hold
for a name at an address from which it signed in before; and they pause only briefly. What remains: while somebody
attacks from everywhere, a person who comes from a new place may have to try again for a while. And the second does not
hold for this machine's own addresses: behind a proxy here that the configuration does not name, all people have them.
"""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

FREE = 5
"""Failures of one name from one address without a pause."""
FORGET = 900.0
"""Seconds after which failures are forgotten."""
REMEMBERED = 10_000
"""Names and addresses remembered at most; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How many failures are free, and the longest pause in seconds after that."""

    free: int
    longest: float

    def pause(self, count: int) -> float:
        """Seconds to wait after so many failures."""
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
        self._homes: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait(self, name: str, address: str, now: float) -> float:
        """Seconds until the next try is allowed; 0 when it is."""
        return max(self._wait(key, rule, now) for key, rule in self._rules(_short(name), address))

    def _rules(self, name: str, address: str) -> list[tuple[tuple[str, str], Rule]]:
        rules = [((name, address), NAME_HERE)]
        if (name, address) not in self._homes:
            rules.append(((name, ""), NAME_ANYWHERE))
            if not is_shared(address):
                rules.append((("", address), ANY_NAME_HERE))
        return rules

    def _wait(self, key: tuple[str, str], rule: Rule, now: float) -> float:
        failures = self._failures.get(key)
        if failures is None or now - failures.last > FORGET:
            return 0.0
        return max(0.0, failures.last + rule.pause(failures.count) - now)

    def failed(self, name: str, address: str, now: float) -> None:
        """A wrong password."""
        name = _short(name)
        for key in ((name, address), ("", address), (name, "")):
            failures = self._failures.get(key)
            count = 0 if failures is None or now - failures.last > FORGET else failures.count
            self._failures[key] = _Failures(count + 1, now)
            self._failures.move_to_end(key)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """The right password: forgotten is what this name did here, and it is at home here.

        The other two counts stay: who guesses may have an account of their own.
        """
        here = (_short(name), address)
        self._failures.pop(here, None)
        self._homes[here] = None
        self._homes.move_to_end(here)
        while len(self._homes) > REMEMBERED:
            self._homes.popitem(last=False)


def is_shared(address: str) -> bool:
    """Whether it is one of this machine's own, which says nothing about who comes."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _short(name: str) -> str:
    """What is remembered of a name, in any case; not empty, which would be all names."""
    return "=" + name.casefold()[:200]
