"""What keeps two adapters from acting at one Asterisk, which can't tell them apart."""

from collections.abc import Callable
from dataclasses import dataclass


def _nothing() -> None:
    """There is no other adapter."""


@dataclass(frozen=True, slots=True)
class Fence:
    """The ownership of one PBX, as its connection needs it (`adapter.fleet.ownership.Ownership`)."""

    need: Callable[[], None] = _nothing
    """Raises PbxUnavailable unless this process may start, raise or bridge anything at this moment."""
    doubt: Callable[[], None] = _nothing
    """Something tells of another owner: `need` refuses until a new term has begun."""


UNFENCED = Fence()
