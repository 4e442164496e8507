"""Verbs take a stage from its first deploy to its destruction; test_killed.py covers each target."""

import shutil
import ssl
import urllib.request
from pathlib import Path

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import CHECKOUT, PAGES_REFUSED, Project, assert_permitted, create_registry

pytestmark = pytest.mark.profile_free

# The application does not start with this key.
NO_START = {"WEBAPP_SECRET_KEY": "short"}


def status_of(project: Project, endpoint: str) -> int:
    """Return the status of the page that a user gets."""
    trust = ssl.create_default_context(cafile=project.environ["SSL_CERT_FILE"])
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"https": project.environ["HTTPS_PROXY"]}),
        urllib.request.HTTPSHandler(context=trust),
    )
    with opener.open(endpoint, timeout=60) as response:
        return int(response.status)


def digest(image: str | None) -> str:
    return str(image).rpartition("@")[2]


def images(project: Project, aws: StandIn) -> tuple[str, str]:
    """Return the image digests of the web function and the operations function."""
    parameters = aws.client("cloudformation").describe_stacks(StackName="guestbook-dev-operations")["Stacks"][0][
        "Parameters"
    ]
    operations = next(each["ParameterValue"] for each in parameters if each["ParameterKey"] == "ImageUri")
    return digest(project.json("status")["image"]), digest(operations)


def shifts(aws: StandIn) -> list[str]:
    """Return the configurations of all traffic shifts, oldest first."""
    codedeploy = aws.client("codedeploy")
    deployments = [
        codedeploy.get_deployment(deploymentId=each)["deploymentInfo"]
        for each in codedeploy.list_deployments()["deployments"]
    ]
    deployments.sort(key=lambda deployment: deployment["createTime"])
    return [deployment["deploymentConfigName"] for deployment in deployments]


def make_version_with_raw_sql(directory: Path) -> tuple[dict[str, str], Path]:
    """Return the variables and the Python path of a version whose last migration is SQL that the gate cannot judge."""
    package = directory / "other_migrations"
    shutil.copytree(CHECKOUT / "src/webapp/guestbook/migrations", package)
    last = max(path.stem for path in package.glob("0*.py"))
    (package / "0099_judge_me.py").write_text(
        "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        f'    dependencies = [("guestbook", "{last}")]\n'
        '    operations = [migrations.RunSQL("SELECT 1")]\n'
    )
    (directory / "other_settings.py").write_text(
        "from webapp.settings import *\nMIGRATION_MODULES = {'guestbook': 'other_migrations'}\n"
    )
    return {"DJANGO_SETTINGS_MODULE": "other_settings"}, directory


