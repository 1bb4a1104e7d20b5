"""`make bench`: all figures in one run, each beside what it is to be compared with."""

import asyncio
import tempfile
from pathlib import Path

from adapter import log
from adapter.lab.provision import provision
from tests.bench import events, records, switching


def show(title: str, figures: dict[str, float]) -> None:
    """One table."""
    print(f"\n{title}")
    for name, value in figures.items():
        print(f"  {name:<58} {value:>12.2f}" if isinstance(value, float) else f"  {name:<58} {value:>12}")


def main() -> None:
    """Run everything."""
    log.setup("error", "console", mask_numbers=False)
    show("An event (aim: cheaper than stock parsing alone)", events.event_cost())
    show("A change, for each stream (aim: under 20 us)", events.listener_cost())
    show("Memory (aim: under 10 MB)", events.memory())
    with tempfile.TemporaryDirectory() as folder:
        for title, figures in asyncio.run(records.measure(Path(folder))).items():
            show(title, figures)
    with tempfile.TemporaryDirectory() as folder:
        for title, figures in asyncio.run(switching.measure(provision(), Path(folder))).items():
            show(title, figures)


if __name__ == "__main__":
    main()
