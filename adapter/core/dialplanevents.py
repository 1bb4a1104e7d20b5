"""What our own lines of the dialplan and of features.conf tell (UserEvent). Pure."""

from datetime import datetime
from typing import NamedTuple


class HelpAsked(NamedTuple):
    """Somebody in a call pressed the feature code that asks for help."""

    at: datetime
    uniqueid: str


class LegWaits(NamedTuple):
    """A follow's leg has come where it hears nothing."""

    at: datetime
    leg: str
