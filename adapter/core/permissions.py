"""Who may do what: every rule of the contract about rights, as pure questions with yes or no for an answer."""

from adapter.core.call import Call
from adapter.core.modes import ALL_MODES, Mode
from adapter.core.monitor import Monitor
from adapter.core.people import Role, User
from adapter.core.scopes import reaches, reaches_call, reaches_monitor

NO_MODES: frozenset[Mode] = frozenset()


def may_administer(user: User) -> bool:
    """Administrators manage accounts, see the audit and may stop anybody's monitor."""
    return user.active and user.role is Role.ADMINISTRATOR


def may_monitor(user: User) -> bool:
    """Whether they may monitor at all: administrators; an agent only when an administrator gave the right.

    Which calls is `may_monitor_call`'s to say.
    """
    return user.active and (user.role is Role.ADMINISTRATOR or user.can_monitor)


def may_monitor_call(user: User, call: Call) -> bool:
    """Whether this call is one that they may monitor: any, or those of their teams (`adapter.core.scopes`)."""
    return may_monitor(user) and reaches_call(user, call)


def allowed_modes(user: User) -> frozenset[Mode]:
    """What this person may do as a monitor: always silent, unless they may not monitor at all."""
    if not may_monitor(user):
        return NO_MODES
    if user.role is Role.ADMINISTRATOR:
        return ALL_MODES
    return user.granted | {Mode.SILENT}


def may_use_keypad(modes: frozenset[Mode]) -> bool:
    """ChanSpy's option `d` gives the keypad every mode (apps/app_chanspy.c), so only all three earn it."""
    return modes == ALL_MODES


def monitor_survives(user: User | None, monitor: Monitor) -> bool:
    """Whether a running monitor may go on after a change of its supervisor's rights, or of its call.

    It may not when the person could no longer start it, nor when its leg's keypad could still reach a mode
    that was taken away.
    """
    if user is None or not reaches_monitor(user, monitor):
        return False
    modes = allowed_modes(user)
    return monitor.mode in modes and (not monitor.keypad or may_use_keypad(modes))


def allowed_by(user: User) -> str | None:
    """What gives this person the right to monitor, in words for the audit; None without the right."""
    if not may_monitor(user):
        return None
    return "role administrator" if user.role is Role.ADMINISTRATOR else f"granted by {user.granted_by or 'unknown'}"


def may_follow(user: User | None, agent: User | None) -> bool:
    """Whether this person may follow that agent: everybody whose calls they may monitor, but themselves."""
    if user is None or agent is None or not agent.active or agent.id == user.id:
        return False
    return may_monitor(user) and reaches(user, agent.id, None)