def test_verbs_take_a_stage_from_its_first_deploy_to_its_end(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    first, second = aws.push("guestbook", "v1"), aws.push("guestbook", "v2")

    # The first deploy creates everything, and the application answers.
    deployed = project.json("deploy", "--image", first, "--yes")
    assert deployed["digest"] == first
    assert status_of(project, deployed["endpoint"]) == 200
    assert project.json("open")["endpoint"] == deployed["endpoint"]

    # The same deploy again changes nothing.
    executed = aws.calls().count("cloudformation:ExecuteChangeSet")
    project.run("deploy", "--image", first, "--yes")
    assert aws.calls().count("cloudformation:ExecuteChangeSet") == executed
    assert [digest(release["image"]) for release in project.json("status")["releases"]] == [first]

    # An update succeeds; the next one fails its smoke test and is rolled back.
    project.run("deploy", "--image", second, "--yes")
    assert images(project, aws) == (second, second)
    refused = aws.push("guestbook", "v3", variables=PAGES_REFUSED)
    project.set_smoke_timeout(1)
    message = project.error("deploy", "--image", refused, "--yes")
    project.set_smoke_timeout(120)
    assert "failed its test" in message
    assert "/ answers 400" in message
    assert message.endswith(f"{second} receives the traffic")
    assert images(project, aws) == (second, second)
    assert status_of(project, deployed["endpoint"]) == 200

    # Rollbacks by hand go back to the first release and no further.
    assert project.json("rollback", "--yes")["digest"] == first
    assert images(project, aws) == (first, first)
    assert "had no image before" in project.error("rollback", "--yes")
    assert project.json("rollback", "--to", second, "--yes")["digest"] == second

    # The first destroy keeps the data; the second one deletes them.
    destroyed = project.json("destroy", "--yes")
    assert "guestbook-dev-operations" in destroyed["deleted"]
    assert "guestbook-dev-database" in destroyed["kept"]
    assert project.json("status")["image"] is None
    assert project.json("status")["releases"] == []
    project.run("destroy", "--data", "--yes")
    assert set(project.json("status")["stacks"]) == {"guestbook-registry"}

    assert_permitted(aws)


@pytest.mark.verbs
def test_an_image_that_does_not_start_never_gets_the_traffic(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    first = aws.push("guestbook", "v1")
    project.run("deploy", "--image", first, "--yes")

    message = project.error("deploy", "--image", aws.push("guestbook", "v2", variables=NO_START), "--yes")

    assert "did not run the command" in message or "ended with exit code 78" in message
    assert images(project, aws) == (first, first)


@pytest.mark.verbs
def test_a_failed_redeploy_keeps_the_traffic(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    first, second = aws.push("guestbook", "v1"), aws.push("guestbook", "v2")
    project.run("deploy", "--image", first, "--yes")
    project.run("deploy", "--image", second, "--yes")

    message = project.error("deploy", "--image", second, "--allow", "guestbook.0099_nothing", "--yes")

    assert "is not a migration of this version" in message
    assert message.endswith("there is no other image to roll back to")
    assert images(project, aws) == (second, second)


@pytest.mark.verbs
def test_a_failed_shift_also_rolls_back_the_operations_function(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    first = aws.push("guestbook", "v1")
    project.run("deploy", "--image", first, "--yes")
    aws.fail("Alias", "ServerErrors went off", stack="guestbook-dev-lambda", on="update", times=1)

    message = project.error("deploy", "--image", aws.push("guestbook", "v2"), "--yes")

    assert "ended in UPDATE_ROLLBACK_COMPLETE, since Alias (AWS::Lambda::Alias): ServerErrors went off" in message
    assert message.endswith(f"{first} receives the traffic")
    assert images(project, aws) == (first, first)


@pytest.mark.verbs
def test_a_deploy_shifts_gradually_and_a_rollback_at_once(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    path = project.directory / "webapp.toml"
    path.write_text(path.read_text().replace('Shift = "AllAtOnce"', ""))
    create_registry(aws)
    for tag in ("v1", "v2"):
        project.run("deploy", "--image", aws.push("guestbook", tag), "--yes")

    deployed = shifts(aws)
    project.run("rollback", "--yes")

    assert deployed == ["CodeDeployDefault.LambdaCanary10Percent5Minutes"]
    assert shifts(aws) == [*deployed, "CodeDeployDefault.LambdaAllAtOnce"]


@pytest.mark.verbs
def test_a_breaking_migration_must_be_allowed_by_name(make_project, aws_with_database: StandIn, tmp_path: Path):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    first = aws.push("guestbook", "v1")
    project.run("deploy", "--image", first, "--yes")
    variables, python_path = make_version_with_raw_sql(tmp_path / "version")
    second = aws.push("guestbook", "v2", variables=variables, python_path=python_path)

    message = project.error("deploy", "--image", second, "--yes")
    kept = images(project, aws)
    allowed = project.json("deploy", "--image", second, "--allow", "guestbook.0099_judge_me", "--yes")

    assert "guestbook.0099_judge_me" in message
    assert "RunSQL" in message
    assert "--allow guestbook.0099_judge_me" in message
    assert kept == (first, first)
    assert allowed["digest"] == second


@pytest.mark.verbs
def test_promote_deploys_one_stages_image_to_another_stage(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    assert "has had no release" in project.error("promote", "--stage", "dev", "--to", "staging")
    first = aws.push("guestbook", "v1")
    project.run("deploy", "--stage", "dev", "--image", first, "--yes")

    promoted = project.json("promote", "--stage", "dev", "--to", "staging", "--yes")

    assert (promoted["stage"], promoted["digest"]) == ("staging", first)
    assert status_of(project, promoted["endpoint"]) == 200

    # The registry may have expired the image since then.
    aws.client("ecr").batch_delete_image(repositoryName="guestbook", imageIds=[{"imageDigest": first}])
    asked = aws.calls().count("cloudformation:CreateChangeSet")
    message = project.error("promote", "--stage", "dev", "--to", "staging", "--yes")
    assert f"{first} is not, or no longer, an image in the repository 'guestbook'" in message
    assert aws.calls().count("cloudformation:CreateChangeSet") == asked


@pytest.mark.verbs
def test_changes_are_shown_before_the_question(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    first, second = aws.push("guestbook", "v1"), aws.push("guestbook", "v2")

    # The deploy asks once for the foundation and once for the image.
    created = project.answer("y\ny\n", "deploy", "--image", first)
    declined = project.answer("n\n", "deploy", "--image", second)
    kept = images(project, aws)
    changed = project.answer("y\n", "deploy", "--image", second)

    assert created.returncode == 0, created.stderr
    assert created.stderr.count("[y/N]") == 2
    assert declined.returncode == 1
    assert "modify Function (AWS::Lambda::Function)" in declined.stderr
    assert "declined; nothing more was changed" in declined.stderr
    assert kept == (first, first)
    assert changed.returncode == 0, changed.stderr
    assert images(project, aws) == (second, second)
