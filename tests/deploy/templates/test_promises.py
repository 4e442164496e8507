"""The templates keep their promises, and for each promise some fault breaks it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.deploy.templates.analysis import foundation_promises, runtime_promises
from tests.deploy.templates.analysis.mutations import mutate
from tests.deploy.templates.analysis.runtime_promises import APP_RUNNER, BALANCER, EXPRESS, FARGATE, LAMBDA, OPERATIONS
from tests.deploy.templates.analysis.stacks import SCHEDULES, Deployment, deploy
from tests.deploy.templates.analysis.variants import DEPLOYMENTS, PARAMETERS

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
OPERATIONS_TASK = "operations/task.yaml"
DEPLOYING, GROUP = "Service/Properties/DeploymentConfiguration", "ShiftGroup/Properties"
ERRORS = "FailedInvocations/Properties/Metrics/1/MetricStat/Metric"
FUNCTION_ARN = {"Fn::GetAtt": ["Function", "Arn"]}
BY_NAME = {"Fn::Sub": "arn:aws:lambda:us-east-1:123456789012:function:webapp-dev-operations"}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


# For each promise the faults that break it, each as a template, a path and a wrong value.
FAULTS: dict[Promise, list[tuple[str, str, Any]]] = {
    runtime_promises.a_failed_deploy_rolls_back_on_ecs: [
        (FARGATE, f"{DEPLOYING}/DeploymentCircuitBreaker/Enable", False),
        (FARGATE, f"{DEPLOYING}/DeploymentCircuitBreaker/Rollback", False),
        (FARGATE, f"{DEPLOYING}/Alarms/Enable", False),
        (FARGATE, f"{DEPLOYING}/Alarms/Rollback", False),
        (FARGATE, f"{DEPLOYING}/Alarms/AlarmNames", [{"Ref": "SlowAnswers"}]),
        (FARGATE, f"{DEPLOYING}/Alarms/AlarmNames/1", None),
        (FARGATE, f"{DEPLOYING}/MinimumHealthyPercent", 0),
    ],
    runtime_promises.a_failed_deploy_rolls_back_on_lambda: [
        (LAMBDA, "Alias/UpdatePolicy", None),
        (LAMBDA, f"{GROUP}/AlarmConfiguration/Enabled", False),
        (LAMBDA, f"{GROUP}/AlarmConfiguration/Alarms", []),
        (LAMBDA, f"{GROUP}/AutoRollbackConfiguration/Enabled", False),
        (LAMBDA, f"{GROUP}/AutoRollbackConfiguration/Events", ["DEPLOYMENT_FAILURE"]),
        (LAMBDA, f"{GROUP}/DeploymentConfigName", "CodeDeployDefault.LambdaAllAtOnce"),
        (LAMBDA, f"{GROUP}/DeploymentStyle/DeploymentOption", "WITHOUT_TRAFFIC_CONTROL"),
    ],
    runtime_promises.requests_reach_the_function_only_by_its_alias: [
        (LAMBDA, "Integration/Properties/IntegrationUri", FUNCTION_ARN),
        (
            LAMBDA,
            "RestPaths/Properties/Integration/Uri",
            "arn:aws:apigateway:us-east-1:lambda:path/functions/web/invocations",
        ),
        (LAMBDA, "ApiMayInvoke/Properties/FunctionName", {"Ref": "Function"}),
        (LAMBDA, "EverybodyMayUseUrl/Properties/FunctionName", {"Ref": "Function"}),
        (LAMBDA, "WarmUpSchedule/Properties/Target/Arn", FUNCTION_ARN),
        (LAMBDA, "Url/Properties/Qualifier", None),
        (LAMBDA, "Alias/Properties/FunctionVersion", "$LATEST"),
    ],
    runtime_promises.former_versions_are_retained_for_rollback: [(LAMBDA, "Version/UpdateReplacePolicy", None)],
    runtime_promises.nothing_outside_can_reach_the_operations_function: [
        (OPERATIONS, "Open", resource("AWS::Lambda::Permission", FunctionName={"Ref": "Function"}, Principal="*")),
        (OPERATIONS, "Open", resource("AWS::Lambda::Permission", FunctionName=FUNCTION_ARN, Principal="*")),
        (OPERATIONS, "Open", resource("AWS::Lambda::Url", TargetFunctionArn=FUNCTION_ARN, AuthType="NONE")),
        (LAMBDA, "Integration/Properties/IntegrationUri", BY_NAME),
        (LAMBDA, "Url/Properties/TargetFunctionArn", "webapp-dev-operations"),
    ],
    runtime_promises.a_failed_command_is_not_retried: [
        (OPERATIONS, "OnlyOnce/Properties/MaximumRetryAttempts", 2),
        (SCHEDULES, "FunctionSchedule/Properties/Target/RetryPolicy/MaximumRetryAttempts", 185),
        (SCHEDULES, "TaskSchedule/Properties/Target/RetryPolicy/MaximumRetryAttempts", 185),
    ],
    runtime_promises.an_api_throttles: [
        (LAMBDA, "ApiStage/Properties/DefaultRouteSettings", None),
        (LAMBDA, "ApiStage/Properties/DefaultRouteSettings/ThrottlingBurstLimit", None),
        (LAMBDA, "RestStage/Properties/MethodSettings", None),
        (LAMBDA, "RestStage/Properties/MethodSettings/0/HttpMethod", "GET"),
    ],
    runtime_promises.app_runner_sends_all_traffic_through_the_vpc: [
        (APP_RUNNER, "Service/Properties/NetworkConfiguration", None),
        (APP_RUNNER, "Service/Properties/NetworkConfiguration/EgressConfiguration", {"EgressType": "DEFAULT"}),
    ],
    runtime_promises.app_runner_scales_by_the_parameters: [
        (APP_RUNNER, "Service/Properties/AutoScalingConfigurationArn", None)
    ],
    runtime_promises.app_runner_deploys_images_only_on_request: [
        (APP_RUNNER, "Service/Properties/SourceConfiguration/AutoDeploymentsEnabled", True)
    ],
    runtime_promises.tasks_scale_with_the_load: [
        (FARGATE, "Scaling/Properties/ResourceId", "service/another/web"),
        (FARGATE, "ScaleOnProcessor/Properties/PolicyType", "StepScaling"),
    ],
    runtime_promises.express_mode_gets_every_default_explicitly: [
        (EXPRESS, "Service/Properties/Cpu", None),
        (EXPRESS, "Service/Properties/ScalingTarget/AutoScalingMetric", None),
    ],
    runtime_promises.express_mode_may_use_fargate: [(EXPRESS, "Cluster/Properties/CapacityProviders", None)],
    runtime_promises.clusters_record_no_billed_metrics: [
        (EXPRESS, "Cluster/Properties/ClusterSettings/0/Value", "enabled"),
        (OPERATIONS_TASK, "Cluster/Properties/ClusterSettings", None),
    ],
    runtime_promises.shell_access_is_off_by_default: [(FARGATE, "Service/Properties/EnableExecuteCommand", True)],
    runtime_promises.the_load_balancer_serves_only_https: [
        (BALANCER, "Http/Properties/DefaultActions/0/Type", "forward"),
        (BALANCER, "Https/Properties/Protocol", "HTTP"),
        (BALANCER, "Https/Properties/SslPolicy", "ELBSecurityPolicy-2016-08"),
    ],
    runtime_promises.the_load_balancer_closes_idle_connections_first: [
        (BALANCER, "LoadBalancer/Properties/LoadBalancerAttributes/0/Value", "120")
    ],
    foundation_promises.databases_report_their_load: [
        (DATABASE, "DatabaseInstance/Properties/EnablePerformanceInsights", False),
        (DATABASE, "ClusterWriter/Properties/EnablePerformanceInsights", None),
    ],
    foundation_promises.databases_export_their_logs: [
        (DATABASE, "DatabaseCluster/Properties/EnableCloudwatchLogsExports", None),
        (DATABASE, "DatabaseInstance/Properties/EnableCloudwatchLogsExports", ["postgresql"]),
    ],
    foundation_promises.logs_outlive_the_stacks_that_write_them: [
        (LAMBDA, "Log", resource("AWS::Logs::LogGroup", RetentionInDays=30)),
    ],
    foundation_promises.token_logins_are_possible_where_they_are_used: [
        (DATABASE, "DatabaseInstance/Properties/EnableIAMDatabaseAuthentication", False),
        (DATABASE, "DatabaseCluster/Properties/EnableIAMDatabaseAuthentication", True),
        (PROXY, "Proxy/Properties/DefaultAuthScheme", "NONE"),
    ],
    foundation_promises.passwords_rotate_only_on_schedule: [
        (ROTATION, "WebLoginRotation/Properties/RotateImmediatelyOnUpdate", True),
        (ROTATION, "OperationsLoginRotation/Properties/RotateImmediatelyOnUpdate", None),
        (ROTATION, "WebLoginRotation/Properties/RotationRules", {}),
    ],
    foundation_promises.generated_secrets_are_long: [
        (SECRETS, "ApplicationKey/Properties/GenerateSecretString/PasswordLength", 8),
        (DATABASE, "OperationsLogin/Properties/GenerateSecretString/PasswordLength", None),
    ],
    foundation_promises.images_are_scanned_and_immutable_and_expire: [
        (REGISTRY, "Registry/Properties/ImageScanningConfiguration/ScanOnPush", False),
        (REGISTRY, "Registry/Properties/ImageTagMutability", "MUTABLE"),
        (REGISTRY, "Registry/Properties/LifecyclePolicy/LifecyclePolicyText", '{"rules": []}'),
        (REGISTRY, "Registry/DeletionPolicy", "Delete"),
    ],
    foundation_promises.old_file_versions_expire: [
        (STORAGE, "MediaBucket/Properties/VersioningConfiguration/Status", "Suspended"),
        (STORAGE, "MediaBucket/Properties/LifecycleConfiguration/Rules/0/Status", "Disabled"),
        (STORAGE, "MediaBucket/Properties/LifecycleConfiguration/Rules/1/Status", "Disabled"),
        (STORAGE, "MediaBucket/Properties/LifecycleConfiguration/Rules/0/Prefix", "incoming/"),
        (STORAGE, "AccessLogBucket/Properties/LifecycleConfiguration", None),
        (ACCOUNT, "TrailBucket/DeletionPolicy", "Delete"),
    ],
    foundation_promises.unclaimed_uploads_expire: [
        (STORAGE, "MediaBucket/Properties/LifecycleConfiguration/Rules/1/Status", "Disabled"),
        (STORAGE, "MediaBucket/Properties/LifecycleConfiguration/Rules/1/Prefix", "uploads/"),
    ],
    foundation_promises.browsers_may_send_uploads: [
        (STORAGE, "MediaBucket/Properties/CorsConfiguration", None),
        (STORAGE, "MediaBucket/Properties/CorsConfiguration/CorsRules/0/AllowedMethods", ["PUT"]),
    ],
    foundation_promises.entries_of_the_store_expire: [
        (STORAGE, "StoreTable/Properties/TimeToLiveSpecification/Enabled", False)
    ],
    foundation_promises.the_budget_warns_of_actual_and_forecast_costs: [
        (ACCOUNT, "Budget/Properties/NotificationsWithSubscribers/1", None),
        (ACCOUNT, "Budget/Properties/NotificationsWithSubscribers/0/Notification/Threshold", 1000),
    ],
    foundation_promises.the_trail_records_every_region: [
        (ACCOUNT, "Trail/Properties/IsLogging", False),
        (ACCOUNT, "Trail/Properties/IsMultiRegionTrail", False),
    ],
    foundation_promises.rejected_connections_are_logged: [(NETWORK, "FlowLog/Properties/TrafficType", "ACCEPT")],
    foundation_promises.alarms_watch_their_own_resources: [
        (LAMBDA, "ServerErrors/Properties/ComparisonOperator", "LessThanThreshold"),
        (LAMBDA, f"{ERRORS}/Dimensions", None),
        (LAMBDA, f"{ERRORS}/Dimensions/0/Value", "another"),
        (FARGATE, "NoHealthyTask/Properties/ComparisonOperator", "GreaterThanThreshold"),
        (EXPRESS, "SlowAnswers/Properties/Metrics/2/MetricStat/Metric/Dimensions/1/Value", "another"),
        (PROXY, "PinnedSessions/Properties/ActionsEnabled", False),
        (FARGATE, "ServerErrors/Properties/EvaluationPeriods", 60),
        (DATABASE, "LittleStorage/Properties/ComparisonOperator", "GreaterThanThreshold"),
    ],
    foundation_promises.each_stack_watches_the_documented_metrics: [
        (OPERATIONS, "Failures", None),
        (LAMBDA, "Throttles/Properties/MetricName", "Invocations"),
        (FARGATE, "NoHealthyTask", None),
        (EXPRESS, "LoadBalancerErrors", None),
    ],
    foundation_promises.aws_names_resolve_to_private_addresses: [
        (NETWORK, "Vpc/Properties/EnableDnsHostnames", False),
        (NETWORK, "Vpc/Properties/EnableDnsSupport", False),
    ],
    foundation_promises.databases_install_minor_versions: [
        (DATABASE, "DatabaseInstance/Properties/AutoMinorVersionUpgrade", False)
    ],
    foundation_promises.the_proxy_targets_the_database: [
        (PROXY, "Targets/Properties/DBInstanceIdentifiers", None),
        (PROXY, "Targets/Properties/DBClusterIdentifiers", ["another"]),
    ],
    foundation_promises.rotated_logins_contain_the_databases_address: [
        (SECRETS, "WebLoginAddress", None),
        (DATABASE, "OperationsLoginAddress/Properties/TargetType", "AWS::RDS::DBInstance"),
    ],
    runtime_promises.the_application_is_public: [
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
def test_a_fault_breaks_its_promise(promise: Promise, template: str, path: str, value: Any):
    mutated = mutate(template, path, value)

    assert not all(promise(deploy(mutated, **parameters)) for parameters in PARAMETERS)


def test_every_promise_has_a_fault():
    assert set(FAULTS) == set(PROMISES)


def test_an_all_at_once_shift_ignores_alarms():
    """An alarm must not stop a rollback, or a fix for the fault behind the alarm."""
    deployment = deploy(Shift="AllAtOnce")
    group = deployment.stacks[LAMBDA].resources["ShiftGroup"].properties

    assert group["AlarmConfiguration"]["Enabled"] is False
    assert runtime_promises.a_failed_deploy_rolls_back_on_lambda(deployment)


def test_another_revision_changes_the_function_and_its_version():
    """AWS refuses a version of an unchanged function, and re-reads a secret only when the resource changes."""
    first, second = (deploy(Revision=revision).stacks[LAMBDA].resources for revision in ("1", "2"))

    assert first["Function"].properties != second["Function"].properties
    assert first["Version"].properties != second["Version"].properties


def test_a_custom_handler_becomes_the_images_command():
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
        ({"FrontDoor": "rest_api"}, "AWS::ApiGateway::RestApi"),
        ({"Credentials": "secretsmanager", "Egress": "nat"}, "AWS::SecretsManager::RotationSchedule"),
        ({"Engine": "aurora"}, "AWS::RDS::DBCluster"),
    ],
)
def test_a_parameter_switches_on_its_resource(parameters: dict[str, str], kind: str):
    def number_of(deployment: Deployment) -> int:
        return len([each for each in deployment.resources if each.type == kind])

    assert number_of(deploy(**parameters)) > number_of(deploy())
