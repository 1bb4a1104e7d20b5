"""A monitor as it begins: connecting, and nothing of it confirmed."""

from datetime import datetime

from adapter.core.audit import By
from adapter.core.call import Call
from adapter.core.journal import subject_of
from adapter.core.legs import LegRequest
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor, MonitorState, Supervisor
from adapter.core.people import User
from adapter.core.permissions import allowed_modes, may_use_keypad
from adapter.monitoring.board import Board


def fresh(
    board: Board, monitor_id: str, user: User, call: Call, device: str, mode: Mode, by: By, at: datetime
) -> Monitor:
    """Of this call, by this supervisor; its leg is named in advance."""
    return Monitor(
        id=monitor_id,
        pbx=call.pbx,
        call_id=call.id,
        conversation_id=call.conversation_id,
        target=call.uniqueid,
        leg=board.legs.leg_id(monitor_id),
        supervisor=Supervisor(user.id, user.name, user.username),
        agent_id=call.agent.user_id,
        queue=call.queue,
        subject=subject_of(call, board.directory.users),
        by=by,
        token=by.token,
        device=device,
        keypad=may_use_keypad(allowed_modes(user)),
        mode=mode,
        state=MonitorState.CONNECTING,
        started_at=at,
    )


def ringing(monitor: Monitor, call: Call | None, ring_timeout: float) -> LegRequest:
    """What rings its device. `ring_timeout`: in seconds."""
    agent = call.agent if call else None
    return LegRequest(
        leg=monitor.leg,
        device=monitor.ring,
        target=monitor.target,
        mode=monitor.mode,
        keypad=monitor.keypad,
        shown_name=f"Monitor: {agent.name}" if agent else "Monitor",
        shown_number=agent.extension if agent else "",
        ring_timeout=ring_timeout,
        far=monitor.device if monitor.phone_pbx else "",
    )
