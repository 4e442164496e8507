"""Whether the names of static files have hashes, without which a deploy publishes none."""

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from django_runtimes.cli.project.project import NO_SETTINGS, project_at
from django_runtimes.cli.project.settings_check import LoadedSettings, load_settings, start_python
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.application_variables import RUNTIME
from django_runtimes.config.variables.file_variables import STATIC_MANIFEST
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, good
from django_runtimes.deploy.steps.image_building import dockerfile_of

# The variable in a Dockerfile, or among the arguments of its build.
_ASSIGNED = re.compile(rf"^[^#\n]*\b{STATIC_MANIFEST.name}[= ][\"']?(\w+)", re.MULTILINE)


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    if context.static_files == "image":
        return
    settings = _settings(context, stage.build_arguments)
    if settings.hashes_static_files:
        yield good(f"the names of static files have hashes, as StaticFiles = '{context.static_files}' needs")
        return
    yield bad(
        f"StaticFiles = '{context.static_files}' needs static files whose names have hashes, but the storage in "
        f"{settings.module} gives them none",
        f"set {STATIC_MANIFEST.name}=1 in the Dockerfile (`webapp docs static-files`), or StaticFiles to 'image' in "
        f"{FILE_NAME}",
    )


def _settings(context: Context, build_arguments: Sequence[str]) -> LoadedSettings:
    """Load the project's settings as when the image is built; raise ToolError if they do not load here."""
    project = project_at(context.configuration.directory)
    own = context.own_settings
    environ = {
        # The values of secrets are unknown here.
        **dict.fromkeys(own.secrets, "unknown"),
        **os.environ,
        **own.environment,
        # Nothing connects to this database.
        "DATABASE_URL": f"{context.database_system.engine}://nobody@127.0.0.1:1/nothing",
        RUNTIME.name: Runtime.LOCAL.value,
        STATIC_MANIFEST.name: _manifest_in_image(context, build_arguments),
    }
    module = environ.get("DJANGO_SETTINGS_MODULE") or project.settings
    if module is None:
        raise ToolError(NO_SETTINGS)
    with tempfile.TemporaryDirectory(prefix="webapp-deploy-") as folder:
        return load_settings(
            {**environ, "DJANGO_SETTINGS_MODULE": module},
            log=Path(folder, "settings.log"),
            directory=project.directory,
            start=lambda arguments, environ, *, log: start_python(
                arguments, environ, log=log, directory=project.working_directory
            ),
        )


def _manifest_in_image(context: Context, build_arguments: Sequence[str]) -> str:
    """Return the value that the build gives the variable; empty if it sets none."""
    path = dockerfile_of(context, build_arguments)
    written = path.read_text(errors="replace") if path is not None and path.is_file() else ""
    for text in (" ".join(build_arguments), written):
        if found := _ASSIGNED.search(text):
            return found[1]
    return ""


STATIC_STORAGE = PreflightCheck("the storage of static files", (), _ask)
