"""A small load for half a minute: correctness and bounds, no times. `make load` and `make soak` are the long ones."""

from pathlib import Path

from tests.load.native import compare
from tests.load.run import load
from tests.load.sampling import Sample
from tests.load.stage import Plan

SMALL = Plan(calls=30, churn=3.0, monitors=8, streams=30, pause=(0.3, 1.0))


async def test_a_small_load_leaves_everything_true(tmp_path: Path) -> None:
    run = await load(tmp_path, SMALL, seconds=8, before=1)
    measured = run.measured
    assert len(measured.log.ends) == SMALL.monitors
    assert measured.reasons == {"stopped": SMALL.monitors // 2, "call_ended": SMALL.monitors // 2}
    assert len(measured.log.switches) > SMALL.monitors
    assert measured.raw
    assert measured.lags
    assert measured.seen.opened == SMALL.streams
    assert run.stage.churn.tally().good > SMALL.churn
    assert measured.errors == []
    assert measured.verdict.endswith("The chain is whole.")
    last = _last(run.sampler.samples, "adapter")
    assert last.fds < 20 + 2 * (SMALL.streams + SMALL.monitors), last
    assert last.threads < 40, last


async def test_calls_with_and_without_native_bridging_can_be_compared(tmp_path: Path) -> None:
    rounds = await compare(tmp_path, calls=4, seconds=1, pairs=1)  # which raises where calls are bridged otherwise
    assert [found.native for found in rounds] == [False, True]
    assert all(found.cpu > 0 for found in rounds)


def _last(samples: list[Sample], process: str) -> Sample:
    return [sample for sample in samples if sample.process == process][-1]
