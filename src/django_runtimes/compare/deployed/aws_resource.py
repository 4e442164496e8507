"""The AWS resources behind a deployed target, which CloudWatch measures."""

from dataclasses import dataclass
from enum import StrEnum


class ResourceKind(StrEnum):
    """The kinds of resources that CloudWatch is asked for."""

    FUNCTION = "function"
    INSTANCE = "instance"
    CLUSTER = "cluster"


@dataclass(frozen=True)
class WatchedResource:
    """A Lambda function, or an instance or a cluster of RDS."""

    kind: ResourceKind
    name: str
