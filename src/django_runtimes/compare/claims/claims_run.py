"""Tests claims one after the other and returns the run with their results."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvloop

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.compare.claims.claim import Claim, ClaimEvidence, not_shown
from django_runtimes.compare.claims.claim_list import expected_duration_s
from django_runtimes.compare.claims.claim_project import ClaimProject
from django_runtimes.compare.claims.claim_services import ClaimServices
from django_runtimes.compare.meters.other_load import OtherLoad, measure_other_load
from django_runtimes.compare.record.claim_result import ClaimResult
from django_runtimes.compare.record.measured_packages import MEASURED_PACKAGES
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.run.run_record import record_machine
from django_runtimes.compare.services.run_directory import run_directory

_LIMITS = "no CPU or memory limit except the quotas of memory-buys-cpu"


def run_claims(claims: Sequence[Claim], progress: Progress, project: ClaimProject | None = None) -> Run:
    """Test the claims; a scenario that cannot run has its error in its result.

    The claims about starts measure the project, or webapp's own function without one.

    Call this function in the main thread. Ctrl-C ends the current scenario and all of its processes, and keeps the
    results so far.
    """
    load = measure_other_load()
    count = "1 claim" if len(claims) == 1 else f"{len(claims)} claims"
    expected = duration_text(expected_duration_s(claims))
    progress.say(f"testing {count} takes about {expected} on two CPUs that do nothing else")
    if project is not None:
        progress.say(f"the claims about starts measure {project.subject}; they take longer if it starts slowly")
    if load.notice is not None:
        progress.say(load.notice)
    results: list[ClaimResult] = []
    interrupted = False
    for number, claim in enumerate(claims, start=1):
        progress.begin(f"{number} of {len(claims)}: {claim.name}, about {claim.expected_s:g} s")
        try:
            results.append(_test(claim, project))
        except KeyboardInterrupt:
            interrupted = True
            progress.say("interrupted: the results so far are kept")
            break
    return Run(_environment(load, interrupted=interrupted), targets=(), claims=tuple(results))


def _test(claim: Claim, project: ClaimProject | None) -> ClaimResult:
    start = time.monotonic()
    error = None
    try:
        with run_directory(account=None) as workspace, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            evidence = runner.run(_measure(claim, workspace, project))
    except ToolError as raised:
        error = str(raised)
        evidence = ClaimEvidence((), not_shown("the test failed"))
    return ClaimResult(
        name=claim.name,
        claim=claim.sentence,
        measured=claim.measured,
        rule=claim.rule,
        emulated=claim.emulated,
        subject=evidence.subject,
        verdict=evidence.decision.verdict,
        reason=evidence.decision.reason,
        figures=evidence.figures,
        duration_s=round(time.monotonic() - start, 1),
        error=error,
    )


async def _measure(claim: Claim, workspace: Path, project: ClaimProject | None) -> ClaimEvidence:
    async with ClaimServices(workspace, project) as services:
        return await claim.test(services)


def _environment(load: OtherLoad, *, interrupted: bool) -> dict[str, Any]:
    machine = record_machine(load, limits=_LIMITS)
    packages = {name: version(name) for name in ("django-runtimes", *MEASURED_PACKAGES)}
    return {
        "run_id": secrets.token_hex(4),
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "interrupted": interrupted,
        "machine": machine,
        "packages": packages,
    }


def duration_text(duration_s: float) -> str:
    """Return a duration as whole seconds below two minutes, and as whole minutes above."""
    return f"{duration_s:.0f} s" if duration_s < 120 else f"{duration_s / 60:.0f} minutes"
