"""Who counts what happens at a PBX, as a protocol."""

from collections.abc import Sequence
from typing import Protocol

from adapter.core.events import Event
from adapter.core.invariant import Fault
from adapter.core.pbx import LinkState
from adapter.monitoring import consentports


class Figures(consentports.Figures, Protocol):
    """Who counts (`adapter.health.metrics.Metrics`)."""

    def applied(self, events: Sequence[Event], lag: float) -> None:
        """The model has taken in a batch of events, `lag` seconds after it arrived."""

    def link_changed(self, state: LinkState) -> None:
        """A connection to a PBX is another now."""

    def polled(self, found: Sequence[Fault]) -> None:
        """A watchdog compared Asterisk with the model, and found this."""
