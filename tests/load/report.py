"""A load run as a table for people."""

import statistics
from collections.abc import Iterator

from tests.load.run import Run
from tests.load.sampling import mean_cpu, quantile, spread

SIPP = ("agents", "desks", "customers", "churn")


def text(run: Run) -> str:
    """Everything that was measured."""
    return "\n".join(["", *_plan(run), "", *_cpu(run), "", *_latency(run), "", *_checked(run), ""])


def _plan(run: Run) -> Iterator[str]:
    plan = run.plan
    yield (
        f"{plan.calls} calls with sound both ways, {plan.churn:g} further calls a second, "
        f"{plan.monitors} monitors, {plan.streams} open pages"
    )


def _cpu(run: Run) -> Iterator[str]:
    sampler, phases = run.sampler, run.measured.phases
    yield f"{'% of a core, mean':<34}" + "".join(f"{name:>14}" for name in phases)
    for process in ("adapter", "Asterisk"):
        yield f"  {process:<32}" + "".join(f"{mean_cpu(sampler.of(process, *span)):14.1f}" for span in phases.values())
    sipp = [sum(mean_cpu(sampler.of(name, *span)) for name in SIPP) for span in phases.values()]
    yield f"  {'SIPp, all of it':<32}" + "".join(f"{value:14.1f}" for value in sipp)
    for process, name in (("pages", "the pages"), ("actors", "supervisors and measuring")):
        yield f"  {name:<32}" + "".join(f"{mean_cpu(sampler.of(process, *span)):14.1f}" for span in phases.values())
    machine = (mean_cpu(sampler.of("machine", *span)) for span in phases.values())
    yield f"  {'machine, with all else on it':<32}" + "".join(f"{value:14.1f}" for value in machine)
    waited = (statistics.fmean([s.waited for s in sampler.of("adapter", *span)] or [0.0]) for span in phases.values())
    yield f"{'adapter ready, but no core free: %':<34}" + "".join(f"{value:14.1f}" for value in waited)
    yield f"{'AMI events a second':<34}" + "".join(f"{value:14.0f}" for value in run.measured.events.values())
    for process in ("adapter", "Asterisk"):
        most = [sampler.of(process, *span) for span in phases.values()]
        yield f"{process + ': MB / descriptors / threads':<34}" + "".join(
            f"{f'{max(s.rss for s in found):.0f}/{max(s.fds for s in found)}/{max(s.threads for s in found)}':>14}"
            if found
            else f"{'-':>14}"
            for found in most
        )
    pulses = []
    for began, ended in phases.values():
        start = sampler.began
        took = [ms for at, ms in run.pulse.took if began < at - start <= ended]
        pulses.append(f"{quantile(took, 0.5):.0f}/{quantile(took, 0.99):.0f}")
    yield f"{'GET /healthz, ms p50/p99':<34}" + "".join(f"{value:>14}" for value in pulses)


def _latency(run: Run) -> Iterator[str]:
    measured = run.measured
    yield f"{'milliseconds':<44}{'p50 / p95 / p99 / most':>32}"
    yield f"  {'PATCH to confirmed mode':<42}{spread(measured.log.switches):>32}"
    yield f"  {'raw PlayDTMF to DTMFEnd, same run':<42}{spread(measured.raw):>32}"
    if measured.raw and measured.log.switches:
        ratio = statistics.median(measured.log.switches) / statistics.median(measured.raw)
        yield f"  {'ratio of the medians':<42}{ratio:>32.1f}"
    yield f"  {'POST /monitors to 201':<42}{spread(measured.log.starts):>32}"
    yield f"  {'Asterisk says a mode, a page shows it':<42}{spread(measured.lags):>32}"
    count = measured.told.get("call_monitor_event_lag_seconds_count", 0.0)
    if count:
        mean = 1000 * measured.told["call_monitor_event_lag_seconds_sum"] / count
        yield f"  {'event read, model knows it: mean':<42}{mean:>32.2f}"


def _checked(run: Run) -> Iterator[str]:
    measured, seen = run.measured, run.measured.seen
    yield f"Switches: {len(measured.log.switches)}; refused: {dict(measured.log.refused) or 'none'}"
    yield f"Monitors: {len(measured.log.ends)} begun, each ended once: {dict(measured.reasons)}"
    yield f"Pages: {seen.frames} frames, {seen.bytes / 1e6:.0f} MB; ids missing {seen.gaps}, streams lost {seen.lost}"
    tallies = {name: crowd.tally() for name, crowd in run.stage.crowds.items()}
    yield "SIPp: " + ", ".join(f"{name} {tally.made} made, {tally.failed} failed" for name, tally in tallies.items())
    yield f"Errors in the adapter's log: {len(measured.errors) or 'none'}"
    yield from (f"  {line[:200]}" for line in measured.errors[:5])
    yield f"Audit: {measured.verdict.splitlines()[0] if measured.verdict else '-'}"
