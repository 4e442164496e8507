"""The promises of the foundation's templates and of all alarms, each as a predicate on a deployment."""

from collections.abc import Mapping, Sequence
from typing import Any

from django_runtimes.config.values.runtime import Runtime
from django_runtimes.files.sent_upload import INCOMING
from tests.deploy.templates.analysis.alarms import metrics_of, watched_metric
from tests.deploy.templates.analysis.stacks import Deployment, Resource

_DATABASE, _PROXY = "foundation/database.yaml", "foundation/proxy.yaml"
# What CloudWatch names the load balancer and the target groups of Express Mode.
_EXPRESS_DIMENSIONS = ("app/express/0a1", "targetgroup/express/0b1", "targetgroup/express/0b2")
# What the alarms of both alternatives of ECS watch.
_OF_TASKS = {
    "HTTPCode_ELB_5XX_Count",
    "HTTPCode_Target_5XX_Count",
    "HealthyHostCount",
    "PoolTimeouts",
    "TargetResponseTime",
}


def databases_report_their_load(deployment: Deployment) -> bool:
    instances = deployment.of_type("AWS::RDS::DBInstance")
    return all(each.properties.get("EnablePerformanceInsights") is True for each in instances)


def databases_export_their_logs(deployment: Deployment) -> bool:
    """The errors of token logins have a log of their own."""
    (database,) = _databases(deployment)
    by_password = bool(deployment.of_type("AWS::SecretsManager::RotationSchedule"))
    logs = ["postgresql"] if by_password else ["postgresql", "iam-db-auth-error"]
    return database.properties.get("EnableCloudwatchLogsExports") == logs


def logs_outlive_the_stacks_that_write_them(deployment: Deployment) -> bool:
    """The network's log of rejected traffic explains no failure of its own stack."""
    owners = {log.stack for log in deployment.of_type("AWS::Logs::LogGroup")}
    return owners == {"foundation/logs.yaml", "foundation/network.yaml"}


def token_logins_are_possible_where_they_are_used(deployment: Deployment) -> bool:
    (proxy,) = deployment.of_type("AWS::RDS::DBProxy")
    by_password = bool(deployment.of_type("AWS::SecretsManager::RotationSchedule"))
    is_meant = proxy.properties["DefaultAuthScheme"] == ("NONE" if by_password else "IAM_AUTH")
    (database,) = _databases(deployment)
    # Where a cluster accepts tokens, RDS Proxy refuses passwords.
    return is_meant and database.properties.get("EnableIAMDatabaseAuthentication") is not by_password


def passwords_rotate_only_on_schedule(deployment: Deployment) -> bool:
    return all(
        schedule.properties.get("RotateImmediatelyOnUpdate") is False
        and schedule.properties["RotationRules"] == {"AutomaticallyAfterDays": 30}
        for schedule in deployment.of_type("AWS::SecretsManager::RotationSchedule")
    )


def generated_secrets_are_long(deployment: Deployment) -> bool:
    secrets = deployment.of_type("AWS::SecretsManager::Secret")
    return all(each.properties["GenerateSecretString"].get("PasswordLength", 32) >= 40 for each in secrets)


