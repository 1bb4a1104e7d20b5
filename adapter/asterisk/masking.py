"""What may leave a PBX in a recording: numbers, names and places become others, the same one always the same. Pure.

A mask depends on the shape of a value and on the order in which values appear, never on the value itself: two PBXes
where the same happens to different people give the same file, byte for byte. So there is no key that could be lost.
"""

import re
from collections.abc import Callable, Collection, Iterator
from itertools import chain, count
from typing import NamedTuple

import phonenumbers

from adapter.asterisk import chanspy
from adapter.core.legs import LEG, TEST_PREFIX, TONE, Refusal

CONTEXT = "call-monitor"
"""How the monitor dialplan context is called in a recording."""
AGENT, INTERNAL, BROWSER, LINE = "agent", "internal", "browser", "line"
"""What an endpoint is to the adapter; its mask begins with this."""
PUBLIC = frozenset({"", "<unknown>", "<null>", "anonymous", "Anonymous", "unknown", "Unknown", "restricted"})
"""Values that say that there is no number or name."""
STANDARD = frozenset({"", "s", "h", "i", "t", "T", "o", "a", "e", "failed"})
"""Extensions that Asterisk itself gives a meaning (main/pbx.c)."""
TECHNOLOGIES = frozenset(
    "PJSIP SIP Local IAX2 DAHDI Message Snoop Recorder Announcer Surrogate AsyncGoto Bridge UnicastRTP MulticastRTP "
    "AudioSocket WebSocket CBAnn CBRec Motif MGCP SCCP Console".split()
)
"""Channel technologies by their names in Asterisk's source; another becomes `Other`."""
SAID = frozenset(chanspy.said(why) for why in Refusal)
LONG = 7
"""From so many digits on a number is read as a subscriber's, with country code and prefixes."""
LEADS = "523764"
"""First digits of masked subscriber numbers: none that a country strips as a prefix, where it can be had."""

_NUMBER = re.compile(r"[+\d ()./*#-]*\d[\d ()./*#-]*")
_UNIQUEID = re.compile(r"(?:(?P<system>.+)-)?(?P<rest>\d{9,11}\.\d{1,10}(?:;[12])?)")
_OURS = re.compile(rf"(?:{LEG.pattern}|{TONE.pattern}|{TEST_PREFIX}[0-9a-z-]{{1,60}})(?:;[12])?")
_BRIDGE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COUNTER = re.compile(r"(?:[0-9a-f]{8}|[0-9]{1,3})(?:;[12])?(?:<[A-Z]{1,12}>)*")


def _is_number(text: str) -> bool:
    return text.isascii() and _NUMBER.fullmatch(text) is not None


class _Subscriber(NamedTuple):
    """A phone number in its parts: what was put before, and the national number."""

    prefix: str
    country: str
    national: str


