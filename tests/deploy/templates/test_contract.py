"""Every template keeps its contract with the application, whatever its parameters."""

import json
import re

import pytest
from django.core.management import get_commands

from django_runtimes.config.allowed_commands import allowed_commands
from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.http.host_origin import trusted_origins
from django_runtimes.config.runtimes.detection import detect_runtime
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.secret_key import secret_key
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.application_variables import ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS
from django_runtimes.config.variables.server_variables import GRACEFUL_TIMEOUT_S
from django_runtimes.config.variables.table import VARIABLES
from django_runtimes.deploy.templates.parameter_rules import broken_rule
from django_runtimes.deploy.templates.parameters import SAME_EVERYWHERE
from tests.deploy.templates.analysis.processes import Process, started_processes
from tests.deploy.templates.analysis.stacks import (
    INSTEAD_OF,
    ONLY_WITH,
    OTHER_DATABASES,
    TEMPLATES,
    deploy,
    read_template,
    template_names,
)
from tests.deploy.templates.analysis.variants import PROCESSES, of_type

pytestmark = pytest.mark.profile_free

SERVING = [process for process in PROCESSES if not process.resource.stack.startswith("operations/")]
FUNCTIONS = [process for process in PROCESSES if process.resource.type == "AWS::Lambda::Function"]
IN_CONTAINERS = [process for process in SERVING if process.resource.type != "AWS::Lambda::Function"]

RUNTIMES = {
    "AWS::AppRunner::Service": Runtime.AWS_APP_RUNNER,
    "AWS::ECS::ExpressGatewayService": Runtime.AWS_ECS,
    "AWS::ECS::TaskDefinition": Runtime.AWS_ECS,
    "AWS::Lambda::Function": Runtime.AWS_LAMBDA,
}

# The verbs choose these values, and check those of schedules before.
FILLED_BY_VERBS = {"Project", "Stage", "ImageUri", "ScheduleName", "Command", "Expression"}

by_stack = pytest.mark.parametrize("process", PROCESSES, ids=str)
by_serving_stack = pytest.mark.parametrize("process", SERVING, ids=str)
by_container = pytest.mark.parametrize("process", IN_CONTAINERS, ids=str)


# --- consistency between templates ---------------------------------------------------------------------


def test_the_readme_names_every_template_once():
    written = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.yaml"))

    assert sorted(template_names()) == [name for name in written if name != ".checkov.yaml"]


def test_each_import_is_an_export_of_an_earlier_stack():
    """Resolving raises KeyError for a missing export, so comparing the order is enough."""
    with_all = dict(ONLY_WITH.values())

    assert list(deploy(**with_all).stacks) == [
        name for name in template_names() if name not in {*INSTEAD_OF, *OTHER_DATABASES}
    ]
    assert list(deploy().stacks) == [
        name for name in template_names() if name not in {*ONLY_WITH, *INSTEAD_OF, *OTHER_DATABASES}
    ]


@pytest.mark.parametrize("name", template_names())
def test_every_parameter_and_output_is_described(name: str):
    template = read_template(name)

    for declared in (*template.get("Parameters", {}).values(), *template.get("Outputs", {}).values()):
        assert declared["Description"]
    assert template["Description"]


@pytest.mark.parametrize("name", template_names())
def test_a_template_can_be_sent_without_a_bucket(name: str):
    assert (TEMPLATES / name).stat().st_size <= 51_200


@pytest.mark.parametrize("name", template_names())
def test_every_template_declares_a_shared_parameter_identically(name: str):
    for parameter, declared in read_template(name).get("Parameters", {}).items():
        if parameter in {"Project", "Stage", "Production", "LogRetentionDays", *SAME_EVERYWHERE}:
            others = [
                template["Parameters"][parameter]
                for template in map(read_template, template_names())
                if parameter in template.get("Parameters", {})
            ]
            for key in (
                "Type",
                "Default",
                "AllowedValues",
                "AllowedPattern",
                "ConstraintDescription",
                "MinValue",
                "MinLength",
                "MaxLength",
            ):
                # ECS writes processor names in capitals.
                assert {repr(other.get(key)).lower() for other in others} == {repr(declared.get(key)).lower()}


