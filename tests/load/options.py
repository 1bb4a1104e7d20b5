"""Numbers on the command lines of measurements: what can't be one ends with a clear message, and nan is none."""

import argparse
import math
from collections.abc import Callable


def seconds(lowest: float = 0.0) -> Callable[[str], float]:
    """A type for argparse: a time (or another quantity) of at least so much."""

    def read(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not (math.isfinite(found) and found >= lowest):
            raise argparse.ArgumentTypeError(f"{text} can't be used: write a number, {lowest:g} or more")
        return found

    return read


def count(text: str) -> int:
    """A type for argparse: how many of something."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text} can't be used: write a whole number, 0 or more")
    return int(text)
