"""Finds the image to measure in a container engine."""

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
# The tools' own podman storage, whose images no other podman has.
_TOOLS_STORAGE = "webapp/image/storage.conf"


@dataclass(frozen=True)
class MeasuredImage:
    """An image, which is run by its `id`, since its tag may move during the run."""

    engine: ContainerEngine
    reference: str
    id: str
    architecture: str
    size_mb: int
    revision: str | None


def find_image(reference: str, engines: Sequence[ContainerEngine]) -> MeasuredImage:
    """Return the image that `--image` names, from the first engine that has it.

    Raise UsageError when no engine has it, or when it was not built from this project's Dockerfile.
    """
    if not reference or reference.startswith("-") or reference.split() != [reference]:
        raise UsageError(f"--image {reference!r} is not the name of an image; use the form localhost/webapp:latest")
    for engine in engines:
        description = engine.inspect_image(reference)
        if description is not None:
            return _described(engine, reference, description)
    names = " or ".join(engine.name for engine in engines)
    raise UsageError(
        f"--image '{reference}' is not an image that {names} has here; "
        f"build it with `{engines[0].name} build --tag {reference} .`, or pull it{_hint()}"
    )


def _hint() -> str:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    if not (cache / _TOOLS_STORAGE).exists() or "CONTAINERS_STORAGE_CONF" in os.environ:
        return ""
    return f"; for images of `make image` run `{_TOOLS} .venv/bin/webapp compare …`"


def _described(engine: ContainerEngine, reference: str, description: dict[str, Any]) -> MeasuredImage:
    configuration = description.get("Config") or {}
    entrypoint = configuration.get("Entrypoint") or []
    if ENTRYPOINT not in entrypoint:
        shown = " ".join(entrypoint) or "none"
        raise UsageError(
            f"--image '{reference}' has the entry point '{shown}', but a comparison needs {ENTRYPOINT}; "
            "name an image that was built from this project's Dockerfile"
        )
    labels = configuration.get("Labels") or {}
    return MeasuredImage(
        engine=engine,
        reference=reference,
        id=description["Id"],
        architecture=description["Architecture"],
        size_mb=round(description["Size"] / 1_000_000),
        # The label is empty if the build did not set it.
        revision=labels.get(_REVISION_LABEL) or None,
    )
