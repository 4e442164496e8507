import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from django_runtimes.compare.cost.analysis import analyze_cost
from django_runtimes.compare.cost.cheapest import left_out
from django_runtimes.compare.cost.cost import main
from django_runtimes.compare.cost.cost_terminal import print_cost
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.record.results import Run
from tests.unit.compare.cost.printed_cost import FIXTURE, output


def test_a_run_is_priced(capsys: pytest.CaptureFixture[str]):
    text = " ".join(output(capsys, str(FIXTURE)).split())

    assert "Quantities come from the run where it measured them" in text
    assert "Measured, aws_lambda/per_request/proxy: duration_ms=" in text
    assert "Assumed, change with --set KEY=VALUE: architecture=x86, memory_mb=1769" in text
    assert "App Runner has been closed to new customers since 2026-04-30" in text
    assert "* Not verified: function_url 0 per million requests" in text
    assert re.search(r"aws_lambda\+url/per_request/proxy\* and aws_ecs/pool/direct† cross \d+ times", text)
    assert "Billed for aws_ecs/pool/direct: at least 2 tasks of 1 vCPU and 2 GB on x86" in text
    assert "duration_ms is the mean latency at 25/s" in text


def test_without_a_run_everything_is_assumed(capsys: pytest.CaptureFixture[str]):
    text = output(capsys)

    assert text.startswith("No run is named, so every figure rests on assumptions")
    assert "Measured" not in text
    # The output fits on one screen.
    assert len(text.splitlines()) <= 51


def test_details_add_options_shared_parts_and_instances(capsys: pytest.CaptureFixture[str]):
    text = output(capsys, str(FIXTURE), "--details")

    for row in (
        "aws_lambda: arm in place of x86",
        "aws_lambda: SnapStart",
        "aws_lambda: 10 environments kept ready",
        "aws_lambda: without RDS Proxy",
        "aws_lambda: function URL, 1 % of requests stream for 10 s",
        "aws_lambda: function URL in place of the HTTP API*",
        "aws_ecs: ECS Express, its load balancer shared by 25 services",
        "Aurora at 0 ACU with the Data API*",
        "NAT gateway",
        "aws_ecs/pool/direct",
    ):
        assert any(line.startswith(row) for line in text.splitlines()), row
    # The default of webapp deploy is a login with tokens.
    assert "db.t4g.micro needs Credentials=secretsmanager" in text


def test_a_chosen_egress_is_priced_beside_the_targets(capsys: pytest.CaptureFixture[str]):
    assert "NAT gateway" not in output(capsys)
    assert output(capsys, "--set", "egress=nat").count("NAT gateway") == 1
    assert output(capsys, "--set", "egress=nat", "--details").count("Shared parts, one database") == 1


def test_the_users_own_traffic_has_a_column(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    (tmp_path / "hourly.csv").write_text("hour,requests\n" + "".join(f"{hour},{hour * 1_000}\n" for hour in range(24)))

    text = output(capsys, "--traffic", str(tmp_path / "hourly.csv"))

    assert (
        "Your traffic: hourly.csv, 8,395,000 requests per month, 3.19/s on average, 6.39/s in the busiest hour." in text
    )
    assert "1,000/s  yours" in text


def test_a_traffic_file_may_have_the_name_of_a_column(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    (tmp_path / "idle").write_text("hour,requests\n0,3600\n")

    values = json.loads(output(capsys, "--json", "--traffic", str(tmp_path / "idle")))

    assert list(values["targets"][0]["bills"]) == ["idle", "0.1/s", "1/s", "10/s", "100/s", "1,000/s", "yours"]
    assert [each["label"] for each in values["traffic"]] == list(values["targets"][0]["bills"])


def test_requests_per_month_are_converted_to_a_rate(capsys: pytest.CaptureFixture[str]):
    assert "2,628,000 requests per month, 1/s on average" in output(capsys, "--requests-per-month", "2628000")


def test_json_has_every_term(capsys: pytest.CaptureFixture[str]):
    values = json.loads(output(capsys, str(FIXTURE), "--json", "--set", "free_tier=on"))

    function = values["targets"][0]
    terms = function["bills"]["10/s"]["terms"]
    assert function["name"] == "aws_lambda+http_api/per_request/proxy"
    assert function["bills"]["10/s"]["unverified"] == []
    assert values["targets"][1]["bills"]["10/s"]["unverified"] == ["function_url"]
    service = next(each["bills"] for each in values["targets"] if each["name"] == "aws_ecs/pool/direct")
    assert (service["10/s"]["assumed"], service["idle"]["assumed"]) == (["capacity_rps"], [])
    assert {term["name"] for term in terms} >= {"Lambda requests", "Lambda duration", "RDS Proxy", "data transfer out"}
    assert values["crossings"]
    assert {price["verified"] for price in values["prices"]} == {True, False}
    assert values["usage"][0]["values"]["free_tier"] == {"value": "on", "origin": "set", "basis": None}


def test_the_option_terms_prints_every_term_of_a_bill(capsys: pytest.CaptureFixture[str]):
    text = output(capsys, "--terms", "aws_ecs/pool/direct")

    assert "aws_ecs/pool/direct at 10/s, USD per month" in text
    assert re.search(r"\d+\.\d\d  Fargate vCPU: 1,460 x 0\.0\d+ per vCPU-h\n", text)
    assert text.splitlines()[-2].endswith("†  total")
    assert "capacity_rps=50 (assumed)" in text


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["missing.json"], "missing.json cannot be read (No such file or directory); name the run.json"),
        (
            ["--region", "mars-1"],
            "--region 'mars-1' has no prices; choose a region with all prices: us-east-1 (`webapp docs cost`",
        ),
        (["--region", "eu-central-1"], "region 'eu-central-1' has 6 of"),
        (["--set", "duration=5"], "did you mean 'duration_ms'?"),
        (["--traffic", "missing.csv"], "--traffic missing.csv cannot be read"),
        (["--set", "max_concurrency=1", "--set", "duration_ms=1000000"], "raise capacity_rps, utilization, max_"),
        (["--terms", "aws_ecs"], "--terms 'aws_ecs' has no bill; choose one of: aws_lambda+http_api/per_request/proxy"),
        (["--set", "price.nat_hour=1e30"], "a price is a number from 0 to 100,000, here in USD per h"),
        (["--set", "aws_ecs/pool/direct:memory_mb=512"], "has no effect, since memory_mb affects only aws_lambda"),
    ],
)
def test_invalid_input_is_reported_in_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    error: str,
):
    monkeypatch.chdir(tmp_path)

    assert main(arguments) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("webapp cost: ")
    assert error in captured.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--requests-per-month", "0"],
        ["--requests-per-month", "nan"],
        ["--requests-per-month", "-1"],
        ["--requests-per-month", "1_000"],
        ["--requests-per-month", "5", "--traffic", "f.csv"],
        ["--json", "--terms", "x"],
        ["a.json", "b.json"],
    ],
)
def test_invalid_options_give_exit_code_2(capsys: pytest.CaptureFixture[str], arguments: list[str]):
    with pytest.raises(SystemExit) as raised:
        main(arguments)

    assert raised.value.code == 2
    assert capsys.readouterr().err.count(os.linesep) == 1


