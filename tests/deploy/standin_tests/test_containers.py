import time

import pytest

from tests.deploy.standin_tests.small_stacks import (
    LOG,
    PATIENCE_S,
    REPOSITORY,
    VARIABLES,
    apply,
    delete,
    reason,
    template,
)

pytestmark = pytest.mark.profile_free

_HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
_IMAGE = {"Image": {"Type": "String"}}
_CLUSTER = {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": {"Ref": "AWS::StackName"}}}


def _environment(**variables: str):
    every = {**VARIABLES, "WEBAPP_WORKERS": "1", **variables}
    return [{"Name": name, "Value": value} for name, value in every.items()]


@pytest.fixture(scope="module")
def images(shared_aws) -> dict[str, str]:
    apply(shared_aws.client("cloudformation"), "container-images", template({"Repository": REPOSITORY}))
    digests = {
        "good": shared_aws.push("container-images", "good"),
        "broken": shared_aws.push("container-images", "broken", variables={"WEBAPP_RUNTIME": "heroku"}),
    }
    return {name: f"{_HOST}/container-images@{digest}" for name, digest in digests.items()}


def _task(*command: str):
    """A task definition whose container logs to the stack's log group."""
    container = {
        "Name": "main",
        "Image": {"Ref": "Image"},
        "Command": list(command),
        "LogConfiguration": {
            "LogDriver": "awslogs",
            "Options": {"awslogs-group": {"Ref": "Log"}, "awslogs-stream-prefix": "main"},
        },
        "Environment": _environment(WEBAPP_RUNTIME="aws_ecs", WEBAPP_ALLOWED_HOSTS="guestbook.example.com"),
    }
    return {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {"Family": {"Ref": "AWS::StackName"}, "ContainerDefinitions": [container]},
    }


def _fargate():
    target = {"Ref": "TargetGroup"}
    return template(
        {
            "Log": LOG,
            "Cluster": _CLUSTER,
            "Task": _task(),
            "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Name": "balancer"}},
            "TargetGroup": {
                "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
                "Properties": {"HealthCheckPath": "/healthz"},
            },
            "Listener": {
                "Type": "AWS::ElasticLoadBalancingV2::Listener",
                "Properties": {
                    "LoadBalancerArn": {"Ref": "Balancer"},
                    "DefaultActions": [{"Type": "forward", "TargetGroupArn": target}],
                },
            },
            "Service": {
                "Type": "AWS::ECS::Service",
                "DependsOn": "Listener",
                "Properties": {
                    "ServiceName": "web",
                    "Cluster": {"Ref": "Cluster"},
                    "TaskDefinition": {"Ref": "Task"},
                    "LoadBalancers": [{"ContainerName": "main", "ContainerPort": 8000, "TargetGroupArn": target}],
                },
            },
        },
        Parameters={**_IMAGE, "Domain": {"Type": "String"}},
    )


def _app_runner():
    image = {
        "Port": "8000",
        "RuntimeEnvironmentVariables": _environment(
            WEBAPP_RUNTIME="aws_app_runner", WEBAPP_ALLOWED_HOSTS=".us-east-1.awsapprunner.com"
        ),
    }
    repository = {"ImageIdentifier": {"Ref": "Image"}, "ImageRepositoryType": "ECR", "ImageConfiguration": image}
    service = {
        "Type": "AWS::AppRunner::Service",
        "Properties": {
            "SourceConfiguration": {"ImageRepository": repository},
            "HealthCheckConfiguration": {"Path": "/healthz"},
        },
    }
    address = {"Fn::Sub": "https://${Service.ServiceUrl}"}
    return template({"Service": service}, Parameters=_IMAGE, outputs={"Endpoint": {"Value": address}})


def _express():
    container = {
        "Image": {"Ref": "Image"},
        "AwsLogsConfiguration": {"LogGroup": {"Ref": "Log"}, "LogStreamPrefix": "web"},
        "Environment": _environment(WEBAPP_RUNTIME="aws_ecs", WEBAPP_ALLOWED_HOSTS=".ecs.us-east-1.on.aws"),
    }
    service = {
        "Type": "AWS::ECS::ExpressGatewayService",
        "Properties": {
            "InfrastructureRoleArn": "arn:aws:iam::123456789012:role/infrastructure",
            "HealthCheckPath": "/healthz",
            "PrimaryContainer": container,
        },
    }
    address = {"Fn::GetAtt": ["Service", "Endpoint"]}
    return template({"Log": LOG, "Service": service}, Parameters=_IMAGE, outputs={"Endpoint": {"Value": address}})


def test_an_unhealthy_deploy_leaves_the_service_running(cloudformation, shared_aws, images):
    names = {"Domain": "guestbook.example.com"}
    apply(cloudformation, "fargate", _fargate(), Image=images["good"], **names)

    stack = apply(cloudformation, "fargate", _fargate(), kind="UPDATE", Image=images["broken"], **names)

    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Circuit Breaker" in reason(cloudformation, "fargate", "Service", "UPDATE_FAILED")
    assert shared_aws.get("https://guestbook.example.com/healthz") == (200, b'{"status": "ok"}')
    assert delete(cloudformation, "fargate")["StackStatus"] == "DELETE_COMPLETE"
    assert shared_aws.get("https://guestbook.example.com/healthz")[0] == 502


@pytest.mark.parametrize("kind", ["app-runner", "express"])
def test_a_service_answers_at_its_own_address(cloudformation, shared_aws, images, kind):
    body = {"app-runner": _app_runner, "express": _express}[kind]()

    stack = apply(cloudformation, kind, body, Image=images["good"])

    (output,) = stack["Outputs"]
    assert shared_aws.get(f"{output['OutputValue']}/healthz") == (200, b'{"status": "ok"}')
    delete(cloudformation, kind)


def test_a_service_is_restored_after_a_kill(cloudformation, shared_aws, images):
    (output,) = apply(cloudformation, "surviving", _express(), Image=images["good"])["Outputs"]

    shared_aws.kill()
    shared_aws.start()

    assert shared_aws.get(f"{output['OutputValue']}/healthz") == (200, b'{"status": "ok"}')
    delete(cloudformation, "surviving")


@pytest.mark.parametrize(
    ("command", "exit_code", "said"), [("check", 0, "no issues"), ("nonsense", 2, "'nonsense' is not a command")]
)
def test_a_task_runs_the_command_and_reports_its_exit_code(
    cloudformation, shared_aws, images, command, exit_code, said
):
    name = f"task-{command}"
    apply(
        cloudformation,
        name,
        template({"Log": LOG, "Cluster": _CLUSTER, "Task": _task("check")}, Parameters=_IMAGE),
        Image=images["good"],
    )
    ecs = shared_aws.client("ecs")

    overrides = {"containerOverrides": [{"name": "main", "command": [command]}]}
    (task,) = ecs.run_task(cluster=name, taskDefinition=name, overrides=overrides)["tasks"]

    assert task["lastStatus"] == "PROVISIONING"
    deadline = time.monotonic() + PATIENCE_S
    while task["lastStatus"] != "STOPPED" and time.monotonic() < deadline:
        (task,) = ecs.describe_tasks(cluster=name, tasks=[task["taskArn"]])["tasks"]
        time.sleep(0.05)
    assert task["containers"][0]["exitCode"] == exit_code
    resources = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
    (group,) = [each["PhysicalResourceId"] for each in resources if each["LogicalResourceId"] == "Log"]
    stream = f"main/main/{task['taskArn'].rpartition('/')[2]}"
    events = shared_aws.client("logs").get_log_events(logGroupName=group, logStreamName=stream)["events"]
    assert any(said in event["message"] for event in events)