class Masking:
    """The masks of one recording. `country` as in `[numbering]`; `kind_of` says if an endpoint is AGENT or another."""

    def __init__(self, context: str, codes: Collection[str], country: str, kind_of: Callable[[str], str]) -> None:
        self._context, self._country, self._kind_of = context, country, kind_of
        self._codes = tuple(sorted(codes, key=len, reverse=True))
        self._known: dict[tuple[str, str], str] = {}
        self._masks: dict[str, Iterator[str]] = {}
        self._spelled: dict[str, str] = {}
        """Digits as they were written, and what stands for them: reading a number takes longer than all the rest."""

    def _mask(self, group: str, value: str, fresh: Callable[[], Iterator[str]]) -> str:
        """The mask of a value: the next of its group's when it is new. `fresh` makes the group's masks."""
        known = self._known.get((group, value))
        if known is None:
            masks = self._masks.get(group)
            if masks is None:
                masks = self._masks[group] = fresh()
            known = self._known[group, value] = next(masks, "")
        return known

    def _word(self, group: str, value: str) -> str:
        """`group1`, `group2` and so on."""
        return self._mask(group, value, lambda: (f"{group}{number}" for number in count(1)))

    # --- numbers and names

    def number(self, text: str) -> str:
        """A phone number or extension: a star code before it, signs between digits, and its length stay."""
        if text in PUBLIC:
            return text
        code = next((code for code in self._codes if text.startswith(code)), "")
        rest = text[len(code) :]
        if not rest:
            return code
        if not rest.isascii() or not _NUMBER.fullmatch(rest) or "+" in rest[1:]:
            return code + self._word("user", rest)
        plus = "+" if rest.startswith("+") else ""
        digits = iter(self._digits(plus, "".join(c for c in rest if c.isdigit())))
        return code + "".join(next(digits) if c.isdigit() else c for c in rest)

    def _digits(self, plus: str, digits: str) -> str:
        known = self._spelled.get(plus + digits)
        if known is None:
            known = self._spelled[plus + digits] = self._new_digits(plus, digits)
        return known

    def _new_digits(self, plus: str, digits: str) -> str:
        found = self._subscriber(plus + digits)
        if found is None:
            length = len(digits)
            return self._mask(f"digits {length}", digits, lambda: self._numbers("", length))
        length = len(found.national)
        group = f"subscribers {found.country} {length}"
        national = self._mask(group, found.national, lambda: self._numbers(self._lead(found), length))
        return found.prefix.removeprefix("+") + national

    def _numbers(self, lead: str, length: int) -> Iterator[str]:
        """All numbers of this length that begin so, 0 last; none that looks like a star code."""
        room = length - len(lead)
        for number in chain(range(1, 10**room), (0,)):
            found = lead + str(number).zfill(room)
            if not found.startswith(self._codes):
                yield found

    def _subscriber(self, plain: str) -> _Subscriber | None:
        try:
            parsed = phonenumbers.parse(plain, self._country)
        except phonenumbers.NumberParseException:
            return None
        national = phonenumbers.national_significant_number(parsed)
        if len(national) < LONG or not plain.endswith(national) or not phonenumbers.is_possible_number(parsed):
            return None
        country, prefix = str(parsed.country_code), plain.removesuffix(national)
        usual = {"", "0", "1", "8", country, *(sign + country for sign in ("+", "00", "011"))}
        return _Subscriber(prefix, country, national) if prefix in usual else None

    def _lead(self, found: _Subscriber) -> str:
        """A first digit that keeps the number one of its country, and out of the star codes."""
        for lead in LEADS:
            national = lead.ljust(len(found.national), "0")
            try:
                parsed = phonenumbers.parse(f"+{found.country}{national}")
            except phonenumbers.NumberParseException:
                continue
            kept = phonenumbers.national_significant_number(parsed) == national
            coded = any(code.startswith(before + lead) for code in self._codes for before in ("", "0", "1", "8", "00"))
            if kept and not coded:
                return lead
        return LEADS[0]

    def name(self, text: str) -> str:
        """A person's name; one that is a number is masked as that number."""
        if text in PUBLIC:
            return text
        if text.isascii() and _NUMBER.fullmatch(text):
            return self.number(text)
        return self._word("Name", text)

    # --- places

    def context(self, text: str) -> str:
        """A dialplan context; the monitor dialplan's own is told apart."""
        if not text or text == self._context:
            return CONTEXT if text else ""
        return self._word("context", text)

    def extension(self, text: str, context: str) -> str:
        """Where a channel is in the dialplan, or what it dialled."""
        if text in STANDARD:
            return text
        own = text in chanspy.EXTENSIONS or text == chanspy.OVER or text in SAID
        return text if own and context == self._context else self.number(text)

    def endpoint(self, text: str) -> str:
        """An endpoint, e.g. `PJSIP/101`: its technology and what it is to the adapter stay."""
        technology, _, rest = text.partition("/")
        technology = technology if technology in TECHNOLOGIES else "Other"
        kind = self._kind_of(text)
        if kind == LINE and technology == "Local":
            dialled, at, context = rest.partition("@")
            return f"Local/{self.extension(dialled, context)}{at}{self.context(context)}"
        return f"{technology}/{self._word(kind, text)}"

    def target(self, text: str) -> str:
        """What Dial is to call, with its technology: `PJSIP/101`, `PJSIP/2025550101@trunk`, `Local/101@context/n`."""
        technology, slash, rest = text.partition("/")
        technology = technology if technology in TECHNOLOGIES else "Other"
        return f"{technology}/{self._called(technology, rest)}" if slash else self._word("target", text)

    def member(self, text: str) -> str:
        """A member of a queue, or whose state counts for it; `hint:` and others are no endpoints."""
        return self.target(text) if "/" in text else self._word("member", text) if text else ""

    def queue(self, text: str) -> str:
        """A queue's name."""
        return self._word("queue", text) if text else ""

    def reason(self, text: str) -> str:
        """Why somebody is paused: their own words, or a company's."""
        return self._word("reason", text) if text else ""

    def dialled(self, text: str) -> str:
        """The same without its technology, as DialBegin tells it (of a Local channel with it), or a number alone."""
        technology, slash, rest = text.partition("/")
        if slash and technology == "Local":
            return f"Local/{self._called(technology, rest)}"
        return self._called("PJSIP", text) if not _is_number(text) else self.extension(text, "")

    def _called(self, technology: str, text: str) -> str:
        if technology == "Local":
            number, at, context = text.partition("@")
            return f"{self.extension(number, context)}{at}{self.context(context.removesuffix('/n'))}"
        user, at, endpoint = text.partition("@")
        if at and "/" not in user:
            return f"{self.number(user)}@{self._endpoint_of(technology, endpoint)}"
        endpoint, slash, uri = text.partition("/")
        scheme, colon, user = uri.partition(":")
        to = f"{scheme}:{self.number(user.partition('@')[0])}" if colon else self.number(uri) if slash else ""
        return self._endpoint_of(technology, endpoint) + slash + to

    def _endpoint_of(self, technology: str, text: str) -> str:
        return self.endpoint(f"{technology}/{text}").partition("/")[2]

    def channel(self, text: str) -> str:
        """A channel's name: its endpoint, and the counter behind it (main/channel.c) as it is."""
        endpoint, dash, counter = text.rpartition("-")
        if not dash:
            return self.endpoint(text) if text else ""
        return f"{self.endpoint(endpoint)}-{counter if _COUNTER.fullmatch(counter) else self._word('end', counter)}"

    def uniqueid(self, text: str) -> str:
        """The id of a channel or bridge, as Asterisk or we give it; anything else is somebody's own and is masked."""
        if text in PUBLIC or _OURS.fullmatch(text) or _BRIDGE.fullmatch(text):
            return text
        found = _UNIQUEID.fullmatch(text)
        if found and not found["system"]:
            return text
        before = next((prefix for prefix in ("cm-", TEST_PREFIX) if text.startswith(prefix)), "")
        if found:
            return f"{before}{self._word('system', found['system'])}-{found['rest']}"
        plain, half = (text[:-2], text[-2:]) if text.endswith((";1", ";2")) else (text, "")
        return before + self._word("id", plain) + half
