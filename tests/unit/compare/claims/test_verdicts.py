"""The rules of all claims: every verdict is reachable, and each follows from plain figures."""

import pytest

from django_runtimes.compare.analysis.ratio import Ratio
from django_runtimes.compare.claims.scenarios.burst import BurstCounts, judge_burst
from django_runtimes.compare.claims.scenarios.conn_max_age import LeakCounts, judge_leak
from django_runtimes.compare.claims.scenarios.frozen_pool import FrozenPool, judge_frozen_pool
from django_runtimes.compare.claims.scenarios.memory_cpu import MemoryRatios, judge_memory
from django_runtimes.compare.claims.scenarios.package_size import PackageRatios, judge_package_size
from django_runtimes.compare.claims.scenarios.proxy_bound import BackendPeaks, judge_bound
from django_runtimes.compare.claims.scenarios.proxy_handshake import judge_handshake
from django_runtimes.compare.claims.scenarios.shorter_max_age import HandshakeCounts, judge_handshakes
from django_runtimes.compare.claims.scenarios.warm_up import WarmUpCounts, judge_warm_up
from django_runtimes.compare.record.claim_result import ClaimVerdict

CONFIRMED, REFUTED, NOT_SHOWN = ClaimVerdict.CONFIRMED, ClaimVerdict.REFUTED, ClaimVerdict.NOT_SHOWN


def between(low: float, high: float) -> Ratio:
    """Return a ratio with this interval."""
    return Ratio((low + high) / 2, low, high, pairs=20, confidence=0.95)


@pytest.mark.parametrize(
    ("held", "held_without_age", "failed", "verdict"),
    [(9, 0, 0, CONFIRMED), (8, 0, 0, REFUTED), (63, 9, 0, NOT_SHOWN), (63, 0, 1, NOT_SHOWN)],
)
def test_a_leak_is_more_open_connections_than_clients(held, held_without_age, failed, verdict):
    counts = LeakCounts(clients=8, requests=96, failed=failed, held=held, held_without_age=held_without_age)

    assert judge_leak(counts).verdict is verdict


@pytest.mark.parametrize(
    ("opened", "latency", "verdict"),
    [
        ((0, 11, 100), between(1.01, 3), CONFIRMED),
        ((0, 11, 100), between(0.9, 1.05), REFUTED),
        ((0, 11, 11), between(1.01, 3), NOT_SHOWN),
        ((1, 1, 1), between(1.01, 3), REFUTED),
        ((0, 11, 100), between(0.95, 3), NOT_SHOWN),
        ((0, 11, 100), None, NOT_SHOWN),
    ],
)
def test_handshakes_cost_if_more_are_opened_and_latency_rises(opened, latency, verdict):
    counts = HandshakeCounts(100, dict(zip((60, 1, 0), opened, strict=True)), latency)

    assert judge_handshakes(counts).verdict is verdict


@pytest.mark.parametrize(
    ("direct", "proxy", "verdict"),
    [(11, 10, CONFIRMED), (40, 10, CONFIRMED), (40, 11, REFUTED), (10, 10, NOT_SHOWN)],
)
def test_a_proxy_bounds_if_only_the_direct_peak_exceeds_its_pool(direct, proxy, verdict):
    assert judge_bound(BackendPeaks(clients=40, pool_size=10, direct=direct, proxy=proxy)).verdict is verdict


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        (between(0.9, 1.1), CONFIRMED),
        (between(1.2, 1.4), CONFIRMED),
        (between(0.2, 0.89), REFUTED),
        (between(0.8, 1.2), NOT_SHOWN),
        (None, NOT_SHOWN),
    ],
)
def test_a_handshake_is_faster_below_nine_tenths(ratio, verdict):
    assert judge_handshake(ratio).verdict is verdict


@pytest.mark.parametrize(
    ("failed_direct", "refused_direct", "failed_proxy", "requests", "verdict"),
    [
        (6, 6, 0, 16, CONFIRMED),
        (0, 0, 0, 16, REFUTED),
        (6, 6, 1, 16, NOT_SHOWN),
        (6, 0, 0, 16, NOT_SHOWN),
        (0, 0, 0, 10, NOT_SHOWN),
    ],
)
def test_slots_run_out_if_the_server_refuses(failed_direct, refused_direct, failed_proxy, requests, verdict):
    counts = BurstCounts(
        requests=requests,
        slots=10,
        failed_direct=failed_direct,
        refused_direct=refused_direct,
        failed_proxy=failed_proxy,
        refused_proxy=0,
    )

    assert judge_burst(counts).verdict is verdict


@pytest.mark.parametrize(
    ("held", "duration", "verdict"),
    [
        (12, between(0.9, 1.2), CONFIRMED),
        (3, between(0.9, 1.2), REFUTED),
        (12, between(0.5, 0.8), REFUTED),
        (12, between(0.7, 1.2), NOT_SHOWN),
        (12, None, NOT_SHOWN),
    ],
)
def test_a_pool_wastes_connections_if_it_holds_more_and_is_no_faster(held, duration, verdict):
    found = FrozenPool(3, held, 3, duration, failed_with_pools=3, failed_without_pools=3)

    assert judge_frozen_pool(found).verdict is verdict


@pytest.mark.parametrize(
    ("cold_single", "cold_burst", "verdict"), [(0, 4, CONFIRMED), (0, 0, REFUTED), (1, 4, NOT_SHOWN)]
)
def test_one_warm_environment_serves_one_request_of_a_burst(cold_single, cold_burst, verdict):
    assert judge_warm_up(WarmUpCounts(5, cold_single, cold_burst, 0)).verdict is verdict


@pytest.mark.parametrize(
    ("start", "verdict"),
    [
        (between(1.11, 4), CONFIRMED),
        (between(0.9, 1.1), REFUTED),
        (between(1.0, 1.5), NOT_SHOWN),
        (None, NOT_SHOWN),
    ],
)
def test_memory_buys_cpu_if_a_start_with_less_takes_longer(start, verdict):
    assert judge_memory(MemoryRatios(start, between(1, 1))).verdict is verdict


@pytest.mark.parametrize(
    ("installed", "verdict"),
    [
        (between(1.01, 1.2), CONFIRMED),
        (between(0.95, 1.1), REFUTED),
        (between(0.95, 1.2), NOT_SHOWN),
        (None, NOT_SHOWN),
    ],
)
def test_the_size_on_disk_decides_about_a_package(installed, verdict):
    assert judge_package_size(PackageRatios(50.0, installed, between(1.5, 2))).verdict is verdict


def test_a_reason_has_the_figures_that_decided():
    counts = LeakCounts(clients=8, requests=96, failed=0, held=63, held_without_age=0)

    assert judge_leak(counts).reason == (
        "63 connections stayed open after 96 requests, of which at most 8 ran at once; with CONN_MAX_AGE=0, 0"
    )