def test_a_region_without_prices_takes_them_from_the_command_line(capsys: pytest.CaptureFixture[str]):
    assert main(["--region", "eu-central-1"]) == 2
    missing = capsys.readouterr().err
    assert "choose a region with all prices: us-east-1" in missing

    from django_runtimes.compare.cost.prices.price_file import read_prices

    settings = [f"price.{key}=0.1" for key in read_prices("eu-central-1").missing]
    text = output(capsys, "--region", "eu-central-1", *(part for text in settings for part in ("--set", text)))
    assert "Prices of eu-central-1 without taxes" in text


def test_a_run_in_which_every_target_failed_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    values = json.loads(FIXTURE.read_text())
    values["targets"] = [target for target in values["targets"] if target["status"] == "failed"]
    (tmp_path / "run.json").write_text(json.dumps(values))

    assert main([str(tmp_path / "run.json")]) == 2
    assert "no target of the run was measured" in capsys.readouterr().err


def test_a_narrow_terminal_does_not_cut_figures():
    file = io.StringIO()

    print_cost(analyze_cost(None), Console(file=file, width=80, force_terminal=True))

    shown = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())
    assert "\u2026" not in shown.partition("Cheapest")[0]
    assert re.search(r" \d{2},\d{3}\.\d{2}\n", shown)
    assert max(map(len, shown.splitlines())) <= 80


def test_the_command_runs_outside_a_project(tmp_path: Path):
    command = [sys.executable, "-c", "from django_runtimes.cli.main import main; main()", "cost"]
    environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}

    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("No run is named")


@pytest.mark.parametrize(
    ("url", "name", "left_out_front"),
    [
        (
            "https://abc.lambda-url.eu-west-1.on.aws",
            "aws_lambda+url/per_request/proxy",
            "HTTP APIs (the function was measured at its URL)",
        ),
        (
            "https://abc.lambda-url.eu-west-1.on.aws/shop",
            "aws_lambda+url/per_request/proxy",
            "HTTP APIs (the function was measured at its URL)",
        ),
        (
            "https://abc.execute-api.eu-west-1.amazonaws.com",
            "aws_lambda+http_api/per_request/proxy",
            "function URLs (webapp deploy makes HTTP APIs)",
        ),
        (
            "https://shop.example/.lambda-url.a.on.aws",
            "aws_lambda+http_api/per_request/proxy",
            "function URLs (webapp deploy makes HTTP APIs)",
        ),
    ],
)
def test_a_function_that_was_measured_by_its_url_is_billed_so(url: str, name: str, left_out_front: str):
    run = Run.from_json(FIXTURE.read_text())
    target = run.targets[0]
    deployed = Run({"targets": {target.name: {"url": url}}}, (replace(target, label="deployed"),))

    analysis = analyze_cost(deployed)

    assert [billed.name for billed in analysis.default_targets] == [name]
    assert left_out(analysis) == left_out_front


def test_a_target_with_snapstart_pays_for_it():
    run = Run.from_json(FIXTURE.read_text())
    target = replace(run.targets[0], name="aws_lambda+snapstart/per_request/proxy")

    analysis = analyze_cost(replace(run, targets=(target,)))

    terms = {term.name for term in analysis.targets[0].bill(Traffic.constant(Decimal(1))).terms}
    assert analysis.targets[0].name == "aws_lambda+snapstart+http_api/per_request/proxy"
    assert {"SnapStart cache", "SnapStart restores"} <= terms
    assert "without SnapStart" in {option.title for option in analysis.options}
