"""The names in AWS that the templates build from project and stage, with AWS's limits on their length."""

from dataclasses import dataclass

from django_runtimes.cli.tool_error import UsageError


@dataclass(frozen=True)
class DerivedName:
    """A name PROJECT-STAGE with a suffix; `longest` is AWS's limit for the names of this kind."""

    kind: str
    suffix: str
    longest: int


# Everything else has a name that CloudFormation generates within AWS's limits, buckets and roles included.
DERIVED_NAMES = (
    DerivedName("the load balancer", "", 32),
    DerivedName("the service on App Runner", "", 40),
    DerivedName("the service of Express Mode", "", 255),
    DerivedName("the database", "", 63),
    DerivedName("the proxy", "", 63),
    DerivedName("the HTTP API", "", 128),
    DerivedName("the group of the schedules", "", 64),
    DerivedName("the dashboard", "", 255),
    # Its ARN has at most 140 characters, and the longest one before the name 68.
    DerivedName("the capacity provider of Managed Instances", "", 72),
    DerivedName("the cluster or task definition", "", 255),
    DerivedName("the cluster of Express Mode", "-express", 255),
    DerivedName("the function of the application", "-web", 64),
    DerivedName("the function, cluster or task definition of the operations", "-operations", 64),
    DerivedName("the function that rotates the application's password", "-rotation", 64),
    DerivedName("the function that rotates the administrator's password", "-operations-rotation", 64),
)


# One character separates the two.
LONGEST_PROJECT_AND_STAGE = min(name.longest - len(name.suffix) for name in DERIVED_NAMES) - 1


def refuse_long_names(project: str, stage: str) -> None:
    """Raise UsageError if AWS would reject a name of this stage as too long."""
    for name in DERIVED_NAMES:
        text = f"{project}-{stage}{name.suffix}"
        excess = len(text) - name.longest
        if excess > 0:
            raise UsageError(
                f"'{text}', the name of {name.kind}, has {len(text)} characters, and AWS allows {name.longest}; "
                f"shorten project '{project}' or [stages.{stage}] by {excess}"
            )
