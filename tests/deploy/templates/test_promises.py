"""The templates keep what they promise, and each promise is one that a fault breaks."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.deploy.templates import foundation_promises, runtime_promises
from tests.deploy.templates.mutations import mutate
from tests.deploy.templates.runtime_promises import APP_RUNNER, BALANCER, EXPRESS, FARGATE, LAMBDA, OPERATIONS
from tests.deploy.templates.stacks import Deployment, deploy
from tests.deploy.templates.variants import DEPLOYMENTS, PARAMETERS

pytestmark = pytest.mark.profile_free

Promise = Callable[[Deployment], bool]
PROMISES: list[Promise] = [
    value
    for module in (foundation_promises, runtime_promises)
    for name, value in vars(module).items()
    if getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
]

ACCOUNT, DATABASE, NETWORK, PROXY, REGISTRY, ROTATION, SECRETS, STORAGE = (
    "foundation/account.yaml",
    "foundation/database.yaml",
    "foundation/network.yaml",
    "foundation/proxy.yaml",
    "foundation/registry.yaml",
    "foundation/rotation.yaml",
    "foundation/secrets.yaml",
    "foundation/storage.yaml",
)
DEPLOYING, GROUP = "Service/Properties/DeploymentConfiguration", "ShiftGroup/Properties"
FUNCTION_ARN = {"Fn::GetAtt": ["Function", "Arn"]}
BY_NAME = {"Fn::Sub": "arn:aws:lambda:us-east-1:123456789012:function:webapp-dev-operations"}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


# A promise, and faults that break it: where, and what stands there instead.
FAULTS: dict[Promise, list[tuple[str, str, Any]]] = {
    runtime_promises.a_failing_deploy_goes_back_on_ecs: [
        (FARGATE, f"{DEPLOYING}/DeploymentCircuitBreaker/Enable", False),
        (FARGATE, f"{DEPLOYING}/DeploymentCircuitBreaker/Rollback", False),
        (FARGATE, f"{DEPLOYING}/Alarms/Enable", False),
        (FARGATE, f"{DEPLOYING}/Alarms/Rollback", False),
        (FARGATE, f"{DEPLOYING}/Alarms/AlarmNames", [{"Ref": "SlowAnswers"}]),
        (FARGATE, f"{DEPLOYING}/MinimumHealthyPercent", 0),
    ],
    runtime_promises.a_failing_deploy_goes_back_on_lambda: [
        (LAMBDA, "Alias/UpdatePolicy", None),
        (LAMBDA, f"{GROUP}/AlarmConfiguration/Enabled", False),
        (LAMBDA, f"{GROUP}/AlarmConfiguration/Alarms", []),
        (LAMBDA, f"{GROUP}/AutoRollbackConfiguration/Enabled", False),
        (LAMBDA, f"{GROUP}/AutoRollbackConfiguration/Events", ["DEPLOYMENT_FAILURE"]),
        (LAMBDA, f"{GROUP}/DeploymentConfigName", "CodeDeployDefault.LambdaAllAtOnce"),
        (LAMBDA, f"{GROUP}/DeploymentStyle/DeploymentOption", "WITHOUT_TRAFFIC_CONTROL"),
    ],
    runtime_promises.requests_reach_the_function_by_its_alias_alone: [
        (LAMBDA, "Integration/Properties/IntegrationUri", FUNCTION_ARN),
        (LAMBDA, "ApiMayInvoke/Properties/FunctionName", {"Ref": "Function"}),
        (LAMBDA, "EverybodyMayUseUrl/Properties/FunctionName", {"Ref": "Function"}),
        (LAMBDA, "WarmUpSchedule/Properties/Target/Arn", FUNCTION_ARN),
        (LAMBDA, "Url/Properties/Qualifier", None),
        (LAMBDA, "Alias/Properties/FunctionVersion", "$LATEST"),
    ],
    runtime_promises.former_versions_stay_to_go_back_to: [(LAMBDA, "Version/UpdateReplacePolicy", None)],
    runtime_promises.nothing_from_outside_leads_to_the_operations_function: [
        (OPERATIONS, "Open", resource("AWS::Lambda::Permission", FunctionName={"Ref": "Function"}, Principal="*")),
        (OPERATIONS, "Open", resource("AWS::Lambda::Permission", FunctionName=FUNCTION_ARN, Principal="*")),
        (OPERATIONS, "Open", resource("AWS::Lambda::Url", TargetFunctionArn=FUNCTION_ARN, AuthType="NONE")),
        (LAMBDA, "Integration/Properties/IntegrationUri", BY_NAME),
        (LAMBDA, "Url/Properties/TargetFunctionArn", "webapp-dev-operations"),
    ],
    runtime_promises.a_command_that_failed_is_not_run_again: [
        (OPERATIONS, "OnlyOnce/Properties/MaximumRetryAttempts", 2),
        (OPERATIONS, "Nightly/Properties/Target/RetryPolicy/MaximumRetryAttempts", 185),
    ],
    runtime_promises.the_http_api_throttles: [
        (LAMBDA, "ApiStage/Properties/DefaultRouteSettings", None),
        (LAMBDA, "ApiStage/Properties/DefaultRouteSettings/ThrottlingBurstLimit", None),
    ],
    runtime_promises.app_runner_sends_everything_into_the_network: [
        (APP_RUNNER, "Service/Properties/NetworkConfiguration", None),
        (APP_RUNNER, "Service/Properties/NetworkConfiguration/EgressConfiguration", {"EgressType": "DEFAULT"}),
    ],
    runtime_promises.app_runner_scales_as_the_parameters_say: [
        (APP_RUNNER, "Service/Properties/AutoScalingConfigurationArn", None)
    ],
    runtime_promises.an_image_is_deployed_when_it_is_told_alone: [
        (APP_RUNNER, "Service/Properties/SourceConfiguration/AutoDeploymentsEnabled", True)
    ],
    runtime_promises.tasks_scale_with_the_load: [
        (FARGATE, "Scaling/Properties/ResourceId", "service/another/web"),
        (FARGATE, "ScaleOnProcessor/Properties/PolicyType", "StepScaling"),
    ],
    runtime_promises.express_mode_is_told_every_default: [
        (EXPRESS, "Service/Properties/Cpu", None),
        (EXPRESS, "Service/Properties/ScalingTarget/AutoScalingMetric", None),
    ],
    runtime_promises.clusters_tell_their_load: [(EXPRESS, "Cluster/Properties/ClusterSettings/0/Value", "disabled")],
    runtime_promises.nobody_opens_a_shell_unless_it_is_switched_on: [
        (FARGATE, "Service/Properties/EnableExecuteCommand", True)
    ],
    runtime_promises.the_load_balancer_answers_by_https_alone: [
        (BALANCER, "Http/Properties/DefaultActions/0/Type", "forward"),
        (BALANCER, "Https/Properties/Protocol", "HTTP"),
        (BALANCER, "Https/Properties/SslPolicy", "ELBSecurityPolicy-2016-08"),
    ],
    runtime_promises.the_load_balancer_lets_go_of_a_connection_before_the_server_does: [
        (BALANCER, "LoadBalancer/Properties/LoadBalancerAttributes/0/Value", "120")
    ],
    foundation_promises.databases_tell_their_load: [
        (DATABASE, "DatabaseInstance/Properties/EnablePerformanceInsights", False),
        (DATABASE, "ClusterWriter/Properties/EnablePerformanceInsights", None),
    ],
    foundation_promises.databases_log_where_logs_end: [
        (DATABASE, "DatabaseCluster/Properties/EnableCloudwatchLogsExports", None),
        (DATABASE, "Log/Properties/LogGroupName", "/webapp/dev/postgresql"),
    ],
    foundation_promises.logins_by_token_are_possible: [
        (DATABASE, "DatabaseInstance/Properties/EnableIAMDatabaseAuthentication", False),
        (PROXY, "Proxy/Properties/DefaultAuthScheme", "NONE"),
    ],
    foundation_promises.passwords_change_by_the_calendar_and_not_at_once: [
        (ROTATION, "WebLoginRotation/Properties/RotateImmediatelyOnUpdate", True),
        (ROTATION, "OperationsLoginRotation/Properties/RotateImmediatelyOnUpdate", None),
        (ROTATION, "WebLoginRotation/Properties/RotationRules", {}),
    ],
    foundation_promises.generated_secrets_are_long: [
        (SECRETS, "ApplicationKey/Properties/GenerateSecretString/PasswordLength", 8),
        (DATABASE, "OperationsLogin/Properties/GenerateSecretString/PasswordLength", None),
    ],
    foundation_promises.images_are_scanned_stay_what_they_are_and_end: [
        (REGISTRY, "Registry/Properties/ImageScanningConfiguration/ScanOnPush", False),
        (REGISTRY, "Registry/Properties/ImageTagMutability", "MUTABLE"),
        (REGISTRY, "Registry/Properties/LifecyclePolicy/LifecyclePolicyText", '{"rules": []}'),
        (REGISTRY, "Registry/DeletionPolicy", "Delete"),
    ],
    foundation_promises.files_keep_their_versions_for_a_while: [
        (STORAGE, "MediaBucket/Properties/VersioningConfiguration/Status", "Suspended"),
        (STORAGE, "MediaBucket/Properties/LifecycleConfiguration/Rules/0/Status", "Disabled"),
        (STORAGE, "AccessLogBucket/Properties/LifecycleConfiguration", None),
        (ACCOUNT, "TrailBucket/DeletionPolicy", "Delete"),
    ],
    foundation_promises.counters_of_limits_vanish: [
        (STORAGE, "ThrottleTable/Properties/TimeToLiveSpecification/Enabled", False)
    ],
    foundation_promises.the_budget_warns_of_what_is_spent_and_of_what_will_be: [
        (ACCOUNT, "Budget/Properties/NotificationsWithSubscribers/1", None),
        (ACCOUNT, "Budget/Properties/NotificationsWithSubscribers/0/Notification/Threshold", 1000),
    ],
    foundation_promises.the_trail_records_every_region: [
        (ACCOUNT, "Trail/Properties/IsLogging", False),
        (ACCOUNT, "Trail/Properties/IsMultiRegionTrail", False),
    ],
    foundation_promises.refused_connections_are_logged: [(NETWORK, "FlowLog/Properties/TrafficType", "ACCEPT")],
    foundation_promises.alarms_ring_when_it_is_too_much_of_what_they_stand_beside: [
        (LAMBDA, "ServerErrors/Properties/ComparisonOperator", "LessThanThreshold"),
        (LAMBDA, "FailedInvocations/Properties/Dimensions", None),
        (LAMBDA, "FailedInvocations/Properties/Dimensions/0/Value", "another"),
        (PROXY, "PinnedSessions/Properties/ActionsEnabled", False),
        (FARGATE, "ServerErrors/Properties/EvaluationPeriods", 60),
        (DATABASE, "LittleStorage/Properties/ComparisonOperator", "GreaterThanThreshold"),
    ],
    foundation_promises.each_stack_watches_what_the_documents_say: [
        (OPERATIONS, "Failures", None),
        (LAMBDA, "Throttles/Properties/MetricName", "Invocations"),
    ],
    foundation_promises.names_of_aws_lead_to_private_addresses: [
        (NETWORK, "Vpc/Properties/EnableDnsHostnames", False),
        (NETWORK, "Vpc/Properties/EnableDnsSupport", False),
    ],
    foundation_promises.databases_install_minor_versions: [
        (DATABASE, "DatabaseInstance/Properties/AutoMinorVersionUpgrade", False)
    ],
    foundation_promises.the_proxy_stands_before_the_database: [
        (PROXY, "Targets/Properties/DBInstanceIdentifiers", None),
        (PROXY, "Targets/Properties/DBClusterIdentifiers", ["another"]),
    ],
    foundation_promises.logins_that_change_know_their_database: [
        (SECRETS, "WebLoginAddress", None),
        (DATABASE, "OperationsLoginAddress/Properties/TargetType", "AWS::RDS::DBInstance"),
    ],
    runtime_promises.everybody_reaches_the_application: [
        (LAMBDA, "ApiStage/Properties/AutoDeploy", False),
        (APP_RUNNER, "Service/Properties/NetworkConfiguration/IngressConfiguration/IsPubliclyAccessible", False),
        (BALANCER, "LoadBalancer/Properties/Scheme", "internal"),
        (BALANCER, "Https/Properties/DefaultActions/0/Type", "fixed-response"),
        (FARGATE, "Service/Properties/LoadBalancers", None),
    ],
}


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_the_templates_keep_every_promise(promise: Promise):
    assert [promise(deployment) for deployment in DEPLOYMENTS] == [True] * len(DEPLOYMENTS)


@pytest.mark.parametrize(
    ("promise", "template", "path", "value"),
    [(promise, *fault) for promise, faults in FAULTS.items() for fault in faults],
    ids=[f"{fault[0]}-{fault[1]}" for faults in FAULTS.values() for fault in faults],
)
def test_a_promise_that_is_broken_is_found(promise: Promise, template: str, path: str, value: Any):
    mutated = mutate(template, path, value)

    assert not all(promise(deploy(mutated, **parameters)) for parameters in PARAMETERS)


def test_every_promise_is_one_that_a_fault_breaks():
    assert set(FAULTS) == set(PROMISES)


def test_what_goes_all_at_once_asks_no_alarm():
    """A rollback, and what mends the fault that an alarm tells of."""
    deployment = deploy(Shift="AllAtOnce")
    group = deployment.stacks[LAMBDA].resources["ShiftGroup"].properties

    assert group["AlarmConfiguration"]["Enabled"] is False
    assert runtime_promises.a_failing_deploy_goes_back_on_lambda(deployment)


def test_another_revision_changes_the_function_and_its_version():
    """AWS refuses a version of a function that is as it was, and reads a secret anew with its resource alone."""
    first, second = (deploy(Revision=revision).stacks[LAMBDA].resources for revision in ("1", "2"))

    assert first["Function"].properties != second["Function"].properties
    assert first["Version"].properties != second["Version"].properties


def test_a_function_names_a_handler_of_its_own_as_the_images_command():
    functions = [deploy(Handler=name).stacks[LAMBDA].resources["Function"] for name in ("config.own.handler", "")]

    assert [function.properties.get("ImageConfig") for function in functions] == [
        {"Command": ["config.own.handler"]},
        None,
    ]


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"CloudTrail": "yes"}, "AWS::CloudTrail::Trail"),
        ({"WarmUp": "yes"}, "AWS::Scheduler::Schedule"),
        ({"HostedZoneId": "Z1"}, "AWS::Route53::RecordSet"),
        ({"AlarmEmail": "team@example.com"}, "AWS::SNS::Subscription"),
        ({"Egress": "nat"}, "AWS::EC2::NatGateway"),
        ({"FrontDoor": "function_url"}, "AWS::Lambda::Url"),
        ({"Credentials": "secretsmanager", "Egress": "nat"}, "AWS::SecretsManager::RotationSchedule"),
        ({"Engine": "aurora"}, "AWS::RDS::DBCluster"),
    ],
)
def test_a_parameter_switches_on_what_it_is_named_for(parameters: dict[str, str], kind: str):
    def number_of(deployment: Deployment) -> int:
        return len([each for each in deployment.resources if each.type == kind])

    assert number_of(deploy(**parameters)) > number_of(deploy())
