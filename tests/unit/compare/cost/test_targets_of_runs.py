"""The bills of targets in a saved run: Managed Instances, and targets without prices."""

import json
import re
from pathlib import Path

import pytest

from django_runtimes.compare.cost.analysis import analyze_cost
from django_runtimes.compare.cost.cost import main
from django_runtimes.compare.cost.cost_sentences import crossing_sentences
from django_runtimes.compare.record.results import Run
from tests.unit.compare.cost.printed_cost import FIXTURE, output

UNBILLED = "kubernetes/pool/direct"
MANAGED = "aws_lambda+managed/persistent/direct"


def with_target(tmp_path: Path, name: str, *, others: bool) -> str:
    values = json.loads(FIXTURE.read_text())
    runtime, _, route = name.split("/")
    target = {**values["targets"][0], "name": name, "runtime": runtime.partition("+")[0], "route": route}
    values["environment"]["targets"] = {MANAGED: {"processes of each environment": "8, never frozen; not AWS's"}}
    values["targets"] = [target, *(values["targets"][4:5] if others else ())]
    path = tmp_path / "run.json"
    path.write_text(json.dumps(values))
    return str(path)


def test_a_target_without_a_bill_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    text = output(capsys, with_target(tmp_path, UNBILLED, others=True))

    assert f"no prices for them: {UNBILLED}." in " ".join(text.split())
    assert f"{UNBILLED} (this model has no prices for it)" in " ".join(text.split())
    # It has no row in a table.
    assert re.search(rf"\n{UNBILLED} +\d", text) is None


def test_a_run_in_which_no_target_has_a_bill_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert main([with_target(tmp_path, UNBILLED, others=False)]) == 2
    assert f"{UNBILLED}: no bill here; measure a target of one of: aws_lambda, aws_lambda+managed, aws_ecs" in (
        capsys.readouterr().err
    )


def test_managed_instances_of_a_run_are_priced(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    printed = output(capsys, with_target(tmp_path, MANAGED, others=True))
    text = " ".join(printed.split())

    # Idle: three m7i.large for 730 h at 0.1008, and 15 %.
    assert re.search(r"\naws_lambda\+managed\+http_api/persistent/direct\*† +253\.86 ", printed)
    assert "Billed for aws_lambda+managed/persistent/direct: HTTP API, at least 3 m7i.large instances" in text
    assert "1 vCPU and 8 processes, capacity_rps=50 (assumed)" in text
    assert f"Measured, {MANAGED}: duration_ms=" in text
    assert "processes=8" in text
    assert "init_ms" not in text
    assert "ec2_m7i_large_hour 0.1008 per h" in text
    assert f"the EC2 instances of {MANAGED}, and no run shows which" in text
    # The price of a way out of the private subnets stands beside the bills.
    assert "at least 36.50 (NAT gateway) or 58.40 (endpoints) USD per month" in text
    assert re.search(r"\nNAT gateway +36\.50 ", printed)
    assert "--set ec2_discount_percent=…" in text
    # Three instances cost more than two tasks at any low rate.
    assert "Cheapest: aws_ecs/pool/direct† up to" in text or "Cheapest at every rate: aws_ecs/pool/direct†" in text


def test_managed_instances_cross_functions(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    values = json.loads(Path(with_target(tmp_path, MANAGED, others=False)).read_text())
    function = {**values["targets"][0], "name": "aws_lambda/per_request/direct"}
    (tmp_path / "run.json").write_text(json.dumps({**values, "targets": [function, *values["targets"]]}))

    # A small capacity needs instances that never pay.
    capacity = f"{MANAGED}:capacity_rps=400"
    printed = output(capsys, str(tmp_path / "run.json"), "--set", capacity, "--json")
    crossings = json.loads(printed)["crossings"]

    fronts = ("aws_lambda+http_api/per_request/direct", "aws_lambda+managed+http_api/persistent/direct")
    assert fronts in {(each["cheaper_below"], each["cheaper_above"]) for each in crossings}
    analysis = analyze_cost(Run.from_json((tmp_path / "run.json").read_text()), settings=[capacity])
    assert any(fronts[0] in sentence and fronts[1] in sentence for sentence in crossing_sentences(analysis))


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        (
            "memory_mb=3000",
            "memory_mb=3000 gives no whole number of vCPUs with gb_per_vcpu=4; use a multiple of 4096 "
            f"(--set {MANAGED}:memory_mb=4096)",
        ),
        ("gb_per_vcpu=8", "memory_mb=4096 gives no whole number of vCPUs with gb_per_vcpu=8; use a multiple of 8192"),
        ("processes=17", "processes=17 exceeds 16 for each vCPU of an execution environment; use at most 16 (--set)"),
        ("instance_type=c7i.large", "instance_type=c7i.large holds no execution environment of 1 vCPU and 4 GB beside"),
    ],
)
def test_an_execution_environment_that_aws_does_not_offer_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, setting: str, error: str
):
    assert main([with_target(tmp_path, MANAGED, others=True), "--set", setting]) == 2
    assert f"webapp cost: {MANAGED}: {error}" in capsys.readouterr().err
