"""Asks for consent before a deploy ends the protection of a production stage's data."""

from django_runtimes.deploy.catalogue import DATABASE, DeployTarget
from django_runtimes.deploy.context import Context

_PRODUCTION = "Production"


def confirm_lost_protection(context: Context) -> None:
    """Name what a stage loses that is no longer production, and ask; --yes consents in advance."""
    if not _ends_production(context):
        return
    stage = context.deployment.stage
    context.progress.say(
        f"[stages.{stage}] production = false: the database loses its deletion protection and the standby in the other "
        "zone, and AWS deletes its backups that are older than 7 days"
    )
    if context.deployment.target is DeployTarget.AWS_ECS:
        context.progress.say("  With Exec = 'yes' shells can be opened in the tasks")
    if not context.consent.dry_run:
        context.consent.ask(f"End the protection of {context.configuration.project}, {stage}?")


def _ends_production(context: Context) -> bool:
    """Return whether the stage's own database was production's; an existing one has no such parameter."""
    declared = context.templates[DATABASE.name].parameters
    return (
        context.state(DATABASE).parameters.get(_PRODUCTION) == "yes"
        and _PRODUCTION in declared
        and context.value(DATABASE, _PRODUCTION) == "no"
    )
