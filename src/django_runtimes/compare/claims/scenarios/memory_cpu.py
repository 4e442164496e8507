"""Claim: on Lambda more memory buys more CPU, so the start is faster."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from statistics import median

from django_runtimes.compare.analysis.ratio import SAME_TO, Ratio
from django_runtimes.compare.claims.claim import Claim, ClaimEvidence, Decision, confirmed, not_shown, refuted
from django_runtimes.compare.claims.claim_services import LAMBDA_HANDLER, STOCK_FUNCTION, ClaimServices
from django_runtimes.compare.claims.paired_durations import paired_durations, ratio_between, ratio_figures
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.container_limits import ContainerLimits
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.limited_freezer import limited_freezer
from django_runtimes.compare.record.claim_result import ClaimFigure
from django_runtimes.compare.targets.name import TargetName

_DATABASE = "claims"
_TARGET = TargetName.parse("aws_lambda/per_request/direct")
_LITTLE_MB, _MUCH_MB = 512, 1_769
# The query waits in the database for this long, which no CPU of the function shortens.
_WAIT_S = 0.1


@dataclass(frozen=True)
class MemoryRatios:
    """Durations at little memory to those at much: of the start, and of an invocation that waits for the database."""

    start: Ratio | None
    waiting: Ratio | None


def judge_memory(ratios: MemoryRatios) -> Decision:
    """Decide by the start, which uses the CPU; the waiting invocation is a second figure."""
    if ratios.start is None:
        return not_shown("there were too few rounds for an interval")
    found = (
        f"with the CPU share of {_LITTLE_MB} MB a start takes {ratios.start.low:.2f} to {ratios.start.high:.2f} times "
        f"as long as with {_MUCH_MB:,} MB"
    )
    if ratios.waiting is not None:
        found += f"; a request that waits for the database, {ratios.waiting.low:.2f} to {ratios.waiting.high:.2f} times"
    if ratios.start.low > SAME_TO:
        return confirmed(found)
    if ratios.start.high <= SAME_TO:
        return refuted(found)
    return not_shown(found)


async def measure_memory(services: ClaimServices, *, rounds: int = 8) -> ClaimEvidence:
    """Start and invoke functions under the CPU quotas of two memory sizes."""
    sizes = (_LITTLE_MB, _MUCH_MB)
    try:
        freezers = {size: [limited_freezer(ContainerLimits.of_lambda(size)) for _ in range(2)] for size in sizes}
    except CompareError as error:
        return ClaimEvidence((), not_shown(f"not run: {error}"))
    server = services.postgres(_DATABASE)
    measured = services.startable(_TARGET, server, _DATABASE)
    waiting = services.environ(server.url(_DATABASE), CLAIM_CONN_MAX_AGE="600")
    starts: dict[str, Callable[[], Awaitable[float]]] = {}
    waits: dict[str, Callable[[], Awaitable[float]]] = {}
    for size in sizes:
        starter, waiter = (
            LambdaEmulator(function.limited(size), freezer=freezer)
            for function, freezer in zip(
                (
                    services.function(f"start-{size}", LAMBDA_HANDLER, measured.environ, measured.directory),
                    services.function(f"wait-{size}", STOCK_FUNCTION, waiting),
                ),
                freezers[size],
                strict=True,
            )
        )
        starts[str(size)] = partial(_start_ms, await services.stack.enter_async_context(starter))
        waits[str(size)] = partial(_wait_ms, await services.stack.enter_async_context(waiter))
        # The first start reads files from the disk, and the first invocation connects.
        await starts[str(size)]()
        await waits[str(size)]()
    starts_ms = await paired_durations(starts, rounds=rounds, seed=rounds)
    waits_ms = await paired_durations(waits, rounds=rounds, seed=rounds)
    little, much = str(_LITTLE_MB), str(_MUCH_MB)
    ratios = MemoryRatios(
        start=ratio_between(starts_ms[little], starts_ms[much]),
        waiting=ratio_between(waits_ms[little], waits_ms[much]),
    )
    names = {
        f"start, {_LITTLE_MB} / {_MUCH_MB} MB": ratios.start,
        f"request that waits for the database, {_LITTLE_MB} / {_MUCH_MB} MB": ratios.waiting,
    }
    return ClaimEvidence(
        (
            ClaimFigure(f"start with {_LITTLE_MB} MB, median", round(median(starts_ms[little])), "ms"),
            ClaimFigure(f"start with {_MUCH_MB} MB, median", round(median(starts_ms[much])), "ms"),
            *ratio_figures(names),
        ),
        judge_memory(ratios),
        measured.subject,
    )


async def _start_ms(emulator: LambdaEmulator) -> float:
    await emulator.warm(1)
    await emulator.retire_all()
    return emulator.init_durations_ms[-1]


async def _wait_ms(emulator: LambdaEmulator) -> float:
    return (await emulator.invoke(json.dumps({"s": _WAIT_S}).encode())).duration_ms


CLAIM = Claim(
    name="memory-buys-cpu",
    sentence="On Lambda more memory buys more CPU, so a function starts faster.",
    measured=f"In rounds, the start of the same function with the CPU time of {_LITTLE_MB} and of {_MUCH_MB:,} MB "
    f"(a cgroup's quota of 1 CPU for each 1,769 MB), and an invocation that waits {_WAIT_S:g} s for the database.",
    rule=f"Confirmed if the whole interval of the ratio of starts ({_LITTLE_MB} to {_MUCH_MB:,} MB) is above "
    f"{SAME_TO:g}, refuted if it is at most {SAME_TO:g}. Without the right to limit processes the claim is not shown.",
    emulated="The Lambda service, and the quota itself, which follows AWS's documented share. Whether AWS grants more "
    "during the init phase is not measured, and the durations are no claim about AWS.",
    expected_s=20,
    test=measure_memory,
)
