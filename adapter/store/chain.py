"""A chain of hashes of the audit: how an entry is hashed, and a walk along a chain that finds what is wrong with it."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapter.core.audit import CHAIN, Action
from adapter.core.heads import Claim, NotAHead, SentHead, unseal
from adapter.core.views import time_view
from adapter.store.retention import noted_bound
from adapter.store.tables import AuditCutRow, AuditRow

START = "0" * 64
HASHED = (
    "seq id at actor via action result reason target allowed_by call_id conversation_id monitor_id supervisor agent "
    "agent_name extension customer mode"
).split()
"""The fields that an entry's hash covers, in this order; of a PBX's chain also the chain's name, behind them."""
ANCHORED = "audit.anchored"
"""The action of entries that say where the other chains end; they are the chain's own, and never shown."""
MOST_FAULTS = 20
"""Faults that are listed; a chain that is wrong everywhere has one for each entry."""


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """One PBX's chain: what there is of it."""

    name: str
    entries: int
    first: int
    head: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What going through all chains found. `first` and `head` are the installation's, all else is of all together."""

    entries: int
    first: int
    head: str
    """The last entry's number and hash, as `number:hash`."""
    faults: Sequence[str]
    cuts: Sequence[str] = ()
    """What the retention took, as the notes say that are still there."""
    proven: int = 0
    """Heads that were sent, and are borne out by the entry that they were made of."""
    beyond: int = 0
    """Heads of entries that a cut took: nothing is left to prove them by."""
    chains: Sequence[ChainVerdict] = ()
    """The PBXes' chains."""


NOTED = re.compile(r"([a-z0-9-]{1,32}:)?(0|[1-9][0-9]{0,18}):[0-9a-f]{64}")
"""A head in the clear: an entry's number and its hash; of a PBX's chain with its id before them."""


def row_hash(row: Mapping[str, object], chain: str = CHAIN) -> str:
    """An entry's hash: SHA-256 over the hash before it and its own fields, and its chain's name, if that is a PBX's."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in (row[name] for name in HASHED)]
    plain += [chain] if chain != CHAIN else []
    text = json.dumps([row["previous"], *plain], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def anchor_text(ends: Iterable[tuple[str, str]]) -> str:
    """What an anchoring entry says: each chain's name and its sealed head."""
    return " ".join(f"{name}={head}" for name, head in ends)


SKEW = timedelta(minutes=1)
"""By so much the clocks of an entry's adapter and of the one that says where its chain ends may differ."""


class Anchors:
    """What the installation's chain says of where the others ended, as it is read. `key`: the installation's."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.claims: dict[str, list[Claim]] = {}
        """By the chain's name."""

    def take(self, number: int, target: str, at: datetime) -> str | None:
        """One entry's, made `at`; returns what is wrong with it."""
        where = f"the end that entry {number} of the installation's chain says"
        for part in target.split():
            name, _, head = part.partition("=")
            try:
                claim = unseal(self._key, SentHead(name, head, at - SKEW, where))
            except NotAHead as problem:
                return f"entry {number} says no end of {name}: {problem}"
            self.claims.setdefault(name, []).append(claim)
        return None


