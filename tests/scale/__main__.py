"""`make scale`: what one adapter carries, and several; simulated PBXes, real processes. Some five minutes."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from adapter import log
from tests.load.options import count, seconds
from tests.scale.run import measure, text
from tests.scale.stage import Plan

RATES = (200.0, 500.0, 1000.0, 2000.0, 4000.0)
"""Events a second, of all PBXes together."""


def main() -> None:
    """Run it and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.scale", description=__doc__)
    parser.add_argument("--pbxes", type=count, default=20)
    parser.add_argument("--calls", type=count, default=50, help="at each PBX")
    parser.add_argument("--pages", type=count, default=50, help="open at each adapter")
    parser.add_argument("--monitors", type=count, default=10, help="supervisors at each adapter, four clicks a second")
    parser.add_argument("--seconds", type=seconds(), default=10.0, help="at each rate")
    parser.add_argument("--rates", default=",".join(f"{rate:.0f}" for rate in RATES), help="events a second, of all")
    chosen = parser.parse_args()
    log.setup("error", "console", mask_numbers=False)
    rates = [float(rate) for rate in chosen.rates.split(",")]
    plan = Plan(pbxes=chosen.pbxes, calls=chosen.calls, pages=chosen.pages, monitors=chosen.monitors)
    with tempfile.TemporaryDirectory(prefix="call-monitor-scale-") as folder:
        steps, lost = asyncio.run(measure(Path(folder), plan, rates, chosen.seconds))
    print(text(f"One adapter, {plan.pbxes} PBXes with {plan.calls} calls each, {plan.pages} pages", steps, lost))


if __name__ == "__main__":
    main()
