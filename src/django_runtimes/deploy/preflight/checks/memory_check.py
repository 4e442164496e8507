"""Whether the database has the memory that tokens need."""

from collections.abc import Iterator

from django_runtimes.deploy.catalogue import DATABASE
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.existing.database_check import MEMORY_OF_TOKENS, SMALL_CLASS
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, doubtful


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    if "InstanceClass" not in context.templates[DATABASE.name].parameters:
        # The checks of an existing database cover its memory.
        return
    instance = context.value(DATABASE, "InstanceClass")
    by_token = context.value(DATABASE, "Credentials") == "iam"
    if by_token and context.value(DATABASE, "Engine") == "instance" and instance.endswith(SMALL_CLASS):
        yield doubtful(
            f"{instance} {MEMORY_OF_TOKENS}",
            f"set InstanceClass to db.t4g.small, or Credentials to 'secretsmanager', in {FILE_NAME}",
        )


DATABASE_MEMORY = PreflightCheck("the database's memory", (), _ask)
