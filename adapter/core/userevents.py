"""What the dialplan tells by events of its own (UserEvent): wishes of phones, and where a leg is."""

from datetime import datetime
from typing import NamedTuple


class HelpAsked(NamedTuple):
    """Somebody in a call pressed the feature code that asks for help."""

    at: datetime
    uniqueid: str


class ShieldAsked(NamedTuple):
    """A phone's feature code, or the dialplan, wishes that monitoring of a conversation be paused, or go on."""

    at: datetime
    uniqueid: str
    wish: str
    """As of `core.shield.Wish`; what is no such word means nothing."""
    seconds: str
    """For how long, as it was written; empty: as long as usual."""


class LegShielded(NamedTuple):
    """A leg came to where it hears nothing and nobody hears it."""

    at: datetime
    leg: str


class LegWaits(NamedTuple):
    """A follow's leg has come where it hears nothing."""

    at: datetime
    leg: str


ToldByDialplan = HelpAsked | ShieldAsked | LegShielded | LegWaits
