"""A run with a confirmed claim and one whose test failed."""

from django_runtimes.compare.record.claim_result import ClaimFigure, ClaimResult, ClaimVerdict
from django_runtimes.compare.record.results import Run

ENVIRONMENT = {
    "run_id": "00000000",
    "finished_at": "2026-11-29T01:00:00+00:00",
    "interrupted": False,
    "machine": {"kernel": "Linux 6.18", "cpu": "AMD EPYC", "cpus": 2, "busy_cpus_before": 0.1},
    "packages": {"django": "5.2.19"},
}
LEAK = ClaimResult(
    name="conn-max-age-leaks",
    claim="Connections <leak>.",
    measured="Requests.",
    rule="Confirmed if more stay open.",
    emulated="Nothing.",
    subject="a view",
    verdict=ClaimVerdict.CONFIRMED,
    reason="63 connections stayed open",
    figures=(
        ClaimFigure("open", 63),
        ClaimFigure("latency", 6.6, "x", 4.0, 13.0, 20),
        ClaimFigure("start", 450.0, "ms"),
    ),
    duration_s=8.1,
)
BROKEN = ClaimResult(
    name="burst-runs-out-of-slots",
    claim="Slots run out.",
    measured="A burst.",
    rule="Confirmed if requests fail.",
    emulated="The Lambda service.",
    subject="a view",
    verdict=ClaimVerdict.NOT_SHOWN,
    reason="the test failed",
    figures=(),
    duration_s=0.4,
    error="pgbouncer is not installed; install it",
)
RUN = Run(ENVIRONMENT, targets=(), claims=(LEAK, BROKEN))
