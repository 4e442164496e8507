"""A deployed target signs its measurements if its stage names the secret of the measurement key."""

import time

import pytest

from django_runtimes.config.http.measurement_token import FACTS_HEADER, TOKEN_HEADER, read_facts, signed_token
from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, create_registry

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]

KEY = "a measurement key of forty-six characters long"
RUNTIMES = {
    "aws_lambda": "aws_lambda",
    "aws_app_runner": "aws_app_runner",
    "aws_ecs": "aws_ecs",
    "aws_ecs_express": "aws_ecs",
}


@pytest.mark.parametrize(("target", "runtime"), RUNTIMES.items(), ids=RUNTIMES)
def test_a_deployed_target_signs_its_measurements(target: str, runtime: str, make_project, aws_with_database: StandIn):
    secret = aws_with_database.client("secretsmanager").create_secret(Name="measurement-key", SecretString=KEY)
    project: Project = make_project(aws_with_database.environ, target=target)
    path = project.directory / "webapp.toml"
    stage = "[stages.dev.parameters]\n"
    path.write_text(path.read_text().replace(stage, f'{stage}MeasurementKeyArn = "{secret["ARN"]}"\n'))
    create_registry(aws_with_database)
    image = aws_with_database.push("guestbook", "v1")

    deployed = project.json("deploy", "--image", image, "--yes")
    token = signed_token(KEY, now_s=time.time(), nonce="test")
    answered = aws_with_database.headers(deployed["endpoint"], {TOKEN_HEADER: token})

    facts = read_facts(answered[FACTS_HEADER], KEY, token=token)
    assert facts is not None
    assert facts["runtime"] == runtime
