"""What the dialplan tells by events of its own (UserEvent): wishes of phones, and where a leg is."""

from datetime import datetime
from enum import StrEnum
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


class ToneNews(StrEnum):
    """What became of a sound that was to be played."""

    ATTACHED = "attached"
    """Whoever is to hear it hears that channel now."""
    PLAYED = "played"
    FAILED = "failed"
    GONE = "gone"


class ToneTold(NamedTuple):
    """What Asterisk says of a channel that plays a sound of consent (`core.consent`)."""

    at: datetime
    tone: str
    """Its uniqueid."""
    news: ToneNews


ToldByDialplan = HelpAsked | ShieldAsked | LegShielded | LegWaits | ToneTold
