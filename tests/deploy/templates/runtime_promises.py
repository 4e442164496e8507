"""What the templates of the runtimes and of operations promise, each as a question to a deployment."""

from tests.deploy.templates.stacks import Deployment

LAMBDA, OPERATIONS, APP_RUNNER = "lambda/template.yaml", "operations/template.yaml", "apprunner/template.yaml"
FARGATE, EXPRESS, BALANCER = "ecs/fargate.yaml", "ecs/express.yaml", "ecs/load-balancer.yaml"
# What may name the operations function: none of these leads to it from outside.
_OF_OPERATIONS = {
    "AWS::CloudWatch::Alarm",
    # Those of task.yaml have the same name.
    "AWS::ECS::Cluster",
    "AWS::ECS::TaskDefinition",
    "AWS::IAM::Role",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Function",
    "AWS::Scheduler::Schedule",
}


def a_failing_deploy_goes_back_on_ecs(deployment: Deployment) -> bool:
    deploying = deployment.named(FARGATE, "Service").properties["DeploymentConfiguration"]
    return (
        deploying["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
        and deploying["Alarms"] == {"Enable": True, "Rollback": True, "AlarmNames": [f"{FARGATE}:ServerErrors"]}
        # Those that serve stay until the new ones do.
        and deploying["MinimumHealthyPercent"] == 100
    )


def a_failing_deploy_goes_back_on_lambda(deployment: Deployment) -> bool:
    shift = {"ApplicationName": f"{LAMBDA}:ShiftApplication", "DeploymentGroupName": f"{LAMBDA}:ShiftGroup"}
    group = deployment.named(LAMBDA, "ShiftGroup").properties
    is_gradual = not group["DeploymentConfigName"].endswith("AllAtOnce")
    alarms = [{"Name": f"{LAMBDA}:FailedInvocations"}, {"Name": f"{LAMBDA}:ServerErrors"}]
    events = ["DEPLOYMENT_FAILURE", *(["DEPLOYMENT_STOP_ON_ALARM"] if is_gradual else [])]
    return (
        deployment.named(LAMBDA, "Alias").policies == {"UpdatePolicy": {"CodeDeployLambdaAliasUpdate": shift}}
        and group["ApplicationName"] == shift["ApplicationName"]
        # All at once goes what goes back, and what mends the fault that an alarm tells of.
        and group["AlarmConfiguration"] == {"Enabled": is_gradual, "Alarms": alarms}
        and group["AutoRollbackConfiguration"] == {"Enabled": True, "Events": events}
        and group["DeploymentStyle"] == {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"}
    )


def requests_reach_the_function_by_its_alias_alone(deployment: Deployment) -> bool:
    stack = deployment.stacks[LAMBDA]
    alias = stack.resources["Alias"]
    arn = f"arn:aws:lambda:us-east-1:123456789012:alias:{LAMBDA}/Alias"
    led_to = [
        *(each.properties["IntegrationUri"] for each in stack.of_type("AWS::ApiGatewayV2::Integration")),
        *(each.properties["FunctionName"] for each in stack.of_type("AWS::Lambda::Permission")),
        *(each.properties["Target"]["Arn"] for each in stack.of_type("AWS::Scheduler::Schedule")),
    ]
    return (
        set(led_to) == {arn}
        and all(url.properties.get("Qualifier") == "live" for url in stack.of_type("AWS::Lambda::Url"))
        and alias.properties["Name"] == "live"
        and alias.properties["FunctionVersion"] == f"{LAMBDA}:Version.Version"
    )


def former_versions_stay_to_go_back_to(deployment: Deployment) -> bool:
    return deployment.named(LAMBDA, "Version").policies.get("UpdateReplacePolicy") == "Retain"


def nothing_from_outside_leads_to_the_operations_function(deployment: Deployment) -> bool:
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


def a_command_that_failed_is_not_run_again(deployment: Deployment) -> bool:
    once = deployment.named(OPERATIONS, "OnlyOnce").properties
    schedules = deployment.of_type("AWS::Scheduler::Schedule")
    return (once["FunctionName"], once["MaximumRetryAttempts"]) == (f"{OPERATIONS}:Function", 0) and all(
        schedule.properties["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 0} for schedule in schedules
    )


def the_http_api_throttles(deployment: Deployment) -> bool:
    stages = deployment.of_type("AWS::ApiGatewayV2::Stage")
    throttles = [stage.properties.get("DefaultRouteSettings", {}) for stage in stages]
    return all((each.get("ThrottlingRateLimit"), each.get("ThrottlingBurstLimit")) == (100, 200) for each in throttles)


def app_runner_sends_everything_into_the_network(deployment: Deployment) -> bool:
    network = deployment.named(APP_RUNNER, "Service").properties.get("NetworkConfiguration", {})
    connector = f"arn:aws:apprunner:us-east-1:123456789012:vpcconnector:{APP_RUNNER}/Connector"
    return network.get("EgressConfiguration") == {"EgressType": "VPC", "VpcConnectorArn": connector}


def app_runner_scales_as_the_parameters_say(deployment: Deployment) -> bool:
    service = deployment.named(APP_RUNNER, "Service").properties
    scaling = f"arn:aws:apprunner:us-east-1:123456789012:autoscalingconfiguration:{APP_RUNNER}/Scaling"
    return service.get("AutoScalingConfigurationArn") == scaling


def an_image_is_deployed_when_it_is_told_alone(deployment: Deployment) -> bool:
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


def express_mode_is_told_every_default(deployment: Deployment) -> bool:
    service = deployment.named(EXPRESS, "Service").properties
    told = {
        "Cluster",
        "Cpu",
        "ExecutionRoleArn",
        "HealthCheckPath",
        "Memory",
        "NetworkConfiguration",
        "PrimaryContainer",
    }
    scaling = {"AutoScalingMetric", "AutoScalingTargetValue", "MaxTaskCount", "MinTaskCount"}
    return told | {"ScalingTarget", "TaskRoleArn"} <= service.keys() and service["ScalingTarget"].keys() == scaling


def clusters_tell_their_load(deployment: Deployment) -> bool:
    insights = [{"Name": "containerInsights", "Value": "enabled"}]
    return all(each.properties.get("ClusterSettings") == insights for each in deployment.of_type("AWS::ECS::Cluster"))


def nobody_opens_a_shell_unless_it_is_switched_on(deployment: Deployment) -> bool:
    return deployment.named(FARGATE, "Service").properties["EnableExecuteCommand"] is False


def the_load_balancer_answers_by_https_alone(deployment: Deployment) -> bool:
    https = deployment.named(BALANCER, "Https").properties
    plain = deployment.named(BALANCER, "Http").properties
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    return (
        (https["Protocol"], https["Port"]) == ("HTTPS", 443)
        and https["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
        and plain["DefaultActions"] == [{"Type": "redirect", "RedirectConfig": redirect}]
    )


def the_load_balancer_lets_go_of_a_connection_before_the_server_does(deployment: Deployment) -> bool:
    balancer = deployment.named(BALANCER, "LoadBalancer").properties
    attributes = {each["Key"]: each["Value"] for each in balancer["LoadBalancerAttributes"]}
    # 75 s is the server's keep-alive.
    return int(attributes.get("idle_timeout.timeout_seconds", 60)) < 75


def everybody_reaches_the_application(deployment: Deployment) -> bool:
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
