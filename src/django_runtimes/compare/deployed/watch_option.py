"""Reads the AWS resources of `--cloudwatch`."""

import re
from collections.abc import Sequence
from dataclasses import replace

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.deployed.aws_resource import ResourceKind, WatchedResource
from django_runtimes.compare.deployed.deployed_service import DeployedService

_NAME = re.compile(r"[A-Za-z0-9_-]{1,140}")


def with_watched(services: Sequence[DeployedService], texts: Sequence[str]) -> tuple[DeployedService, ...]:
    """Return the services with the resources of `TARGET=KIND/NAME`; raise UsageError for an invalid one."""
    watched: dict[str, tuple[WatchedResource, ...]] = {str(service.name): () for service in services}
    for text in texts:
        target, _, resource = text.rpartition("=")
        kind, _, name = resource.partition("/")
        if target not in watched:
            names = ", ".join(watched) or "none; name one as --target aws_lambda=https://…"
            raise UsageError(f"--cloudwatch {text!r} names no deployed target; choose one of: {names}")
        if kind not in set(ResourceKind) or not _NAME.fullmatch(name):
            raise UsageError(
                f"--cloudwatch {text!r} is not TARGET=KIND/NAME; KIND is one of: {', '.join(ResourceKind)}, as in "
                f"{target}=function/shop-production-web"
            )
        watched[target] = (*watched[target], WatchedResource(ResourceKind(kind), name))
    return tuple(replace(service, watched=watched[str(service.name)]) for service in services)
