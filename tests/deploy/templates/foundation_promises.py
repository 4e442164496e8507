"""What the templates of the foundation promise, and all alarms, each as a question to a deployment."""

from tests.deploy.templates.stacks import Deployment, Resource

_DATABASE, _PROXY = "foundation/database.yaml", "foundation/proxy.yaml"


def databases_tell_their_load(deployment: Deployment) -> bool:
    instances = deployment.of_type("AWS::RDS::DBInstance")
    return all(each.properties.get("EnablePerformanceInsights") is True for each in instances)


def databases_log_where_logs_end(deployment: Deployment) -> bool:
    (database,) = _databases(deployment)
    log = deployment.named(_DATABASE, "Log").properties["LogGroupName"]
    kind = "cluster" if database.type == "AWS::RDS::DBCluster" else "instance"
    return (
        database.properties.get("EnableCloudwatchLogsExports") == ["postgresql"]
        and log == f"/aws/rds/{kind}/webapp-dev/postgresql"
    )


def logins_by_token_are_possible(deployment: Deployment) -> bool:
    (proxy,) = deployment.of_type("AWS::RDS::DBProxy")
    by_password = bool(deployment.of_type("AWS::SecretsManager::RotationSchedule"))
    is_meant = proxy.properties["DefaultAuthScheme"] == ("NONE" if by_password else "IAM_AUTH")
    return is_meant and all(
        database.properties.get("EnableIAMDatabaseAuthentication") is True for database in _databases(deployment)
    )


def passwords_change_by_the_calendar_and_not_at_once(deployment: Deployment) -> bool:
    return all(
        schedule.properties.get("RotateImmediatelyOnUpdate") is False
        and schedule.properties["RotationRules"] == {"AutomaticallyAfterDays": 30}
        for schedule in deployment.of_type("AWS::SecretsManager::RotationSchedule")
    )


def generated_secrets_are_long(deployment: Deployment) -> bool:
    secrets = deployment.of_type("AWS::SecretsManager::Secret")
    return all(each.properties["GenerateSecretString"].get("PasswordLength", 32) >= 40 for each in secrets)


def images_are_scanned_stay_what_they_are_and_end(deployment: Deployment) -> bool:
    (registry,) = deployment.of_type("AWS::ECR::Repository")
    return (
        registry.properties.get("ImageTagMutability") == "IMMUTABLE"
        and registry.properties.get("ImageScanningConfiguration") == {"ScanOnPush": True}
        and '"imageCountMoreThan", "countNumber": 50' in registry.properties["LifecyclePolicy"]["LifecyclePolicyText"]
        and registry.policies["UpdateReplacePolicy"] == "Retain"
        and registry.policies["DeletionPolicy"].startswith("Retain")
    )


def files_keep_their_versions_for_a_while(deployment: Deployment) -> bool:
    return all(
        bucket.properties.get("VersioningConfiguration") == {"Status": "Enabled"}
        and [
            (rule["Status"], "NoncurrentVersionExpiration" in rule)
            for rule in bucket.properties.get("LifecycleConfiguration", {}).get("Rules", [])
        ]
        == [("Enabled", True)]
        and bucket.policies == {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
        for bucket in deployment.of_type("AWS::S3::Bucket")
    )


def counters_of_limits_vanish(deployment: Deployment) -> bool:
    (table,) = deployment.of_type("AWS::DynamoDB::Table")
    ending = {"AttributeName": "expires_at", "Enabled": True}
    return table.properties.get("TimeToLiveSpecification") == ending


def the_budget_warns_of_what_is_spent_and_of_what_will_be(deployment: Deployment) -> bool:
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


def refused_connections_are_logged(deployment: Deployment) -> bool:
    (log,) = deployment.of_type("AWS::EC2::FlowLog")
    return (log.properties["ResourceId"], log.properties["TrafficType"]) == ("foundation/network.yaml:Vpc", "REJECT")


def alarms_ring_when_it_is_too_much_of_what_they_stand_beside(deployment: Deployment) -> bool:
    """Storage alone may be too little; names are of the alarm's own stack, of an earlier one, or the stage's."""
    known = {"webapp-dev", *map(str, deployment.exports.values())}
    for alarm in deployment.of_type("AWS::CloudWatch::Alarm"):
        watched = [each["Value"] for each in alarm.properties.get("Dimensions", [])]
        wanted = "LessThan" if alarm.properties["MetricName"] == "FreeStorageSpace" else "GreaterThan"
        if not (
            alarm.properties["ComparisonOperator"].startswith(wanted)
            and alarm.properties.get("ActionsEnabled", True) is True
            and (watched or alarm.properties["Namespace"] == "webapp/dev")
            and all(value in known or value.startswith(f"{alarm.stack}:") for value in watched)
            and alarm.properties["Period"] * alarm.properties["EvaluationPeriods"] <= 900
        ):
            return False
    return True


def each_stack_watches_what_the_documents_say(deployment: Deployment) -> bool:
    watched: dict[str, set[str]] = {}
    for alarm in deployment.of_type("AWS::CloudWatch::Alarm"):
        watched.setdefault(alarm.stack, set()).add(alarm.properties["MetricName"])
    by_function_url = bool(deployment.of_type("AWS::Lambda::Url"))
    of_instance = {"FreeStorageSpace"} if deployment.of_type("AWS::RDS::DBCluster") == [] else set()
    return watched == {
        "apprunner/template.yaml": {"5xxStatusResponses", "RequestLatency"},
        "ecs/fargate.yaml": {"HTTPCode_Target_5XX_Count", "TargetResponseTime"},
        "ecs/load-balancer.yaml": {"UnHealthyHostCount"},
        _DATABASE: {"CPUUtilization", "DatabaseConnections", *of_instance},
        _PROXY: {"DatabaseConnectionsBorrowLatency", "DatabaseConnectionsCurrentlySessionPinned"},
        "foundation/storage.yaml": {"WriteThrottleEvents"},
        "lambda/template.yaml": {"Duration", "Errors", "Throttles", "Url5xxCount" if by_function_url else "5xx"},
        "operations/template.yaml": {"Errors", "FailedScheduledCommands"},
    }


def names_of_aws_lead_to_private_addresses(deployment: Deployment) -> bool:
    (network,) = deployment.of_type("AWS::EC2::VPC")
    return network.properties.get("EnableDnsSupport") is network.properties.get("EnableDnsHostnames") is True


def databases_install_minor_versions(deployment: Deployment) -> bool:
    instances = deployment.of_type("AWS::RDS::DBInstance")
    return all(each.properties.get("AutoMinorVersionUpgrade") is True for each in instances)


def the_proxy_stands_before_the_database(deployment: Deployment) -> bool:
    targets = deployment.named(_PROXY, "Targets").properties
    (database,) = _databases(deployment)
    key = "DBClusterIdentifiers" if database.type == "AWS::RDS::DBCluster" else "DBInstanceIdentifiers"
    before = {name: value for name, value in targets.items() if name.endswith("Identifiers")}
    return targets["DBProxyName"] == f"{_PROXY}:Proxy" and before == {key: [f"{_DATABASE}:{database.name}"]}


def logins_that_change_know_their_database(deployment: Deployment) -> bool:
    """The rotation reads its address from the secret."""
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
    """Those that have the data; an instance of a cluster has none of its own."""
    found = deployment.of_type("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
    return [database for database in found if database.name != "ClusterWriter"]
