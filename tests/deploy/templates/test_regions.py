"""cfn-lint finds nothing in any region that the verbs accept, except the types that a region lacks."""

import json
import re
import subprocess
import sys
from pathlib import Path

import boto3.session
import pytest

from django_runtimes.deploy.preflight.checks.region_check import RARE_TYPES, WITHOUT_SNAP_START
from tests.deploy.templates.analysis.stacks import TEMPLATES, template_names

pytestmark = [pytest.mark.profile_free, pytest.mark.weekly]

CFN_LINT = Path(sys.executable).with_name("cfn-lint")
# These types are missing where the type is that the verbs ask for.
COMPANIONS = {
    "AWS::AppRunner::AutoScalingConfiguration": "AWS::AppRunner::Service",
    "AWS::AppRunner::VpcConnector": "AWS::AppRunner::Service",
    "AWS::CloudFront::Distribution": "AWS::CloudFront::OriginAccessControl",
    "AWS::RDS::DBProxyTargetGroup": "AWS::RDS::DBProxy",
}
# Created by hand, in a region that has budgets.
BY_HAND = {"foundation/account.yaml"}
# boto3 knows these regions and cfn-lint does not.
UNKNOWN_TO_CFN_LINT = {"me-south-1"}


def accepted_regions() -> set[str]:
    """Return the regions that `webapp.toml` may name."""
    session = boto3.session.Session()
    return {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("cloudformation", partition_name=partition)
    }


def test_templates_fail_only_where_a_region_lacks_a_type():
    regions = accepted_regions() - UNKNOWN_TO_CFN_LINT
    paths = [TEMPLATES / name for name in template_names() if name not in BY_HAND]

    linted = subprocess.run(
        [CFN_LINT, "--format", "json", "--regions", *sorted(regions), "--", *paths],
        check=False,
        capture_output=True,
        text=True,
    )

    assert linted.stderr == ""
    findings = json.loads(linted.stdout)
    # cfn-lint finds types that a region lacks (E3006) and regions without SnapStart (E2530).
    assert [finding for finding in findings if finding["Rule"]["Id"] not in {"E3006", "E2530"}] == []
    [snap_start] = [finding["Message"] for finding in findings if finding["Rule"]["Id"] == "E2530"]
    assert set(re.findall(r"'([a-z]+(?:-[a-z]+)+-\d)'", snap_start)) == WITHOUT_SNAP_START
    missing = {word.strip("'") for each in findings for word in each["Message"].split() if word.startswith("'AWS::")}
    assert {COMPANIONS.get(name, name) for name in missing} == set(RARE_TYPES)
