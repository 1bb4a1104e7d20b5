"""Which conversations go on at another PBX, nobody knows where: until then nobody knows who is in them. Pure.

Both ends of a trunk show the same dialog (`adapter.core.trunks`). An end whose other one nobody has shown is open.
"""

from adapter.core.barring import NOBODY, Bar
from adapter.core.sighting import Sighting
from adapter.core.trunks import UNKNOWN, is_dialog


class OpenEnds:
    """The ends of dialogs that conversations have shown."""

    def __init__(self) -> None:
        self._shown: dict[str, set[str]] = {}
        """By dialog: the conversations that have shown an end of it."""
        self._open: dict[str, frozenset[str]] = {}
        """By conversation: dialogs that surely go on elsewhere. None is empty."""

    def load(self, bar: Bar) -> None:
        """As a former run kept it. Until it is seen again, it is taken for as open as it may have been."""
        dialogs = frozenset(filter(is_dialog, bar.legs))
        for dialog in dialogs:
            self._shown.setdefault(dialog, set()).update(bar.ids if bar.elsewhere else {bar.id})
        if dialogs and not bar.elsewhere:
            self._open[bar.id] = dialogs

    def saw(self, sighting: Sighting) -> bool:
        """A conversation as it was just shown; returns whether other dialogs of it go on elsewhere now."""
        conversation = sighting.conversation
        for leg in sighting.legs:
            if is_dialog(leg):
                self._shown.setdefault(leg, set()).add(conversation)
        before = self._open.get(conversation, NOBODY)
        if sighting.open:
            self._open[conversation] = sighting.open
        elif before:
            del self._open[conversation]
        return before != sighting.open

    def lost(self, sighting: Sighting) -> bool:
        """Whether somebody was connected at the other end of a dialog that has just ended, and nobody knows who."""
        return any(map(self._is_loose, sighting.gone))

    def open(self, bar: Bar) -> bool:
        """Whether somebody may be in it of whom nothing is known."""
        if bar.lost:
            return True
        return bool(self._open) and any(self._is_loose(one) for each in bar.ids for one in self._open.get(each, ()))

    def over(self, bar: Bar) -> None:
        """It is."""
        for dialog in filter(is_dialog, bar.legs):
            self._shown.pop(dialog, None)
        for conversation in bar.ids:
            self._open.pop(conversation, None)

    def _is_loose(self, dialog: str) -> bool:
        return dialog == UNKNOWN or len(self._shown.get(dialog, ())) < 2
