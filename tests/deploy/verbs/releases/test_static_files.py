"""A deploy copies the static files to the stage's bucket before the new image receives traffic."""

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, assert_permitted, create_registry

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]

TABLE = "[stages.dev.parameters]\n"


def test_each_deploy_copies_the_files_and_the_bucket_stays(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    path = project.directory / "webapp.toml"
    without = path.read_text()
    create_registry(aws)
    image = aws.push("guestbook", "v1")

    def static_files(value: str) -> None:
        path.write_text(without.replace(TABLE, f'{TABLE}StaticFiles = "{value}"\n'))

    static_files("bucket")
    first = project.run("deploy", "--image", image, "--yes").stderr
    assert static_host(aws) is None
    static_files("cloudfront")
    again = project.run("deploy", "--image", image, "--yes").stderr
    assert static_host(aws) == output(aws, "distribution", "Host")
    static_files("image")
    project.run("deploy", "--image", image, "--yes")
    assert static_host(aws) is None

    assert ", 0 were there" in first
    assert first.index("static files copied to") < first.index("migrate") < first.index("guestbook-dev-lambda")
    assert ", 0 were there" not in again
    bucket = output(aws, "storage", "StaticBucket")
    keys = [each["Key"] for each in aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert [key for key in keys if key.startswith("static/guestbook/guestbook.") and key.count(".") == 2]
    # The function copies the files, and the test looks at them.
    assert_permitted(aws, besides=frozenset({"s3:ListObjects", "s3:PutObject", "s3:ListObjectsV2"}))


def output(aws: StandIn, stack: str, name: str) -> str:
    (described,) = aws.client("cloudformation").describe_stacks(StackName=f"guestbook-dev-{stack}")["Stacks"]
    (value,) = [str(each["OutputValue"]) for each in described["Outputs"] if each["OutputKey"] == name]
    return value


def static_host(aws: StandIn) -> str | None:
    """Return the host from which the pages of the function load static files."""
    function = aws.client("lambda").get_function_configuration(FunctionName="guestbook-dev-web")
    host: str | None = function["Environment"]["Variables"].get("WEBAPP_STATIC_HOST")
    return host
