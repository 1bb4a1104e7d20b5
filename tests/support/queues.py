"""Queues as Asterisk 22 tells of them: members and waiting callers, in events and in QueueStatus."""


def member(number: int, queues: int, device: str, *, paused: bool = False, listed: bool = False) -> str:
    """A member's headers."""
    names = ("Name", "Location") if listed else ("MemberName", "Interface")
    return (
        f"Queue: queue-{number % queues}\r\n{names[0]}: Agent {number}\r\n{names[1]}: {device}\r\n"
        f"StateInterface: {device}\r\nMembership: dynamic\r\nPenalty: 0\r\nCallsTaken: {number % 40}\r\n"
        f"LastCall: 1795522786\r\nLastPause: 1795522786\r\nLoginTime: 1795500000\r\nInCall: 0\r\nStatus: 1\r\n"
        f"Paused: {int(paused)}\r\nPausedReason: {'lunch' if paused else ''}\r\nRinginuse: 0\r\nWrapuptime: 0\r\n"
    )


def entry(number: int, queues: int) -> str:
    """Headers of somebody who waits, in the list."""
    return (
        f"Queue: queue-{number % queues}\r\nPosition: {number // queues + 1}\r\nChannel: PJSIP/trunk-{number:08x}\r\n"
        f"Uniqueid: 1795522786.{number}\r\nCallerIDNum: 2025550{number:03d}\r\nCallerIDName: unknown\r\n"
        f"ConnectedLineNum: unknown\r\nConnectedLineName: unknown\r\nWait: {number}\r\nPriority: 0\r\n"
    )


def params(number: int) -> str:
    """A queue's headers, in the list."""
    return (
        f"Queue: queue-{number}\r\nMax: 0\r\nStrategy: ringall\r\nCalls: 3\r\nHoldtime: 9\r\nTalkTime: 120\r\n"
        f"Completed: {number}\r\nAbandoned: 1\r\nServiceLevel: 60\r\nServicelevelPerf: 80.0\r\n"
        "ServicelevelPerf2: 75.0\r\nWeight: 0\r\n"
    )


def waiting(number: int, queues: int, uniqueid: str) -> str:
    """Headers of somebody who begins to wait, or no longer does."""
    return (
        f"Channel: PJSIP/trunk-{number:08x}\r\nChannelState: 6\r\nCallerIDNum: 2025550{number:03d}\r\n"
        f"CallerIDName: <unknown>\r\nUniqueid: {uniqueid}\r\nLinkedid: {uniqueid}\r\n"
        f"Queue: queue-{number % queues}\r\nPosition: 4\r\nCount: 4\r\n"
    )
