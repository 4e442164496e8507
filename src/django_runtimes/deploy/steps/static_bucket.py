"""Keeps a stage's bucket for static files once it exists, and decides when pages may load from it."""

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.aws.stacks import StackState
from django_runtimes.deploy.catalogue import STORAGE
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context

_PARAMETER = "StaticFiles"


def bucket_parameters(context: Context, state: StackState) -> dict[str, str]:
    """Return the parameter with which the storage keeps its bucket after the stage has gone back to the image."""
    found = state.parameters.get(_PARAMETER, "image")
    has_parameter = _PARAMETER in context.templates[STORAGE.name].parameters
    return {_PARAMETER: found} if has_parameter and state.exists and context.static_files == "image" else {}


def refuse_static_change(context: Context) -> None:
    """Raise UsageError for a distribution while the running image's files may be in no bucket, or a lost bucket."""
    place = f"{_PARAMETER} of {context.configuration.project}, {context.deployment.stage},"
    running = context.state(context.runtime).parameters
    if context.static_files == "cloudfront" and "ImageUri" in running and running.get(_PARAMETER, "image") == "image":
        raise UsageError(
            f"{place} is 'image' and cannot become 'cloudfront' yet, since a failed deploy would roll back to the "
            f"running image, whose files are in no bucket; set it to 'bucket' in {FILE_NAME}, deploy, and then set it "
            "to 'cloudfront'"
        )
    found = context.state(STORAGE).parameters.get(_PARAMETER, "image")
    if found != "image" and _PARAMETER not in context.templates[STORAGE.name].parameters:
        raise UsageError(
            f"{place} is '{found}', but the templates in {context.template_source.directory} do not have the "
            "parameter, so the stage would lose its bucket; merge it from the library's, or eject them again"
        )
