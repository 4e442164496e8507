"""Prepares the deployed targets of a run."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django_runtimes.compare.deployed.aws_resource import ResourceKind
from django_runtimes.compare.deployed.deployed_target import DeployedTarget
from django_runtimes.compare.deployed.measured_deployment import deployment_of
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.subject import Subject


def deployed_subjects(plan: ComparisonPlan, run_id: str) -> list[Subject]:
    """Return a subject for each deployed target; its ledger's keys differ from those of the emulated targets."""
    subjects = []
    for index, service in enumerate(plan.deployed, start=len(plan.targets)):
        deployment = deployment_of(
            service,
            measurement_key=plan.measurement_key,
            max_rate_rps=plan.max_rate_rps,
            allows_writes=plan.allows_writes,
        )
        target = DeployedTarget(service, deployment.reports)
        subjects.append(Subject(service.name, "", Ledger(run_id, index), target, {}, deployment=deployment))
    return subjects


def read_cloudwatch(subjects: Sequence[Subject], started: datetime) -> None:
    """Add the cold starts and connections that CloudWatch has, unless the processes reported theirs."""
    for subject in subjects:
        if subject.deployment is None or not subject.deployment.service.watched:
            continue
        # boto3 is optional, and its import takes a second.
        from django_runtimes.compare.deployed.cloudwatch import CloudWatchReader

        reader = CloudWatchReader(started, datetime.now(UTC))
        for resource in subject.deployment.service.watched:
            if resource.kind is not ResourceKind.FUNCTION:
                subject.watched = reader.connections(resource)
            elif not subject.deployment.reports.processes:
                subject.cold_starts += reader.cold_starts(resource)
        subject.notes += reader.notes
