"""The promises of the runtimes' and the operations templates, each as a predicate on a deployment."""

from tests.deploy.templates.analysis.stacks import Deployment

LAMBDA, OPERATIONS, APP_RUNNER = "lambda/template.yaml", "operations/template.yaml", "apprunner/template.yaml"
FARGATE, EXPRESS, BALANCER = "ecs/fargate.yaml", "ecs/express.yaml", "ecs/load-balancer.yaml"
# Only these types may refer to the operations function; none of them makes it reachable from outside.
_OF_OPERATIONS = {
    "AWS::CloudWatch::Alarm",
    # The cluster and the task definition of task.yaml have the same name.
    "AWS::ECS::Cluster",
    "AWS::ECS::TaskDefinition",
    "AWS::IAM::Role",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Function",
    "AWS::Scheduler::Schedule",
}


def a_failed_deploy_rolls_back_on_ecs(deployment: Deployment) -> bool:
    deploying = deployment.named(FARGATE, "Service").properties["DeploymentConfiguration"]
    alarms = [f"{FARGATE}:ServerErrors", f"{FARGATE}:LoadBalancerErrors"]
    return (
        deploying["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
        and deploying["Alarms"] == {"Enable": True, "Rollback": True, "AlarmNames": alarms}
        # The old tasks keep serving until the new ones are healthy.
        and deploying["MinimumHealthyPercent"] == 100
    )


def a_failed_deploy_rolls_back_on_lambda(deployment: Deployment) -> bool:
    shift = {"ApplicationName": f"{LAMBDA}:ShiftApplication", "DeploymentGroupName": f"{LAMBDA}:ShiftGroup"}
    group = deployment.named(LAMBDA, "ShiftGroup").properties
    is_gradual = not group["DeploymentConfigName"].endswith("AllAtOnce")
    alarms = [{"Name": f"{LAMBDA}:FailedInvocations"}, {"Name": f"{LAMBDA}:ServerErrors"}]
    events = ["DEPLOYMENT_FAILURE", *(["DEPLOYMENT_STOP_ON_ALARM"] if is_gradual else [])]
    return (
        deployment.named(LAMBDA, "Alias").policies == {"UpdatePolicy": {"CodeDeployLambdaAliasUpdate": shift}}
        and group["ApplicationName"] == shift["ApplicationName"]
        # A rollback, or a fix for the fault behind an alarm, shifts all traffic at once; the alarm must not stop it.
        and group["AlarmConfiguration"] == {"Enabled": is_gradual, "Alarms": alarms}
        and group["AutoRollbackConfiguration"] == {"Enabled": True, "Events": events}
        and group["DeploymentStyle"] == {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"}
    )


def _function_of(uri: str) -> str:
    """Return the function in the URI of an integration of a REST API."""
    return uri.partition("/functions/")[2].rpartition("/")[0]


def requests_reach_the_function_only_by_its_alias(deployment: Deployment) -> bool:
    stack = deployment.stacks[LAMBDA]
    alias = stack.resources["Alias"]
    arn = f"arn:aws:lambda:us-east-1:123456789012:alias:{LAMBDA}/Alias"
    led_to = [
        *(each.properties["IntegrationUri"] for each in stack.of_type("AWS::ApiGatewayV2::Integration")),
        *(_function_of(each.properties["Integration"]["Uri"]) for each in stack.of_type("AWS::ApiGateway::Method")),
        *(each.properties["FunctionName"] for each in stack.of_type("AWS::Lambda::Permission")),
        *(each.properties["Target"]["Arn"] for each in stack.of_type("AWS::Scheduler::Schedule")),
    ]
    return (
        set(led_to) == {arn}
        and all(url.properties.get("Qualifier") == "live" for url in stack.of_type("AWS::Lambda::Url"))
        and alias.properties["Name"] == "live"
        and alias.properties["FunctionVersion"] == f"{LAMBDA}:Version.Version"
    )


def former_versions_are_retained_for_rollback(deployment: Deployment) -> bool:
    return deployment.named(LAMBDA, "Version").policies.get("UpdateReplacePolicy") == "Retain"


def nothing_outside_can_reach_the_operations_function(deployment: Deployment) -> bool:
    function = deployment.named(OPERATIONS, "Function")
    names = (
        f"{OPERATIONS}:Function",
        f"arn:aws:lambda:us-east-1:123456789012:function:{OPERATIONS}/Function",
        function.properties["FunctionName"],
    )
    naming = {
        resource.type
        for resource in deployment.resources
        if any(f"{name}'" in repr(resource.properties) for name in names)
    }
    return naming <= _OF_OPERATIONS and "AWS::Scheduler::Schedule" in naming


def a_failed_command_is_not_retried(deployment: Deployment) -> bool:
    once = deployment.named(OPERATIONS, "OnlyOnce").properties
    schedules = deployment.of_type("AWS::Scheduler::Schedule")
    return (once["FunctionName"], once["MaximumRetryAttempts"]) == (f"{OPERATIONS}:Function", 0) and all(
        schedule.properties["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 0} for schedule in schedules
    )


def an_api_throttles(deployment: Deployment) -> bool:
    stages = deployment.of_type("AWS::ApiGatewayV2::Stage")
    throttles = [stage.properties.get("DefaultRouteSettings", {}) for stage in stages]
    for stage in deployment.of_type("AWS::ApiGateway::Stage"):
        (settings,) = stage.properties.get("MethodSettings") or [{}]
        # Of all methods and paths.
        is_general = (settings.get("HttpMethod"), settings.get("ResourcePath")) == ("*", "/*")
        throttles.append(settings if is_general else {})
    return all((each.get("ThrottlingRateLimit"), each.get("ThrottlingBurstLimit")) == (100, 200) for each in throttles)


def app_runner_sends_all_traffic_through_the_vpc(deployment: Deployment) -> bool:
    network = deployment.named(APP_RUNNER, "Service").properties.get("NetworkConfiguration", {})
    connector = f"arn:aws:apprunner:us-east-1:123456789012:vpcconnector:{APP_RUNNER}/Connector"
    return network.get("EgressConfiguration") == {"EgressType": "VPC", "VpcConnectorArn": connector}


def app_runner_scales_by_the_parameters(deployment: Deployment) -> bool:
    service = deployment.named(APP_RUNNER, "Service").properties
    scaling = f"arn:aws:apprunner:us-east-1:123456789012:autoscalingconfiguration:{APP_RUNNER}/Scaling"
    return service.get("AutoScalingConfigurationArn") == scaling


def app_runner_deploys_images_only_on_request(deployment: Deployment) -> bool:
    source = deployment.named(APP_RUNNER, "Service").properties["SourceConfiguration"]
    return source.get("AutoDeploymentsEnabled") is False


def tasks_scale_with_the_load(deployment: Deployment) -> bool:
    target = deployment.named(FARGATE, "Scaling").properties
    policy = deployment.named(FARGATE, "ScaleOnProcessor").properties
    return (
        target["ResourceId"] == f"service/{FARGATE}:Cluster/{FARGATE}:Service.Name"
        and target["ScalableDimension"] == "ecs:service:DesiredCount"
        and policy["ScalingTargetId"] == f"{FARGATE}:Scaling"
        and policy["PolicyType"] == "TargetTrackingScaling"
    )


def express_mode_gets_every_default_explicitly(deployment: Deployment) -> bool:
    service = deployment.named(EXPRESS, "Service").properties
    named = {
        "Cluster",
        "Cpu",
        "ExecutionRoleArn",
        "HealthCheckPath",
        "Memory",
        "NetworkConfiguration",
        "PrimaryContainer",
    }
    scaling = {"AutoScalingMetric", "AutoScalingTargetValue", "MaxTaskCount", "MinTaskCount"}
    return named | {"ScalingTarget", "TaskRoleArn"} <= service.keys() and service["ScalingTarget"].keys() == scaling


def express_mode_may_use_fargate(deployment: Deployment) -> bool:
    return deployment.named(EXPRESS, "Cluster").properties.get("CapacityProviders") == ["FARGATE"]


def clusters_record_no_billed_metrics(deployment: Deployment) -> bool:
    insights = [{"Name": "containerInsights", "Value": "disabled"}]
    return all(each.properties.get("ClusterSettings") == insights for each in deployment.of_type("AWS::ECS::Cluster"))


def shell_access_is_off_by_default(deployment: Deployment) -> bool:
    return deployment.named(FARGATE, "Service").properties["EnableExecuteCommand"] is False


def the_load_balancer_serves_only_https(deployment: Deployment) -> bool:
    https = deployment.named(BALANCER, "Https").properties
    plain = deployment.named(BALANCER, "Http").properties
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    return (
        (https["Protocol"], https["Port"]) == ("HTTPS", 443)
        and https["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
        and plain["DefaultActions"] == [{"Type": "redirect", "RedirectConfig": redirect}]
    )


def the_load_balancer_closes_idle_connections_first(deployment: Deployment) -> bool:
    balancer = deployment.named(BALANCER, "LoadBalancer").properties
    attributes = {each["Key"]: each["Value"] for each in balancer["LoadBalancerAttributes"]}
    # 75 s is the server's keep-alive.
    return int(attributes.get("idle_timeout.timeout_seconds", 60)) < 75


def the_application_is_public(deployment: Deployment) -> bool:
    network = deployment.named(APP_RUNNER, "Service").properties["NetworkConfiguration"]
    balancing = deployment.named(FARGATE, "Service").properties.get("LoadBalancers", [])
    answering = deployment.named(BALANCER, "Https").properties.get("DefaultActions", [])
    return (
        all(stage.properties.get("AutoDeploy") is True for stage in deployment.of_type("AWS::ApiGatewayV2::Stage"))
        and network.get("IngressConfiguration") == {"IsPubliclyAccessible": True}
        and deployment.named(BALANCER, "LoadBalancer").properties["Scheme"] == "internet-facing"
        and [each["TargetGroupArn"] for each in balancing] == [f"{BALANCER}:TargetGroup"]
        and [(each["Type"], each["TargetGroupArn"]) for each in answering] == [("forward", f"{BALANCER}:TargetGroup")]
    )
