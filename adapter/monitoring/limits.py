"""Deadlines and manners of monitoring, as the configuration gives them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Deadlines and manners of monitoring."""

    ring_timeout: float = 20.0
    """Seconds a supervisor's device may ring."""
    confirm: float = 2.0
    """Seconds Asterisk has to confirm a mode or an end."""
    lost_after: float = 30.0
    """Seconds without a connection after which running monitors count as lost."""
    leave_on_stop: bool = False
    """Whether a clean stop leaves monitors running, for the next start to take up."""
    follow_tone: int = 0
    """Seconds between soft tones while a follow waits; 0: none."""
    country: str = "US"
    """ISO 3166 code for numbers without a country code."""
