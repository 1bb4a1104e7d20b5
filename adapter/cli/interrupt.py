"""Ctrl-C while a command only reads its own program: the end, without a traceback. Imports nothing that takes time."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

STATUS = 130
"""Exit status after Ctrl-C, as shells have it: 128 and the signal's number."""


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing is open yet, so the process may end at once.

    An exception would not do: modules that are half imported catch it, or make another of it, and what is raised in a
    callback is printed. Where SIGINT is ignored, as in the background of a shell, it stays so.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(STATUS))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
