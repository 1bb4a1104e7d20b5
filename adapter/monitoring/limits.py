"""Deadlines and manners of monitoring, as the configuration gives them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Deadlines and manners of monitoring."""

    ring_timeout: float = 20.0
    """Seconds a supervisor's device may ring."""
    confirm: float = 2.0
    """Seconds Asterisk has to confirm a mode or an end."""
    shielding: float = 0.225
    """Seconds that it has to move a leg to where it hears nothing; then it is hung up (`monitoring.shielding`)."""
    answer: float = 0.5
    """Seconds until monitoring that is to be paused is answered as paused, whether anybody listened or not."""
    recordings: bool = False
    """Whether MixMonitors on a shielded conversation's channels record silence meanwhile."""
    lost_after: float = 30.0
    """Seconds without a connection after which running monitors count as lost."""
    leave_on_stop: bool = False
    """Whether a clean stop leaves monitors running, for the next start to take up."""
    follow_tone: int = 0
    """Seconds between soft tones while a follow waits; 0: none."""
    country: str = "US"
    """ISO 3166 code for numbers without a country code."""