class Walk:
    """One walk along a chain, from a cut or from the beginning.

    `name`: the chain's; `base`: what is before the first `seq` it can have; `anchors`: takes what it says of others.
    """

    def __init__(
        self,
        cut: AuditCutRow | None,
        head: str,
        noted: Iterable[str] = (),
        *,
        name: str = CHAIN,
        base: int = 0,
        anchors: Anchors | None = None,
    ) -> None:
        self.name, self._base, self._anchors = name, base, anchors
        self.seq, self._previous = (cut.seq - base, cut.hash) if cut else (0, START)
        self._cut = f"{self.seq}:{self._previous}" if cut else None
        self._head, self._noted = head, {*noted}
        self._first, self._count = self.seq + 1, 0
        number = head.partition(":")[0]
        self.head_seq = int(number) if number.isdigit() else 0
        self._faults: list[str] = []
        self._notes: dict[str, str | None] = {}
        self._cuts: list[str] = []
        self._noted.discard(f"{self.seq}:{self._previous}")
        self._heads, self._said = _Heads(self.seq, name), _Heads(self.seq, name)

    def expect(self, key: bytes, heads: Iterable[SentHead]) -> None:
        """These heads were sent, sealed with the installation's key, and must be borne out."""
        for sent in heads:
            if (fault := self._heads.add(key, sent)) is not None:
                self._fault(fault)
        self._heads.look(self.seq, self._previous)

    def expect_said(self, claims: Iterable[Claim]) -> None:
        """The installation's chain says these, and they must be borne out."""
        for claim in claims:
            self._said.put(claim)
        self._said.look(self.seq, self._previous)

    def take(self, row: AuditRow) -> None:
        """The next row."""
        seq = row.seq - self._base
        if seq > self.head_seq:
            return  # written while we look
        fields = {name: getattr(row, name) for name in (*HASHED, "previous")}
        fields["at"] = row.at.astimezone(UTC)
        if seq != self.seq + 1:
            self._fault(f"entries {self.seq + 1} to {seq - 1} are missing")
        elif row.previous != self._previous:
            self._fault(f"entry {seq} does not follow the one before it")
        if row_hash(fields, self.name) != row.hash:
            self._fault(f"entry {seq} was changed")
        if row.action == Action.CUT:
            self._notes[row.target or ""] = row.reason
            self._cuts.append(f"{row.reason or 'no more is known'}; by {row.actor}, {row.via}, {time_view(row.at)}")
        anchors = self._anchors if row.action == ANCHORED else None
        if anchors is not None and (fault := anchors.take(seq, row.target or "", fields["at"])):
            self._fault(fault)
        self._noted.discard(f"{seq}:{row.hash}")
        self._heads.look(seq, row.hash)
        self._said.look(seq, row.hash)
        self.seq, self._previous = seq, row.hash
        self._count += 1

    def _fault(self, text: str) -> None:
        if len(self._faults) < MOST_FAULTS:
            self._faults.append(text if self.name == CHAIN else f"{self.name}: {text}")

    @property
    def faults(self) -> Sequence[str]:
        """What was found so far."""
        return self._faults

    def verdict(self) -> Verdict:
        """After the last row."""
        here = f"{self.seq}:{self._previous}"
        if self._head != here:
            self._fault(f"entries after {self.seq} are missing: the head says {self._head.partition(':')[0]}")
        if self._cut is not None and self._cut not in self._notes:
            self._fault("entries were deleted, and no entry tells of that cut")
        if self._noted:
            self._fault("the noted head is not in this chain")
        bound = noted_bound(self._notes.get(self._cut or ""))
        for fault in self._heads.left(bound):
            self._fault(fault)
        for fault in self._said.left(bound):
            self._fault(fault)
        heads = self._heads
        if heads.beyond and not heads.proven and not self._faults:
            self._fault("no head is borne out: all are of entries that were cut, and the newest should not be so old")
        return Verdict(self._count, self._first, here, self._faults, self._cuts, heads.proven, heads.beyond)


class _Heads:
    """Heads that were sent, by the number of the entry that each was made of. `cut`: the last number that is gone."""

    def __init__(self, cut: int, chain: str) -> None:
        self._cut, self._chain, self.proven, self.beyond = cut, chain, 0, 0
        self._open: dict[int, list[Claim]] = {}

    def add(self, key: bytes, sent: SentHead) -> str | None:
        """One more; returns what is wrong with it."""
        if sent.chain != self._chain:
            return f"{sent.where} is of another chain, {sent.chain!r}"
        try:
            claim = unseal(key, sent)
        except ValueError as problem:
            return f"{sent.where} can't be read: {problem}"
        self.put(claim)
        return None

    def put(self, claim: Claim) -> None:
        """One that was read already."""
        self._open.setdefault(claim.seq, []).append(claim)

    def look(self, seq: int, entry_hash: str) -> None:
        """This entry is there."""
        claims = self._open.pop(seq, [])
        false = [claim for claim in claims if not claim.holds(seq, entry_hash)]
        self.proven += len(claims) - len(false)
        if false:
            self._open[seq] = false

    def left(self, bound: datetime | None) -> Iterable[str]:
        """What the heads say that no entry bears out. `bound`: everything that was cut is older than this."""
        for seq, claims in sorted(self._open.items()):
            for claim in claims:
                when = f" ({time_view(claim.sent.at)})" if claim.sent.at else ""
                if seq >= self._cut:
                    yield f"{claim.sent.where}{when} is not in this chain: what was there when it was sent is gone"
                elif bound is not None and claim.sent.at is not None and claim.sent.at >= bound:
                    yield (
                        f"{claim.sent.where}{when} was sent after {time_view(bound)}, and what came behind it was cut "
                        "as if it were older: more was cut than was old, or the clock was ahead when it was sent"
                    )
                else:
                    self.beyond += 1
