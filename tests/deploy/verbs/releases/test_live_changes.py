"""Parameters of a live stage can be changed, except those on which its data depend."""

import json

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, create_registry

pytestmark = pytest.mark.profile_free

EVERYWHERE = {
    "MaxConnections": 200,
    "AlarmConnections": 180,
    "AlarmEmail": "team@example.com",
    "Egress": "nat",
    "InstanceClass": "db.t4g.medium",
    "LogRetentionDays": 7,
    "MaxStorageGb": 200,
    "StorageGb": 95,
}
# The parameter changes of successive deploys, by target; each deploy keeps the earlier changes.
CHANGES: dict[str, tuple[dict[str, object], ...]] = {
    "aws_lambda": (
        EVERYWHERE | {"ProxyMaxConnections": 140, "MaxConnectionsPercent": 70, "ReservedConcurrency": 60},
        {"FrontDoor": "function_url", "BorrowTimeoutS": 8},
        {"FrontDoor": "http_api", "Hosts": "guestbook.example", "WarmUp": "yes"},
    ),
    "aws_app_runner": (EVERYWHERE | {"MaxInstances": 5, "Hosts": "guestbook.example"},),
    "aws_ecs": (
        EVERYWHERE | {"Domain": "other.example.com", "MaxTasks": 5, "HostedZoneId": "Z1"},
        {"Egress": "endpoints"},
        {"Egress": "none"},
    ),
    "aws_ecs_express": (EVERYWHERE | {"MaxTasks": 5, "Hosts": "guestbook.example"},),
}
STACKS = {
    "aws_lambda": ("lambda", "proxy"),
    "aws_app_runner": ("apprunner",),
    "aws_ecs": ("fargate", "load-balancer"),
    "aws_ecs_express": ("express",),
}
FOUNDATION = ("monitoring", "network", "database")


def configure(project: Project, **parameters: object) -> None:
    """Add parameters for all stacks of the stage to webapp.toml, or replace their values."""
    path = project.directory / "webapp.toml"
    before, heading, after = path.read_text().partition("[stages.dev.parameters]\n")
    kept = [line for line in after.splitlines() if line.partition(" = ")[0] not in parameters]
    given = [f"{name} = {json.dumps(value)}" for name, value in parameters.items()]
    path.write_text("\n".join([before + heading.rstrip(), *given, *kept]) + "\n")


def parameters_of(aws: StandIn, stack: str) -> dict[str, str]:
    described = aws.client("cloudformation").describe_stacks(StackName=f"guestbook-dev-{stack}")["Stacks"][0]
    return {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]}


