import pytest
from benchmarks.command import main
from benchmarks.measurements.parts import PARTS, as_lines


def rounds(**times_us: float) -> dict[str, list[float]]:
    return {name: [times_us.get(name.replace(" ", "_"), 100.0)] * 30 for name in PARTS}


def line_of(name: str, lines: list[str]) -> str:
    (found,) = [line for line in lines if line.endswith(f", {name}")]
    return found


@pytest.mark.parametrize(("cost_us", "verdict"), [(124.0, "within the bar"), (126.0, "SLOWER")])
def test_logs_and_metrics_are_judged_by_their_bar(cost_us, verdict):
    lines = as_lines("GET /ping", rounds(access_log_and_metrics=cost_us))

    assert line_of("access log and metrics", lines) == (
        f"   {cost_us / 100:.3f} [{cost_us / 100:.3f}, {cost_us / 100:.3f}]  bar < 1.250 {verdict}: "
        f"{cost_us - 100:+.1f} µs to 100.0 µs: GET /ping, access log and metrics"
    )


def test_a_part_without_a_bar_has_only_its_cost():
    lines = as_lines("GET /ping", rounds(security_headers=150.0))

    assert line_of("security headers", lines) == (
        "   1.500 [1.500, 1.500]  +50.0 µs to 100.0 µs: GET /ping, security headers"
    )
    assert len(lines) == len(PARTS) - 1


@pytest.mark.parametrize("extent", ["--streams", "--first-byte"])
def test_a_measurement_that_cannot_be_short_refuses_quick(capsys, extent):
    with pytest.raises(SystemExit) as exited:
        main([extent, "--quick"])

    assert exited.value.code == 2
    assert "--quick shortens only the comparison with the peers, --against and --parts" in capsys.readouterr().err
