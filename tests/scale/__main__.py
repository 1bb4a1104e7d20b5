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
    parser.add_argument("--adapters", type=count, default=1, help="more than one share a PostgreSQL and a NATS server")
    parser.add_argument("--floor", default="", metavar="Q,M,W", help="queues, members, waiting callers of each PBX")
    parser.add_argument("--uvloop", action="store_true", help="run adapters on uvloop (install it first)")
    parser.add_argument("--nice", type=int, default=0, help="priority, where the machine has other work (-10: more)")
    parser.add_argument("--pages", type=count, default=50, help="open at each adapter")
    parser.add_argument("--monitors", type=count, default=10, help="supervisors at each adapter, four clicks a second")
    parser.add_argument("--seconds", type=seconds(), default=10.0, help="at each rate")
    parser.add_argument("--rates", default=",".join(f"{rate:.0f}" for rate in RATES), help="events a second, of all")
    chosen = parser.parse_args()
    log.setup("error", "console", mask_numbers=False)
    rates = [float(rate) for rate in chosen.rates.split(",")]
    floor = tuple(int(one) for one in chosen.floor.split(",")) if chosen.floor else ()
    if floor and len(floor) != 3:
        parser.error("--floor takes three numbers")
    plan = Plan(
        pbxes=chosen.pbxes,
        calls=chosen.calls,
        adapters=chosen.adapters,
        pages=chosen.pages,
        monitors=chosen.monitors,
        floor=floor,
        nice=chosen.nice,
        uvloop=chosen.uvloop,
    )
    with tempfile.TemporaryDirectory(prefix="call-monitor-scale-") as folder:
        steps, costs, lost = asyncio.run(measure(Path(folder), plan, rates, chosen.seconds))
    title = f"{plan.adapters} adapters, {plan.pbxes} PBXes with {plan.calls} calls each, {plan.pages} pages at each"
    extra = [f"queues, members, waiting: {chosen.floor}"] if floor else []
    extra += ["uvloop"] if plan.uvloop else []
    print(text("; ".join([title, *extra]), steps, costs, lost))


if __name__ == "__main__":
    main()
