import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.runtimes.detection import detect_runtime
from django_runtimes.config.values.runtime import Runtime

LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "web"}
ECS = {"ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4/abc"}
KUBERNETES = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}


def test_without_a_declaration_or_marker_the_runtime_is_local():
    detection = detect_runtime({})

    assert detection.runtime is Runtime.LOCAL
    assert detection.evidence == "no runtime is declared and no marker is set"


@pytest.mark.parametrize(
    ("environ", "runtime"),
    [(LAMBDA, Runtime.AWS_LAMBDA), (ECS, Runtime.AWS_ECS), (KUBERNETES, Runtime.KUBERNETES)],
)
def test_each_marker_names_its_runtime(environ, runtime):
    detection = detect_runtime(environ)

    assert detection.runtime is runtime
    assert detection.evidence == f"{next(iter(environ))} is set"


def test_the_more_specific_marker_decides():
    assert detect_runtime(KUBERNETES | ECS | LAMBDA).runtime is Runtime.AWS_LAMBDA
    assert detect_runtime(KUBERNETES | ECS).runtime is Runtime.AWS_ECS


def test_a_declared_runtime_beats_a_leaked_ecs_marker():
    detection = detect_runtime({"WEBAPP_RUNTIME": "aws_app_runner"} | ECS)

    assert detection.runtime is Runtime.AWS_APP_RUNNER
    assert detection.evidence == "WEBAPP_RUNTIME=aws_app_runner"


def test_aws_execution_env_does_not_decide_the_runtime():
    assert detect_runtime({"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"}).runtime is Runtime.LOCAL


def test_empty_variables_are_treated_as_unset():
    assert detect_runtime({"WEBAPP_RUNTIME": "", "AWS_LAMBDA_FUNCTION_NAME": ""}).runtime is Runtime.LOCAL


def test_the_error_for_an_unknown_runtime_lists_the_choices():
    with pytest.raises(ConfigurationError) as error:
        detect_runtime({"WEBAPP_RUNTIME": "heroku"})

    assert str(error.value) == (
        "WEBAPP_RUNTIME='heroku' is not a runtime; "
        "choose one of: aws_app_runner, aws_ecs, aws_lambda, kubernetes, local"
    )


def test_another_declaration_on_lambda_is_refused():
    with pytest.raises(ConfigurationError, match="contradicts AWS_LAMBDA_FUNCTION_NAME"):
        detect_runtime({"WEBAPP_RUNTIME": "aws_ecs"} | LAMBDA)


def test_declaring_lambda_on_lambda_is_accepted():
    assert detect_runtime({"WEBAPP_RUNTIME": "aws_lambda"} | LAMBDA).runtime is Runtime.AWS_LAMBDA
