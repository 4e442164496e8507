"""Builds the image and pushes it, unless the registry has it already."""

import subprocess
from collections.abc import Sequence

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.images import refuse_too_large
from django_runtimes.deploy.catalogue import REGISTRY
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.image_builder import ImageBuilder

# Of the image's id, which is what it is made of: the same image has the same tag.
_TAG_LENGTH = 40
# `webapp init` writes the first one beside a project's own Dockerfile; podman takes the last one too.
_DOCKERFILES = ("Dockerfile.webapp", "Dockerfile", "Containerfile")


def build(context: Context, builder: ImageBuilder, arguments: Sequence[str]) -> str:
    """Build the image from the checkout and give its id; ToolError when it is too large."""
    reference = local_reference(context)
    image_id = builder.build(
        context.configuration.directory,
        reference,
        architecture=context.architecture,
        revision=_revision(context),
        arguments=[*_file_arguments(context, arguments), *arguments],
    )
    refuse_too_large(builder.inspect(reference)["Size"])
    return image_id


def require_dockerfile(context: Context, arguments: Sequence[str]) -> None:
    """ToolError where the build would find no Dockerfile; `arguments` are the engine's own, and may name one."""
    _file_arguments(context, arguments)


def _file_arguments(context: Context, arguments: Sequence[str]) -> tuple[str, ...]:
    """What names the Dockerfile to the engine; nothing where the arguments do."""
    if any(word.startswith(("-f", "--file")) for word in arguments):
        return ()
    directory = context.configuration.directory
    for name in _DOCKERFILES:
        if (directory / name).is_file():
            return (f"--file={directory / name}",)
    raise ToolError(
        f"there is no Dockerfile in {directory}, which the image is built from; `webapp init` writes one, "
        "--build-argument=--file=… names another, and --image takes an image that is in the registry"
    )


def push(context: Context, builder: ImageBuilder, image_id: str) -> str:
    """The image in the registry, by its digest; pushed when it is not there yet."""
    registry = context.output(REGISTRY, "RegistryUri")
    tag = image_id[:_TAG_LENGTH]
    digest = context.images.digest_of(tag)
    if digest is None:
        builder.log_in(context.images.login())
        builder.push(local_reference(context), f"{registry}:{tag}")
        digest = context.images.digest_of(tag)
    else:
        context.progress.say("  the registry has it already")
    if digest is None:
        raise ToolError(f"{registry}:{tag} was pushed, and the registry does not have it; push it again")
    return f"{registry}@{digest}"


def local_reference(context: Context) -> str:
    """What the image is called on this machine."""
    return f"{context.configuration.project}:latest"


def _revision(context: Context) -> str:
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607
            cwd=context.configuration.directory,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        # Only a label rests on it.
        return "unknown"
    return answer.stdout.strip() or "unknown"
