"""Which queue brought a customer to an agent, and how long they waited in it. Pure.

A leg that a queue rang stays that queue's for as long as it lives; whom the call is transferred to afterwards has it
from no queue. What waits is a channel, which need not be the customer's: a Local channel in front of the queue, or that
of an agent who asks there and hands the customer on.
"""

from datetime import datetime, timedelta

from adapter.core.events import HandedOn, Snapshot
from adapter.core.lines import Lines, TrackedChannel, Visit
from adapter.core.queueevents import CallerJoined, CallerLeft, QueuesListed

SLACK = timedelta(seconds=2)
"""By how much a list, which counts whole seconds, may be wrong on when somebody joined."""


def joined(lines: Lines, event: CallerJoined) -> str | None:
    """Somebody waits. Returns the linkedid of whose calls may be others now."""
    line = lines.get(event.uniqueid)
    if line is None:
        return None
    visit = line.visit
    lines.waiting.add(event.uniqueid)
    if visit is not None and visit.queue == event.queue and (visit.waits or visit.joined_at == event.at):
        visit.waits, visit.left_at = True, None  # told again, behind a list
    else:
        line.visit = Visit(event.queue, event.at)
    return line.channel.linkedid


def left(lines: Lines, event: CallerLeft) -> str | None:
    """Somebody waits no longer. Returns the linkedid of whose calls may be others now."""
    line = lines.get(event.uniqueid)
    if line is None or line.visit is None or not line.visit.waits or line.visit.queue != event.queue:
        return None
    line.visit.left_at, line.visit.waits = event.at, False
    lines.waiting.discard(event.uniqueid)
    return line.channel.linkedid


def handed_on(lines: Lines, event: HandedOn) -> str | None:
    """Another channel takes the place of one that waits (main/bridge.c, ast_bridge_transfer_attended, to a channel
    that is in an application). Returns the linkedid of whose calls may be others now."""
    there = lines.get(event.to_id)
    for line in filter(None, map(lines.get, event.channels)):
        if there is not None and line is not there and line.visit is not None and line.visit.waits:
            there.visit, line.visit = line.visit, None
            lines.waiting.discard(line.channel.uniqueid)
            lines.waiting.add(event.to_id)
            return there.channel.linkedid
    return None


def listed_again(lines: Lines, event: QueuesListed) -> set[str]:
    """Who waits, by a list that was asked for: not all of it was told by events.

    Returns the linkedids of whose calls may be others now.
    """
    touched, there = set(), set()
    for queue in event.queues:
        for caller in queue.callers:
            there.add(caller.uniqueid)
            line = lines.get(caller.uniqueid)
            if line is None:
                continue
            lines.waiting.add(caller.uniqueid)
            visit = line.visit
            if visit is None or not _is_same(visit, queue.name, caller.since):
                line.visit = Visit(queue.name, caller.since)
            elif visit.waits:
                continue
            else:
                visit.waits, visit.left_at = True, None
            touched.add(line.channel.linkedid)
    for uniqueid in lines.waiting - there:
        line = lines.get(uniqueid)
        visit = line.visit if line is not None else None
        if line is not None and visit is not None and event.only not in (None, visit.queue):
            continue
        lines.waiting.discard(uniqueid)
        if line is not None and visit is not None and visit.waits:
            visit.waits, visit.left_at = False, event.at
            touched.add(line.channel.linkedid)
    return touched


def _is_same(visit: Visit, queue: str, since: datetime) -> bool:
    """Whether a list means this visit."""
    if visit.queue != queue:
        return False
    return visit.waits or (visit.joined_at is not None and abs(visit.joined_at - since) <= SLACK)


def listed(lines: Lines, snapshot: Snapshot) -> None:
    """Who waits, and who was brought by a queue before we looked: how long they had waited nobody tells then."""
    lines.waiting.clear()
    waiting = {one.uniqueid: (queue.name, one.since) for queue in snapshot.queues or () for one in queue.callers}
    for known in snapshot.channels:
        line = lines.get(known.channel.uniqueid)
        if line is None:
            continue
        line.rung_by_queue = line.rung_by_queue or known.application == "AppQueue"
        visit, there = line.visit, waiting.get(known.channel.uniqueid)
        if there is not None:
            lines.waiting.add(known.channel.uniqueid)
            if visit is None or not visit.waits or visit.queue != there[0]:
                line.visit = Visit(*there)
        elif visit is not None:
            visit.waits = False
        elif known.application == "Queue":
            line.visit = Visit(known.data.partition(",")[0], None, waits=False)


def brought_by(
    lines: Lines, line: TrackedChannel, other: TrackedChannel | None, began: datetime, *, persistent: bool
) -> Visit | None:
    """The visit that brought the other to this agent's line; None where no queue did."""
    if line.brought is not None and not persistent:
        return line.brought
    visit = _visit_of(lines, line, other)
    if visit is None or not _takes(lines, visit, line, began, persistent=persistent):
        return None
    if not persistent:
        line.brought = visit
    return visit


def _visit_of(lines: Lines, line: TrackedChannel, other: TrackedChannel | None) -> Visit | None:
    """The visit of the other, or of the Local channel through which a queue has the other."""
    if other is None or other.visit is not None:
        return other.visit if other is not None else None
    return next((one.visit for one in lines.reached(line) if one.is_local and one.visit is not None), None)


def _takes(lines: Lines, visit: Visit, line: TrackedChannel, began: datetime, *, persistent: bool) -> bool:
    """Whether this line rings for who waits, or took them: it alone, the first with them when they left.

    A line that was there before (logged in, a conference room) was rung by nobody; any other began while they waited,
    or was dialled by the queue, as a list says.
    """
    if visit.waits:
        return persistent or (visit.joined_at is not None and began >= visit.joined_at - SLACK)
    if visit.taker is not None:
        return visit.taker == line.channel.uniqueid
    while_waiting = (
        visit.joined_at is not None and visit.left_at is not None and visit.joined_at - SLACK <= began <= visit.left_at
    )
    if not while_waiting and not (persistent and visit.left_at is not None) and not _rung_by_queue(lines, line):
        return False
    visit.taker = line.channel.uniqueid
    return True


def _rung_by_queue(lines: Lines, line: TrackedChannel | None) -> bool:
    """Whether app_queue dialled it, be it through Local channels."""
    seen: set[str] = set()
    while line is not None and line.channel.uniqueid not in seen:
        if line.rung_by_queue:
            return True
        seen.add(line.channel.uniqueid)
        caller = lines.get(line.dialled_by or "")
        line = lines.partner(caller) if caller is not None else None
    return False