def images_are_scanned_and_immutable_and_expire(deployment: Deployment) -> bool:
    (registry,) = deployment.of_type("AWS::ECR::Repository")
    return (
        registry.properties.get("ImageTagMutability") == "IMMUTABLE"
        and registry.properties.get("ImageScanningConfiguration") == {"ScanOnPush": True}
        and '"imageCountMoreThan", "countNumber": 50' in registry.properties["LifecyclePolicy"]["LifecyclePolicyText"]
        and registry.policies == {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    )


def old_file_versions_expire(deployment: Deployment) -> bool:
    return all(
        bucket.properties.get("VersioningConfiguration") == {"Status": "Enabled"}
        and _expires_old_versions(bucket.properties.get("LifecycleConfiguration", {}).get("Rules", []))
        and bucket.policies == {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
        for bucket in deployment.of_type("AWS::S3::Bucket")
    )


def _expires_old_versions(rules: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether every rule is enabled, and one of them expires the old versions of all files."""
    return all(rule["Status"] == "Enabled" for rule in rules) and any(
        "NoncurrentVersionExpiration" in rule and "Prefix" not in rule for rule in rules
    )


def unclaimed_uploads_expire(deployment: Deployment) -> bool:
    pictures = deployment.stacks["foundation/storage.yaml"].resources["MediaBucket"]
    return [
        (rule["Status"], rule["ExpirationInDays"], rule["NoncurrentVersionExpiration"])
        for rule in pictures.properties["LifecycleConfiguration"]["Rules"]
        if rule.get("Prefix") == f"{INCOMING}/"
    ] == [("Enabled", 1, {"NoncurrentDays": 1})]


def browsers_may_send_uploads(deployment: Deployment) -> bool:
    pictures = deployment.stacks["foundation/storage.yaml"].resources["MediaBucket"]
    # Following the progress of an upload makes a browser ask first, with the header Content-Type.
    rule = {"AllowedMethods": ["POST"], "AllowedOrigins": ["*"], "AllowedHeaders": ["*"]}
    return pictures.properties.get("CorsConfiguration") == {"CorsRules": [rule]}


def entries_of_the_store_expire(deployment: Deployment) -> bool:
    (table,) = deployment.of_type("AWS::DynamoDB::Table")
    ending = {"AttributeName": "expires_at", "Enabled": True}
    return table.properties.get("TimeToLiveSpecification") == ending


def the_budget_warns_of_actual_and_forecast_costs(deployment: Deployment) -> bool:
    (budget,) = deployment.of_type("AWS::Budgets::Budget")
    warnings = {
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"], each["Subscribers"][0]["Address"])
        for each in budget.properties.get("NotificationsWithSubscribers", [])
    }
    return warnings == {("ACTUAL", 80, "team@example.com"), ("FORECASTED", 100, "team@example.com")}


def the_trail_records_every_region(deployment: Deployment) -> bool:
    wanted = dict.fromkeys(
        ("IsLogging", "IsMultiRegionTrail", "IncludeGlobalServiceEvents", "EnableLogFileValidation"), True
    )
    return all(wanted.items() <= trail.properties.items() for trail in deployment.of_type("AWS::CloudTrail::Trail"))


def rejected_connections_are_logged(deployment: Deployment) -> bool:
    (log,) = deployment.of_type("AWS::EC2::FlowLog")
    return (log.properties["ResourceId"], log.properties["TrafficType"]) == ("foundation/network.yaml:Vpc", "REJECT")


def alarms_watch_their_own_resources(deployment: Deployment) -> bool:
    """Alarms on free storage and healthy tasks fire below their thresholds; dimensions name existing resources.

    The library's own metrics have the runtime and the stage as dimensions instead.
    """
    known = {"webapp-dev", *Runtime, *map(str, deployment.exports.values()), *_EXPRESS_DIMENSIONS}
    for alarm in deployment.of_type("AWS::CloudWatch::Alarm"):
        metrics = metrics_of(alarm)
        watched = [value for metric in metrics for value in metric.dimensions]
        wanted = "LessThan" if watched_metric(alarm) in {"FreeStorageSpace", "HealthyHostCount"} else "GreaterThan"
        if not (
            alarm.properties["ComparisonOperator"].startswith(wanted)
            and alarm.properties.get("ActionsEnabled", True) is True
            and (all(metric.dimensions for metric in metrics) or alarm.properties.get("Namespace") == "webapp/dev")
            and all(value in known or value.startswith(f"{alarm.stack}:") for value in watched)
            and all(metric.period_s * alarm.properties["EvaluationPeriods"] <= 900 for metric in metrics)
        ):
            return False
    return True


def each_stack_watches_the_documented_metrics(deployment: Deployment) -> bool:
    watched: dict[str, set[str]] = {}
    for alarm in deployment.of_type("AWS::CloudWatch::Alarm"):
        watched.setdefault(alarm.stack, set()).add(watched_metric(alarm))
    failures = {
        "AWS::Lambda::Url": "Url5xxCount",
        "AWS::ApiGateway::RestApi": "5XXError",
        "AWS::ApiGatewayV2::Api": "5xx",
    }
    (failed,) = (metric for front, metric in failures.items() if deployment.of_type(front))
    of_instance = {"FreeStorageSpace"} if deployment.of_type("AWS::RDS::DBCluster") == [] else set()
    return watched == {
        "apprunner/template.yaml": {"5xxStatusResponses", "PoolTimeouts", "RequestLatency"},
        "ecs/express.yaml": _OF_TASKS,
        "ecs/fargate.yaml": _OF_TASKS,
        "ecs/load-balancer.yaml": {"UnHealthyHostCount"},
        _DATABASE: {"CPUUtilization", "DatabaseConnections", *of_instance},
        _PROXY: {"DatabaseConnectionsBorrowLatency", "DatabaseConnectionsCurrentlySessionPinned"},
        "foundation/storage.yaml": {"WriteThrottleEvents"},
        "lambda/template.yaml": {"Duration", "Errors", "Throttles", failed},
        "operations/schedules.yaml": {"FailedScheduledCommands", "InvocationDroppedCount"},
        "operations/template.yaml": {"AsyncEventsDropped", "Errors"},
    }


def aws_names_resolve_to_private_addresses(deployment: Deployment) -> bool:
    (network,) = deployment.of_type("AWS::EC2::VPC")
    return network.properties.get("EnableDnsSupport") is network.properties.get("EnableDnsHostnames") is True


def databases_install_minor_versions(deployment: Deployment) -> bool:
    instances = deployment.of_type("AWS::RDS::DBInstance")
    return all(each.properties.get("AutoMinorVersionUpgrade") is True for each in instances)


def the_proxy_targets_the_database(deployment: Deployment) -> bool:
    targets = deployment.named(_PROXY, "Targets").properties
    (database,) = _databases(deployment)
    key = "DBClusterIdentifiers" if database.type == "AWS::RDS::DBCluster" else "DBInstanceIdentifiers"
    before = {name: value for name, value in targets.items() if name.endswith("Identifiers")}
    return targets["DBProxyName"] == f"{_PROXY}:Proxy" and before == {key: [f"{_DATABASE}:{database.name}"]}


def rotated_logins_contain_the_databases_address(deployment: Deployment) -> bool:
    """The rotation function reads the database's address from the secret."""
    (database,) = _databases(deployment)
    known = {
        each.properties["SecretId"]
        for each in deployment.of_type("AWS::SecretsManager::SecretTargetAttachment")
        if (each.properties["TargetId"], each.properties["TargetType"])
        == (f"{_DATABASE}:{database.name}", database.type)
    }
    changing = deployment.of_type("AWS::SecretsManager::RotationSchedule")
    return {each.properties["SecretId"] for each in changing} == known


def _databases(deployment: Deployment) -> list[Resource]:
    """Return the databases that hold data; an instance of a cluster holds none itself."""
    found = deployment.of_type("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
    return [
        each for each in found if each.type == "AWS::RDS::DBCluster" or "DBClusterIdentifier" not in each.properties
    ]
