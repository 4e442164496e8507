"""The image that is measured, as its engine describes it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_runtimes.cli.container_engine import ContainerEngine
from django_runtimes.cli.tool_error import UsageError

ENTRYPOINT = "django_runtimes.entrypoints.launch"
_REVISION_LABEL = "org.opencontainers.image.revision"
_TOOLS = "scripts/image_tools.sh"
# podman's storage, as the tools have it: what it holds is in no other.
_TOOLS_STORAGE = "webapp/image/storage.conf"


@dataclass(frozen=True)
class MeasuredImage:
    """One image; it is run by its `id`, since a tag may move while it is measured."""

    engine: ContainerEngine
    reference: str
    id: str
    architecture: str
    size_mb: int
    revision: str | None


def find_image(reference: str, engines: Sequence[ContainerEngine]) -> MeasuredImage:
    """The image that `--image` names, in the first engine that has it.

    Raises UsageError when none has it, or when it is not one of this project's.
    """
    if not reference or reference.startswith("-") or reference.split() != [reference]:
        raise UsageError(f"--image {reference!r} is not an image's name; write it as localhost/webapp:latest")
    for engine in engines:
        description = engine.inspect_image(reference)
        if description is not None:
            return _described(engine, reference, description)
    names = " or ".join(engine.name for engine in engines)
    raise UsageError(
        f"--image '{reference}' is no image that {names} has here; "
        f"build it with `{engines[0].name} build --tag {reference} .`, or pull it{_hint()}"
    )


def _hint() -> str:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    if not (cache / _TOOLS_STORAGE).exists() or "CONTAINERS_STORAGE_CONF" in os.environ:
        return ""
    return f"; what `make image` built is found by `{_TOOLS} .venv/bin/webapp compare …`"


def _described(engine: ContainerEngine, reference: str, description: dict[str, Any]) -> MeasuredImage:
    configuration = description.get("Config") or {}
    entrypoint = configuration.get("Entrypoint") or []
    if ENTRYPOINT not in entrypoint:
        shown = " ".join(entrypoint) or "none"
        raise UsageError(
            f"--image '{reference}' has the entry point '{shown}', and what is compared starts {ENTRYPOINT}; "
            "name an image that this project's Dockerfile has built"
        )
    labels = configuration.get("Labels") or {}
    return MeasuredImage(
        engine=engine,
        reference=reference,
        id=description["Id"],
        architecture=description["Architecture"],
        size_mb=round(description["Size"] / 1_000_000),
        # Empty when the build was not told.
        revision=labels.get(_REVISION_LABEL) or None,
    )
