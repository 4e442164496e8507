"""Builds the image, and pushes it unless the registry has it already."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.images import refuse_too_large
from django_runtimes.deploy.catalogue import REGISTRY
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.image_builder import ImageBuilder

# The tag is the start of the image's id, a hash of its content, so the same image gets the same tag.
_TAG_LENGTH = 40
# `webapp init` writes Dockerfile.webapp beside a project's own Dockerfile; podman also accepts Containerfile.
_DOCKERFILES = ("Dockerfile.webapp", "Dockerfile", "Containerfile")


def build(context: Context, builder: ImageBuilder, arguments: Sequence[str]) -> str:
    """Build the image from the checkout and return its id; raise ToolError if it is too large."""
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
    """Raise ToolError if the build would find no Dockerfile; `arguments`, passed to the engine, may name one."""
    _file_arguments(context, arguments)


def _file_arguments(context: Context, arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the engine's argument for the Dockerfile, or nothing if `arguments` name one."""
    if _names_file(arguments):
        return ()
    path = dockerfile_of(context, arguments)
    if path is not None:
        return (f"--file={path}",)
    raise ToolError(
        f"there is no Dockerfile in {context.configuration.directory} to build the image from; `webapp init` writes "
        "one, --build-argument=--file=… names another, and --image deploys an image from the registry"
    )


def dockerfile_of(context: Context, arguments: Sequence[str]) -> Path | None:
    """Return the Dockerfile of the build, or None if there is none or `arguments` name another."""
    directory = context.configuration.directory
    paths = () if _names_file(arguments) else tuple(directory / name for name in _DOCKERFILES)
    return next((path for path in paths if path.is_file()), None)


def _names_file(arguments: Sequence[str]) -> bool:
    return any(word.startswith(("-f", "--file")) for word in arguments)


def push(context: Context, builder: ImageBuilder, image_id: str) -> str:
    """Push the image unless the registry has it, and return its URI, by digest."""
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
        raise ToolError(f"{registry}:{tag} was pushed, but the registry does not have it; push it again")
    return f"{registry}@{digest}"


def local_reference(context: Context) -> str:
    """Return the image's name on this machine."""
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
        # The revision is only a label of the image, so git is optional.
        return "unknown"
    return answer.stdout.strip() or "unknown"
