"""Handles AWS::ApiGatewayV2, AWS::ElasticLoadBalancingV2 and AWS::CloudFront, which give resources an address."""

import secrets
from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.resources.handlers import Context, ResourceResult, register
from tests.deploy.standin.runtime.front import delete_address, put_address
from tests.deploy.standin.world import now


class _StaticHandler:
    """A resource whose update changes nothing that the tests observe."""

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        kept = context.stack["resources"][context.logical_id]
        return ResourceResult(physical_id, kept["attributes"])

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        return None


class ApiHandler(_StaticHandler):
    """An HTTP API; it serves nothing until it has a route."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        api_id = secrets.token_hex(5)
        host = f"{api_id}.execute-api.{context.region}.amazonaws.com"
        api = {
            "id": api_id,
            "name": properties["Name"],
            "host": host,
            "created": now(),
            "integrations": {},
            "routes": {},
        }
        context.world.state.put("api", f"{context.region}/{api_id}", api)
        return ResourceResult(api_id, {"ApiId": api_id, "ApiEndpoint": f"https://{host}"})

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        context.world.state.delete("api", f"{context.region}/{physical_id}")
        delete_address(context.world, f"{physical_id}.execute-api.{context.region}.amazonaws.com")


class IntegrationHandler(_StaticHandler):
    """An API's integration with a function's alias."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        integration_id = secrets.token_hex(4)[:7]
        api = _api(context, properties)
        api["integrations"][integration_id] = properties["IntegrationUri"]
        context.world.state.put("api", f"{context.region}/{api['id']}", api)
        return ResourceResult(integration_id, {"IntegrationId": integration_id})


class DistributionHandler(_StaticHandler):
    """A distribution of CloudFront, which serves nothing."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        host = f"d{secrets.token_hex(7)}.cloudfront.net"
        distribution_id = f"E{secrets.token_hex(7).upper()}"
        return ResourceResult(distribution_id, {"Id": distribution_id, "DomainName": host})


class RouteHandler(_StaticHandler):
    """Connects an API's address to an integration; the stand-in supports only $default."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        if properties["RouteKey"] != "$default":
            raise AwsError("Failed", f"the stand-in has no route {properties['RouteKey']}")
        api = _api(context, properties)
        uri = api["integrations"][properties["Target"].removeprefix("integrations/")]
        _, _, target = uri.partition(":function:")
        name, _, qualifier = target.partition(":")
        what = {"region": context.region, "function": name, "qualifier": qualifier or None, "failure_status": 500}
        put_address(context.world, api["host"], what)
        return ResourceResult(secrets.token_hex(4)[:7])


class LoadBalancerHandler(_StaticHandler):
    """A load balancer; its listener decides where it forwards."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = properties.get("Name") or context.generated_name(longest=32)
        rest = f"app/{name}/{secrets.token_hex(8)}"
        arn = context.arn("elasticloadbalancing", f"loadbalancer/{rest}")
        dns_name = f"{name}-{secrets.randbelow(10**9)}.{context.region}.elb.amazonaws.com"
        stack_id = context.stack["id"]
        balancer = {"arn": arn, "name": name, "dns_name": dns_name, "stack": stack_id, "properties": properties}
        context.world.state.put("load balancer", arn, balancer)
        return ResourceResult(
            arn,
            {
                "LoadBalancerArn": arn,
                "DNSName": dns_name,
                "CanonicalHostedZoneID": "Z35SXDOTRQ7X7K",
                "LoadBalancerFullName": rest,
                "LoadBalancerName": name,
            },
        )

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        attributes = {each["Key"]: each["Value"] for each in properties.get("LoadBalancerAttributes", [])}
        if attributes.get("deletion_protection.enabled") == "true":
            raise AwsError(
                "Failed", f"Load balancer '{physical_id}' cannot be deleted because deletion protection is enabled"
            )
        balancer = context.world.state.get("load balancer", physical_id)
        if balancer is not None:
            delete_address(context.world, balancer["dns_name"])
        context.world.state.delete("load balancer", physical_id)


class TargetGroupHandler(_StaticHandler):
    """The group in which a service registers its tasks."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = properties.get("Name") or context.generated_name(longest=32)
        rest = f"targetgroup/{name}/{secrets.token_hex(8)}"
        arn = context.arn("elasticloadbalancing", rest)
        health_path = properties.get("HealthCheckPath", "/")
        context.world.state.put("target group", arn, {"arn": arn, "health_path": health_path, "balancers": []})
        return ResourceResult(
            arn,
            {"TargetGroupArn": arn, "TargetGroupFullName": rest, "TargetGroupName": name, "LoadBalancerArns": []},
        )

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        context.world.state.delete("target group", physical_id)


class ListenerHandler(_StaticHandler):
    """Connects a load balancer to a target group; a redirecting listener connects nothing."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        balancer = context.world.state.get("load balancer", properties["LoadBalancerArn"])
        assert balancer is not None, "the listener refers to it"
        for action in properties["DefaultActions"]:
            if action["Type"] == "forward":
                put_address(context.world, balancer["dns_name"], {"service": action["TargetGroupArn"]})
        arn = properties["LoadBalancerArn"].replace(":loadbalancer/", ":listener/") + f"/{secrets.token_hex(8)}"
        return ResourceResult(arn, {"ListenerArn": arn})


def _api(context: Context, properties: dict[str, Any]) -> dict[str, Any]:
    api = context.world.state.get("api", f"{context.region}/{properties['ApiId']}")
    if api is None:
        raise AwsError("Failed", f"Invalid API identifier specified {properties['ApiId']}")
    return api


register("AWS::CloudFront::Distribution", DistributionHandler())
register("AWS::ApiGatewayV2::Api", ApiHandler())
register("AWS::ApiGatewayV2::Integration", IntegrationHandler())
register("AWS::ApiGatewayV2::Route", RouteHandler())
register("AWS::ElasticLoadBalancingV2::LoadBalancer", LoadBalancerHandler())
register("AWS::ElasticLoadBalancingV2::TargetGroup", TargetGroupHandler())
register("AWS::ElasticLoadBalancingV2::Listener", ListenerHandler())
