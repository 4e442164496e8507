"""`webapp compare` with deployed targets: the real serving stack, alone and behind nginx with TLS."""

import json
from pathlib import Path

import pytest

from django_runtimes.compare.record.results import Run
from tests.integration.compare.comparison import APPLICATIONS, CONTAINER, MAIN, compare
from tests.integration.compare.deployed.conftest import KEY

pytestmark = pytest.mark.needs("nginx")

WORKLOAD = ("--workload", str(APPLICATIONS / "notes.toml"))
SHORT = (*WORKLOAD, "--quick", "--rate", "20", "--json")
HEADERS = ("--header", "X-Api-Key: $API_KEY")
# Every host counts as another machine.
ELSEWHERE = (
    "from django_runtimes.compare.deployed import deployed_service\n"
    "deployed_service.is_this_machine = lambda host: False\n"
    f"{MAIN}"
)
WITH_KEY = f"import os; os.environ['WEBAPP_MEASUREMENT_KEY'] = {KEY!r}\n"


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("API_KEY", "sesame-5f2a")


def output_option(directory: Path) -> tuple[str, str]:
    return "--output", str(directory / "report")


def all_texts(directory: Path) -> str:
    return "".join(path.read_text() for path in directory.rglob("*") if path.is_file())


def test_a_deployed_target_is_measured_beside_an_emulated_one(notes_service, monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(notes_service.authority))

    exit_code, output, errors = compare(
        *SHORT, *HEADERS, "--yes", "--target", CONTAINER, "--target", f"aws_ecs={notes_service.https}",
        *output_option(tmp_path), source=WITH_KEY + ELSEWHERE,
    )  # fmt: skip

    assert exit_code == 0, errors
    run = Run.from_json(output)
    emulated, deployed = run.targets
    assert [(each.name, each.label, each.status) for each in run.targets] == [
        (CONTAINER, "emulated", "measured"),
        ("aws_ecs", "deployed", "measured"),
    ]
    assert (deployed.strategy, deployed.route) == ("pool", "direct")
    # A deployed target is only read.
    assert {scenario.name for scenario in emulated.scenarios} == {"read", "write", "burst"}
    assert {scenario.name for scenario in deployed.scenarios} == {"read", "burst"}
    assert deployed.acknowledged_writes == 0
    for scenario in deployed.scenarios:
        assert scenario.ok == scenario.sent > 0
    assert 1 <= deployed.connections.peak <= 8
    assert deployed.connections.opened >= 0
    for measured in (emulated, deployed):
        assert measured.connections.waits > 0
        assert measured.connections.mean_wait_ms > 0
        steady = [scenario for scenario in measured.scenarios if scenario.rate_rps is not None]
        assert all(scenario.connections.opened >= 0 for scenario in steady)
    assert (emulated.pins.requests, deployed.pins) == (24, None)
    assert deployed.cold_start_ms.n == 0
    details = run.environment["targets"]["aws_ecs"]
    assert (details["url"], details["headers"]) == (notes_service.https, "X-Api-Key")
    assert int(details["reporting processes"]) >= 1
    assert "requests (reads only), at most 50 a second, to localhost:" in errors
    assert "sesame-5f2a" not in output + errors + all_texts(tmp_path / "report")
    assert KEY not in output + errors + all_texts(tmp_path / "report")


def test_a_deployed_target_needs_no_emulated_one(notes_service, tmp_path):
    exit_code, output, errors = compare(
        *SHORT, "--header", "X-Forwarded-Proto: https", "--allow-writes", "--target", f"aws_ecs={notes_service.http}",
        *output_option(tmp_path),
    )  # fmt: skip

    assert exit_code == 0, errors
    run = Run.from_json(output)
    assert run.environment["postgresql"] is None
    (deployed,) = run.targets
    assert {scenario.name for scenario in deployed.scenarios} == {"read", "write", "burst"}
    assert deployed.acknowledged_writes > 0
    assert (deployed.rows_found, deployed.connections.peak) == (None, None)
    assert deployed.notes == (
        "its cold starts and connections are unknown; set WEBAPP_MEASUREMENT_KEY for the service and for this command",
    )
    report = (tmp_path / "report" / "report.md").read_text()
    assert "deployed" in report
    assert "Emulated figures come from one machine" not in report


def test_targets_that_cannot_be_measured_fail_alone(notes_service, monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(notes_service.authority))
    other_name = notes_service.https.replace("localhost", "127.0.0.1")

    exit_code, output, errors = compare(
        *SHORT, "--header", "X-Forwarded-Proto: https", *HEADERS, "--header", "aws_ecs+c=X-Api-Key: wrong",
        "--target", f"aws_ecs+a={notes_service.http}", "--target", f"aws_ecs+b={other_name}",
        "--target", f"aws_ecs+c={notes_service.https}", "--target", f"aws_ecs+d={notes_service.https}/absent",
        "--target", "aws_ecs+e=http://127.0.0.1:1", *output_option(tmp_path),
    )  # fmt: skip

    assert exit_code == 1, errors
    errors_by_name = {target["name"]: target["error"] for target in json.loads(output)["targets"]}
    assert errors_by_name["aws_ecs+a"] is None
    assert "the certificate of '127.0.0.1' was refused: IP address mismatch" in errors_by_name["aws_ecs+b"]
    assert "expected 200, got 403; " in errors_by_name["aws_ecs+c"]
    assert "expected 200, got 404; " in errors_by_name["aws_ecs+d"]
    assert "cannot connect to 127.0.0.1:1: Connection refused" in errors_by_name["aws_ecs+e"]


def test_without_consent_nothing_is_sent(notes_service, tmp_path):
    exit_code, output, errors = compare(
        *SHORT, *HEADERS, "--target", f"aws_ecs={notes_service.https}", *output_option(tmp_path), source=ELSEWHERE
    )

    assert (exit_code, output) == (2, "")
    assert errors.splitlines()[-1].endswith(" Standard input is not a terminal; add --yes")
    assert not (tmp_path / "report").exists()


def test_a_service_of_another_runtime_fails(notes_service, tmp_path):
    exit_code, output, _ = compare(
        *SHORT, "--header", "X-Forwarded-Proto: https", "--target", f"aws_lambda={notes_service.http}",
        *output_option(tmp_path), source=WITH_KEY + MAIN,
    )  # fmt: skip

    assert exit_code == 1
    error = json.loads(output)["targets"][0]["error"]
    assert error.startswith("its service reports the runtime 'aws_ecs', and the target's name says 'aws_lambda'")