def outputs_of(aws: StandIn, stack: str) -> dict[str, str]:
    described = aws.client("cloudformation").describe_stacks(StackName=f"guestbook-dev-{stack}")["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}


def function_variables(aws: StandIn) -> dict[str, str]:
    """Return the variables of the function version that has the traffic."""
    found = aws.client("lambda").get_function_configuration(FunctionName="guestbook-dev-web", Qualifier="live")
    return found["Environment"]["Variables"]


def doctor(project: Project) -> str:
    """Return the findings of a failing `webapp doctor aws`, on one line."""
    return " ".join(project.run("doctor", "aws", exit_code=1).stdout.split())


@pytest.fixture
def live(request: pytest.FixtureRequest, make_project, aws_with_database: StandIn) -> tuple[Project, str]:
    """A project with a deployed stage, and the digest of its image."""
    project: Project = make_project(aws_with_database.environ, target=getattr(request, "param", "aws_lambda"))
    create_registry(aws_with_database)
    image = aws_with_database.push("guestbook", "v1")
    project.run("deploy", "--image", image, "--yes")
    return project, image


@pytest.mark.verbs
@pytest.mark.parametrize(("live", "target"), [(target, target) for target in CHANGES], indirect=["live"], ids=CHANGES)
def test_parameters_can_change_on_a_live_stage(live: tuple[Project, str], target: str, aws_with_database: StandIn):
    project, image = live
    expected: dict[str, object] = {}

    for change in CHANGES[target]:
        configure(project, **change)
        project.run("deploy", "--image", image, "--yes")
        expected |= change

    found = [parameters_of(aws_with_database, stack) for stack in (*FOUNDATION, *STACKS[target])]
    values = {name: {stack[name] for stack in found if name in stack} for name in expected}
    assert values == {name: {str(value)} for name, value in expected.items()}


@pytest.mark.verbs
@pytest.mark.parametrize("live", ["aws_ecs"], indirect=True)
def test_tasks_move_to_the_private_subnets_behind_a_nat_gateway(live: tuple[Project, str], aws_with_database: StandIn):
    project, image = live
    network = outputs_of(aws_with_database, "network")
    assert tasks_of(aws_with_database) == (network["PublicSubnets"].split(","), "ENABLED")

    configure(project, Egress="nat", Domain="other.example.com")
    deployed = project.json("deploy", "--image", image, "--yes")

    assert tasks_of(aws_with_database) == (network["PrivateSubnets"].split(","), "DISABLED")
    # The smoke test requested the page at this host, so the application allows it.
    assert deployed["endpoint"] == "https://other.example.com"


def tasks_of(aws: StandIn) -> tuple[list[str], str]:
    (service,) = aws.client("ecs").describe_services(cluster="guestbook-dev", services=["web"])["services"]
    place = service["networkConfiguration"]["awsvpcConfiguration"]
    return place["subnets"], place["assignPublicIp"]


def test_a_new_revision_reads_the_secret_key_again(live: tuple[Project, str], aws_with_database: StandIn):
    project, image = live
    secret = outputs_of(aws_with_database, "secrets")["ApplicationKey"]
    aws_with_database.client("secretsmanager").put_secret_value(SecretId=secret, SecretString="another key " * 8)

    project.run("deploy", "--image", image, "--yes")
    before = function_variables(aws_with_database)["WEBAPP_SECRET_KEY"]
    configure(project, Revision="another key")
    project.run("deploy", "--image", image, "--yes")

    assert before != "another key " * 8
    assert function_variables(aws_with_database)["WEBAPP_SECRET_KEY"] == "another key " * 8


@pytest.mark.verbs
def test_a_new_revision_alone_publishes_a_new_version(live: tuple[Project, str], aws_with_database: StandIn):
    project, image = live

    configure(project, Revision="once more")
    project.run("deploy", "--image", image, "--yes")

    assert outputs_of(aws_with_database, "lambda")["Version"] == "2"


@pytest.mark.verbs
def test_the_former_version_on_managed_instances_is_deleted(make_project, aws_with_database: StandIn):
    """The stand-in records the capacity provider, and runs one process."""
    project: Project = make_project(aws_with_database.environ, target="aws_lambda")
    create_registry(aws_with_database)
    image = aws_with_database.push("guestbook", "v1")
    configure(project, ManagedInstances="yes", MemoryMb=4096, Egress="endpoints")
    project.run("deploy", "--image", image, "--yes")

    configure(project, Revision="once more")
    ran = project.run("deploy", "--image", image, "--yes")

    assert "deleted version 1 of guestbook-dev-web with its execution environments" in ran.stderr
    listed = aws_with_database.client("lambda").list_versions_by_function(FunctionName="guestbook-dev-web")["Versions"]
    assert [each["Version"] for each in listed] == ["$LATEST", "2"]


@pytest.mark.verbs
def test_changing_a_fixed_parameter_is_refused(live: tuple[Project, str], aws_with_database: StandIn):
    project, image = live
    executed = aws_with_database.calls().count("cloudformation:ExecuteChangeSet")
    path = project.directory / "webapp.toml"
    original = path.read_text()
    changes = {
        "Credentials": ("iam", "secretsmanager"),
        "Engine": ("instance", "aurora"),
        "AddressPrefix": ("10.0", "10.1"),
        "Architecture": ("x86_64", "arm64"),
    }
    holds = "other stacks depend on its result"
    elsewhere = "deploy '{}' to another stage or project and move the data"
    reasons = {name: (holds, elsewhere.format(wanted)) for name, (_, wanted) in changes.items()} | {
        "Architecture": (
            "earlier images, to which a failed deploy rolls back, cannot run on it",
            "run `webapp destroy`, which keeps the data, and deploy again",
        )
    }

    for name, (found, wanted) in changes.items():
        configure(project, Egress="nat", **{name: wanted})
        for arguments in (["deploy", "--image", image, "--yes"], ["deploy", "--image", image, "--dry-run"]):
            assert project.error(*arguments, exit_code=2) == (
                f"webapp deploy: {name} of guestbook, dev, is '{found}' and cannot become '{wanted}', since "
                f"{reasons[name][0]}; set it back in webapp.toml, or {reasons[name][1]}"
            )
        path.write_text(original)

    assert aws_with_database.calls().count("cloudformation:ExecuteChangeSet") == executed
    project.run("deploy", "--image", image, "--yes")


@pytest.mark.verbs
def test_an_alarm_stops_only_a_gradual_shift(live: tuple[Project, str], aws_with_database: StandIn):
    aws = aws_with_database
    project, first = live
    path = project.directory / "webapp.toml"
    at_once = path.read_text()
    path.write_text(at_once.replace('Shift = "AllAtOnce"', 'Shift = "Canary10Percent5Minutes"'))
    resources = aws.client("cloudformation").describe_stack_resources(StackName="guestbook-dev-lambda")
    alarm = next(
        each["PhysicalResourceId"]
        for each in resources["StackResources"]
        if each["LogicalResourceId"] == "ServerErrors"
    )
    second = aws.push("guestbook", "v2")
    aws.alarm(alarm, "ALARM")

    assert alarm in project.error("deploy", "--image", second, "--yes")
    path.write_text(at_once)
    # Without a new revision, AWS may find that a version of this code already exists.
    configure(project, Revision="mended")
    assert project.json("deploy", "--image", second, "--yes")["digest"] == second
    assert project.json("rollback", "--yes")["digest"] == first


def test_logins_by_secret_need_an_egress(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    create_registry(aws)
    image = aws.push("guestbook", "v1")
    configure(project, Credentials="secretsmanager")

    for arguments in (["deploy", "--image", image, "--yes"], ["deploy", "--image", image, "--dry-run"]):
        assert project.error(*arguments, exit_code=2) == (
            "webapp deploy: Credentials = 'secretsmanager' with Egress = 'none' cuts the operations function off "
            "from its secret; set Egress to 'endpoints' or 'nat' in webapp.toml "
            f"({project.directory}/deploy/foundation/README.md lists their prices), or Credentials to 'iam'"
        )
    assert "cuts the operations function off from its secret" in doctor(project)
    assert "cloudformation:CreateChangeSet" not in aws.calls()


@pytest.mark.parametrize(("ports", "twice"), [("587,443", "443"), ("587,25,587", "587")])
def test_a_port_that_would_be_opened_twice_is_refused(ports: str, twice: str, make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    configure(project, EgressPorts=ports)

    assert project.error("deploy", "--dry-run", exit_code=2) == (
        f"webapp deploy: EgressPorts = '{ports}' opens port {twice} twice, which AWS refuses, and 443 is always open; "
        "remove it in webapp.toml"
    )


def test_a_cluster_too_small_for_the_proxy_is_refused(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    create_registry(aws)
    image = aws.push("guestbook", "v1")
    configure(project, Engine="aurora", MinAcu=0.5)

    assert project.error("deploy", "--image", image, "--yes", exit_code=2) == (
        "webapp deploy: MinAcu = '0.5' is too small for RDS Proxy, which waits for more capacity until its stack "
        "fails; set it to 2 or more in webapp.toml, or remove it"
    )
    assert "too small for RDS Proxy" in doctor(project)
    assert "cloudformation:CreateChangeSet" not in aws.calls()
    # ECS connects without the proxy.
    assert "too small" not in project.run("deploy", "--target", "aws_ecs", "--image", image, "--dry-run").stderr


@pytest.mark.verbs
def test_proxy_and_rotation_follow_the_creation_of_the_roles(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    image = aws.push("guestbook", "v1")
    configure(project, Credentials="secretsmanager", Egress="nat")

    ended = project.run("deploy", "--image", image, "--yes")
    project.run("deploy", "--image", image, "--yes")

    said = ended.stderr
    created = [
        said.index(words)
        for words in (
            "guestbook-dev-database is being created",
            "create_web_role",
            "guestbook-dev-proxy is being created",
            "guestbook-dev-rotation is being created",
            "guestbook-dev-lambda is being created",
        )
    ]
    assert created == sorted(created)
    assert "guestbook-dev-rotation" in project.json("destroy", "--yes")["deleted"]


@pytest.mark.parametrize("target", ["aws_lambda", "aws_ecs_express"])
def test_doctor_reports_a_reservation_above_the_limit(target: str, make_project, aws: StandIn):
    project: Project = make_project(aws.environ, target=target)
    aws.limit_executions(10)

    said = doctor(project)

    wanted = 51 if target == "aws_lambda" else 1
    assert f"Lambda will reserve {wanted} of the account's 10 concurrent executions; 0 are available" in said
    assert 'request more (Service Quotas, Lambda, "Concurrent executions")' in said
