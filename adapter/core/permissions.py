"""Who may do what: every rule of the contract about rights, as pure questions with yes or no for an answer."""

from adapter.core.modes import ALL_MODES, Mode
from adapter.core.people import Role, User

NO_MODES: frozenset[Mode] = frozenset()


def may_administer(user: User) -> bool:
    """Administrators manage accounts, see the audit and may stop anybody's monitor."""
    return user.active and user.role is Role.ADMINISTRATOR


def may_monitor(user: User) -> bool:
    """Administrators may monitor any call; an agent only when an administrator gave the right."""
    return user.active and (user.role is Role.ADMINISTRATOR or user.can_monitor)


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


def monitor_survives(user: User | None, mode: Mode, *, keypad: bool) -> bool:
    """Whether a running monitor in `mode` may go on after a change of rights.

    It may not when the person could no longer start it, nor when its leg's keypad could still reach a mode
    that was taken away.
    """
    if user is None:
        return False
    modes = allowed_modes(user)
    return mode in modes and (not keypad or may_use_keypad(modes))


def allowed_by(user: User) -> str | None:
    """What gives this person the right to monitor, in words for the audit; None without the right."""
    if not may_monitor(user):
        return None
    return "role administrator" if user.role is Role.ADMINISTRATOR else f"granted by {user.granted_by or 'unknown'}"