@pytest.mark.parametrize("name", template_names())
def test_a_pattern_for_values_of_webapp_toml_is_described_in_words(name: str):
    patterns = {
        parameter: declared.get("ConstraintDescription", "")
        for parameter, declared in read_template(name).get("Parameters", {}).items()
        if "AllowedPattern" in declared and parameter not in FILLED_BY_VERBS
    }

    assert [parameter for parameter, text in patterns.items() if not text.startswith("must be ")] == []


@pytest.mark.parametrize(
    ("name", "parameter", "accepted", "refused"),
    [
        ("foundation/monitoring.yaml", "AlarmEmail", ["", "ops@example.com"], ["ops", "ops@", "a@b.com c@d.com"]),
        ("foundation/network.yaml", "AddressPrefix", ["10.0", "10.99", "10.255", "172.31"], ["10.256", "10.01", "10"]),
    ],
)
def test_a_value_that_aws_would_refuse_is_refused_before(
    name: str, parameter: str, accepted: list[str], refused: list[str]
):
    declared = read_template(name)["Parameters"][parameter]

    assert [text for text in accepted if broken_rule(declared, text)] == []
    assert [text for text in refused if not broken_rule(declared, text)] == []


# --- processes -----------------------------------------------------------------------------------------


@by_stack
def test_every_process_declares_its_runtime(process: Process):
    assert process.declared["WEBAPP_RUNTIME"] == RUNTIMES[process.resource.type]
    assert detect_runtime(process.environ).runtime is RUNTIMES[process.resource.type]


@by_stack
def test_every_variable_is_known_to_the_application(process: Process):
    known = {variable.name for variable in VARIABLES}

    assert set(process.declared) | set(process.secrets) <= known


@by_stack
def test_the_application_starts_with_its_variables(process: Process):
    environment = Environment(process.environ)
    profile = choose_profile(detect_runtime(process.environ).runtime, environment)

    assert secret_key(environment, local=False)
    assert environment[ALLOWED_HOSTS]
    options = database_settings(environment, profile)["OPTIONS"]
    assert "cluster_arn" in options if profile.route is Route.DATA_API else options["sslmode"] == "verify-full"
    assert profile.https


@by_serving_stack
def test_no_wildcard_host_or_origin_is_trusted(process: Process):
    environment = Environment(process.environ)
    hosts = environment[ALLOWED_HOSTS]
    origins = environment[CSRF_TRUSTED_ORIGINS] or trusted_origins(hosts)

    assert [origin for origin in origins if "*" in origin] == []
    assert "*" not in hosts


@pytest.mark.parametrize("front_door", ["http_api", "function_url", "rest_api"])
def test_forms_of_your_own_domain_are_trusted(front_door: str):
    """Behind CloudFront the request's host is AWS's, so only the list of origins lets a form through."""
    with_hosts = [
        process
        for process in started_processes(deploy(Hosts="shop.example.com", FrontDoor=front_door))
        if "Hosts" in read_template(process.resource.stack)["Parameters"]
    ]

    assert {str(process) for process in with_hosts} == {
        "apprunner/template.yaml",
        "ecs/express.yaml",
        "lambda/template.yaml",
    }
    for process in with_hosts:
        environment = Environment(process.environ)
        assert environment[CSRF_TRUSTED_ORIGINS] is None or environment[CSRF_TRUSTED_ORIGINS] == []
        assert "https://shop.example.com" in trusted_origins(environment[ALLOWED_HOSTS])


@by_stack
def test_the_image_is_named_by_its_digest(process: Process):
    pattern = re.compile(read_template(process.resource.stack)["Parameters"]["ImageUri"]["AllowedPattern"])

    assert pattern.fullmatch(process.image)
    assert not pattern.fullmatch("123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp:latest")


