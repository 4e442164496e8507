"""`webapp doctor aws` reports on a stage before its first deploy."""

import json

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project

pytestmark = pytest.mark.profile_free

# The default reservations of the web function and the operations function, and AWS's unreserved minimum.
NEEDED = 50 + 1 + 100


def findings(project: Project, exit_code: int) -> list[tuple[str, str, str]]:
    """Return the level, text and remedy of each finding, except for the container engine, which may be missing here."""
    ended = project.run("doctor", "aws", "--json", exit_code=exit_code)
    (section,) = json.loads(ended.stdout)["sections"]
    return [(finding["level"], finding["text"], finding["remedy"]) for finding in section["findings"]][1:]


def test_a_stage_within_the_accounts_concurrency_is_ok(make_project, aws: StandIn):
    aws.limit_executions(NEEDED)

    project: Project = make_project(aws.environ)

    assert findings(project, exit_code=0)[:4] == [
        ("ok", "account 123456789012, us-east-1", ""),
        ("ok", f"templates: {project.directory}/deploy, this project's own", ""),
        ("ok", "dev, aws_lambda: 0 stacks exist; the image is none", ""),
        ("ok", "dev, aws_lambda: Lambda will reserve 51 of the account's concurrent executions; 51 are available", ""),
    ]


def test_a_stage_above_the_accounts_concurrency_is_wrong(make_project, aws: StandIn):
    aws.limit_executions(NEEDED - 1)

    found = findings(make_project(aws.environ), exit_code=1)

    assert next(each for each in found if each[0] == "wrong") == (
        "wrong",
        "dev, aws_lambda: Lambda will reserve 51 of the account's concurrent executions; 50 are available",
        'request more (Service Quotas, Lambda, "Concurrent executions"), or lower ReservedConcurrency',
    )
