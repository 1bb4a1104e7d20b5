"""`make load`: the whole load in one run of about three minutes, and a table of what it took."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from adapter import log
from tests.load import report
from tests.load.options import count, seconds
from tests.load.run import load
from tests.load.stage import Plan

FULL = Plan(calls=200, churn=20.0, monitors=50, streams=200)
"""What the product is held to."""


def main() -> None:
    """Run it and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("calls", "churn", "monitors", "streams"):
        parser.add_argument(f"--{name}", type=count, default=getattr(FULL, name))
    parser.add_argument("--seconds", type=seconds(), default=60.0, help="of everything at once")
    parser.add_argument("--before", type=seconds(), default=15.0, help="seconds of each step before")
    parser.add_argument("--folder", type=Path, help="where logs and samples.csv stay")
    chosen = parser.parse_args()
    log.setup("error", "console", mask_numbers=False)
    plan = Plan(calls=chosen.calls, churn=chosen.churn, monitors=chosen.monitors, streams=chosen.streams)
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="call-monitor-load-"))
    folder.mkdir(parents=True, exist_ok=True)
    run = asyncio.run(load(folder, plan, chosen.seconds, chosen.before))
    print(report.text(run))
    print(f"Samples: {folder / 'samples.csv'}")
    sys.exit(int(bool(run.measured.errors)))


if __name__ == "__main__":
    main()