@by_stack
def test_no_secret_is_passed_in_plain_text(process: Process):
    secrets = {variable.name for variable in VARIABLES if variable.is_secret}

    # A table has no password, unlike other stores.
    for name in secrets & set(process.declared) - {"WEBAPP_STORE_URL"}:
        assert process.declared[name].startswith("{{resolve:secretsmanager:")


@pytest.mark.parametrize("process", [each for each in PROCESSES if each not in FUNCTIONS], ids=str)
def test_a_container_knows_its_region_under_both_names(process: Process):
    """The library reads AWS_REGION, botocore only AWS_DEFAULT_REGION; Lambda alone sets both."""
    assert (process.declared["AWS_REGION"], process.declared["AWS_DEFAULT_REGION"]) == ("us-east-1", "us-east-1")


@by_container
def test_the_container_listens_on_the_expected_port(process: Process):
    assert process.port == 8000
    # App Runner's template does not set PORT: App Runner itself sets it to the same value.
    assert process.declared.get("PORT", "8000") == "8000"


def test_the_load_balancer_forwards_to_the_containers_port():
    for group in of_type("AWS::ElasticLoadBalancingV2::TargetGroup"):
        assert group.properties["Port"] == 8000
    for service in of_type("AWS::ECS::Service"):
        assert [balancer["ContainerPort"] for balancer in service.properties["LoadBalancers"]] == [8000]


def test_every_health_check_requests_healthz():
    asked = {process.health_path for process in IN_CONTAINERS if process.health_path}

    assert asked == {"/healthz"}
    for group in of_type("AWS::ElasticLoadBalancingV2::TargetGroup"):
        assert group.properties["HealthCheckPath"] == "/healthz"


def test_tasks_have_more_time_to_stop_than_the_graceful_timeout():
    graceful_timeout_s = GRACEFUL_TIMEOUT_S.default
    tasks = of_type("AWS::ECS::TaskDefinition")
    group = of_type("AWS::ElasticLoadBalancingV2::TargetGroup")[0]
    attributes = {attribute["Key"]: attribute["Value"] for attribute in group.properties["TargetGroupAttributes"]}

    for task in tasks:
        assert task.properties["ContainerDefinitions"][0]["StopTimeout"] > graceful_timeout_s
    assert int(attributes["deregistration_delay.timeout_seconds"]) > graceful_timeout_s


def test_the_web_function_times_out_before_the_http_api():
    (function,) = deploy().stacks["lambda/template.yaml"].of_type("AWS::Lambda::Function")

    assert function.properties["Timeout"] < 30


def test_the_web_function_cannot_run_commands():
    (web,) = [process for process in started_processes(deploy()) if process.resource.stack == "lambda/template.yaml"]

    assert "WEBAPP_ALLOWED_COMMANDS" not in web.declared
    assert web.declared.get("WEBAPP_DB_ROLE", "web") == "web"


def test_only_the_operations_function_allows_commands():
    allowed = {str(process): allowed_commands(Environment(process.environ)) for process in FUNCTIONS}

    assert allowed["lambda/template.yaml"] == frozenset()
    assert allowed["operations/template.yaml"] <= set(get_commands())
    assert allowed["operations/template.yaml"] >= {"clearsessions", "create_web_role", "migrate"}


def test_each_schedule_sends_an_event_that_its_function_accepts():
    sent = {
        schedule.name: json.loads(schedule.properties["Target"]["Input"])
        for schedule in of_type("AWS::Scheduler::Schedule")
    }

    assert sent == {
        "WarmUpSchedule": {"warm_up": True},
        "FunctionScheduleClearsessions": {"command": ["clearsessions"], "schedule": "clearsessions"},
        "TaskScheduleImport": {"containerOverrides": [{"name": "operations", "command": ["check", "--deploy"]}]},
    }
    assert [process.declared["WEBAPP_WARM_UP"] for process in PROCESSES if "WEBAPP_WARM_UP" in process.declared] == [
        "1"
    ]
