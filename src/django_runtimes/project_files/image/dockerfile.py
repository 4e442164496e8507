"""Renders the Dockerfile of a project: packages, source, static files and one entry point."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.variables.file_variables import STATIC_MANIFEST
from django_runtimes.config.variables.server_variables import MODULE_BUNDLE
from django_runtimes.project_files.dependencies.library import VENDOR
from django_runtimes.project_files.dependencies.listing import PYPROJECT, Dependencies, Manager
from django_runtimes.project_files.image.quoting import copy, quoted
from django_runtimes.project_files.image.system_packages import DEBIAN, SystemPackages

ENTRY_POINT = "django_runtimes.entrypoints.launch"
_VENV = "/opt/venv"
_TOOLS = "/opt/tools"
_NO_DATABASE = "postgresql://nobody@127.0.0.1/nothing"
# This folder is outside the project's, so that it cannot collide with a folder of the project.
_STATIC = "/opt/static"
_BUNDLE = f"{_VENV}/modules.bundle"
_NEW_BUNDLE = "/tmp/modules.bundle"  # noqa: S108  (in a stage of the build)
_PYTHON = f"{_VENV}/bin/python"
_PIP = f"{_TOOLS}/bin/pip --python {_PYTHON} install --no-cache-dir --no-compile"
# Projects may install the library from a folder of their own, so Python says where it is.
_LIBRARY_FOLDER = (
    'from importlib.util import find_spec; print(find_spec("django_runtimes").submodule_search_locations[0])'
)
_ONE_FILE_EACH = '/BEGIN CERTIFICATE/ { n++ } n { print > ("/usr/local/share/ca-certificates/rds-" n ".crt") }'
# The accepted versions of each tool; a version that the lock file names takes precedence.
_TOOL_VERSIONS = {Manager.UV: "uv>=0.5,<1", Manager.POETRY: "poetry>=2,<3", Manager.PIPENV: "pipenv>=2024"}

IGNORED = """\
# Written by `webapp init`: files that the image does not need or must not contain.
.git
.webapp
.env
.env.*
**/.venv
**/venv
**/node_modules
**/__pycache__
**/*.pyc
**/*.sqlite3
**/.mypy_cache
**/.pytest_cache
**/.ruff_cache
Dockerfile*
.dockerignore
# Reports of `webapp compare`; an app may have the name of their folder.
compare-reports
reports/[0-9][0-9][0-9][0-9]-*
"""


@dataclass(frozen=True)
class Image:
    """The contents of the image; `python_path` and `pip_folder`, where pip runs, are relative to the project's folder.

    `wheel` is the path of the library's wheel if the project lists the library by name only. `variables` are those that
    the settings need during the build, with placeholder values.
    """

    settings: str
    python: str
    dependencies: Dependencies
    packages: SystemPackages
    python_path: str = "."
    pip_folder: str = "."
    has_vendor: bool = False
    wheel: str | None = None
    needs_source: bool = False
    tool_version: str | None = None
    collects_static: bool = False
    variables: Mapping[str, str] | None = None


def render_dockerfile(image: Image, root: Path) -> str:
    """Render the Dockerfile."""
    return "\n".join([*_build_stage(image, root), "", *_final_stage(image)]) + "\n"


def _build_stage(image: Image, root: Path) -> Iterator[str]:
    yield "# Written by `webapp init`: one image for every runtime. Its entry point detects where it runs."
    if image.collects_static:
        yield "# 1 compresses the static files and gives them names with hashes (`webapp docs static-files`)."
        yield f"ARG {STATIC_MANIFEST.name}="
    yield f"ARG BASE_IMAGE=docker.io/library/python:{image.python}-slim-{DEBIAN}"
    yield ""
    yield "FROM ${BASE_IMAGE} AS build"
    yield from _system(image.packages.build)
    yield "# pip stays outside the environment that it fills, so the image contains no pip."
    tool = image.dependencies.manager
    wanted = f"{tool}=={image.tool_version}" if image.tool_version else _TOOL_VERSIONS.get(tool)
    installed = f' \\\n    && {_TOOLS}/bin/pip install --no-cache-dir "{wanted}"' if wanted else ""
    yield f"RUN python -m venv {_TOOLS} && python -m venv --without-pip {_VENV}{installed}"
    yield "WORKDIR /app"
    copied = list(_copied(image, root))
    yield from ["COPY . ."] if image.needs_source else copied
    yield from _installed(image, root)
    if not image.needs_source:
        yield "COPY . ."
    yield "# The image runs as a user who may own none of the files."
    yield "# With unchecked hashes nothing is recompiled at run time, even with other file times or a read-only root."
    yield "# Packages may contain files that are not valid Python of this version, so errors are ignored."
    yield "RUN chmod -R a+rX /app \\"
    yield f"    && {{ {_PYTHON} -m compileall -q -j 0 --invalidation-mode unchecked-hash {_VENV}/lib /app \\"
    yield "        > /dev/null || true; }"
    if image.collects_static:
        yield from _static_files(image)


def _copied(image: Image, root: Path) -> Iterator[str]:
    """Copy the files from which packages are installed before the source, which changes more often."""
    by_folder: dict[str, list[str]] = {}
    for name in installed_from(image.dependencies, root):
        by_folder.setdefault(PurePosixPath(name).parent.as_posix(), []).append(name)
    for folder, names in by_folder.items():
        yield copy(names, f"./{'' if folder == '.' else folder + '/'}")
    if image.has_vendor:
        vendor = PurePosixPath(image.pip_folder, VENDOR).as_posix()
        yield copy([vendor], f"./{vendor}/")


def installed_from(dependencies: Dependencies, root: Path) -> list[str]:
    """Return the files that list the packages, relative to the project's folder; UsageError for a file outside it."""
    if dependencies.requirements is not None:
        files = [path for file in dependencies.requirements.all() for path in (file.path, *file.constraints)]
    else:
        files = [dependencies.file, *([dependencies.lock] if dependencies.lock else [])]
    return list(dict.fromkeys(relative_to_project(path, root) for path in files))


def relative_to_project(path: Path, root: Path) -> str:
    """Return the path relative to the build's folder; UsageError if it is outside."""
    resolved = path.resolve()
    if not resolved.is_relative_to(root.resolve()):
        raise UsageError(
            f"the packages are installed from {resolved}, which is outside {root}, the image's build "
            f"folder; copy it into the project, or write a Dockerfile of your own that starts python -m {ENTRY_POINT}"
        )
    return resolved.relative_to(root.resolve()).as_posix()


def _installed(image: Image, root: Path) -> Iterator[str]:
    dependencies = image.dependencies
    match dependencies.manager:
        case Manager.UV:
            locked = " --locked" if dependencies.lock else ""
            yield (
                f"RUN UV_PROJECT_ENVIRONMENT={_VENV} UV_PYTHON_DOWNLOADS=never \\\n"
                f"    {_TOOLS}/bin/uv sync{locked} --no-cache --no-dev --no-install-project --python {_PYTHON}"
            )
        case Manager.POETRY:
            yield (
                f"RUN VIRTUAL_ENV={_VENV} {_TOOLS}/bin/poetry install --no-cache --no-interaction --no-root --only main"
            )
        case Manager.PIPENV:
            command = "install --deploy" if dependencies.lock else "install --skip-lock"
            yield f"RUN VIRTUAL_ENV={_VENV} {_TOOLS}/bin/pipenv {command}"
        case Manager.PIP:
            yield from _pip(image, root)


def _pip(image: Image, root: Path) -> Iterator[str]:
    dependencies = image.dependencies
    if dependencies.requirements is not None or dependencies.table == ():
        path = dependencies.file if dependencies.requirements is None else dependencies.requirements.path
        hashed = " --require-hashes" if dependencies.requirements and dependencies.requirements.is_hashed else ""
        # pip resolves the paths in the file against its working directory.
        folder = dependencies.folder or root
        if image.pip_folder != ".":
            yield f"WORKDIR {quoted(f'/app/{image.pip_folder}')}"
        # pip accepts a path beside hashes only if the path has a hash too, but it compares those of a linked file.
        named = f" --find-links {VENDOR}" if image.wheel and hashed else f" ./{image.wheel}" if image.wheel else ""
        yield f"RUN {_PIP}{hashed} -r {shlex.quote(relative_to_project(path, folder))}{named}"
        if image.pip_folder != ".":
            yield "WORKDIR /app"
        return
    # The dependencies are read from pyproject.toml, since the project itself need not be a buildable package.
    keys = "".join(f"[{json.dumps(key)}]" for key in (*dependencies.table, dependencies.key))
    program = f'import tomllib; print(*tomllib.load(open("{PYPROJECT}", "rb")){keys}, sep="\\n")'
    links = f" --find-links {VENDOR}" if image.has_vendor else ""
    # The path pins the wheel: an index may have a newer, unrelated package with the library's name.
    wheel = f" ./{image.wheel}" if image.wheel else ""
    yield (
        f"RUN python -c {shlex.quote(program)} \\\n"
        f"        > /opt/requirements.txt \\\n"
        f"    && {_PIP}{links} -r /opt/requirements.txt{wheel}"
    )


def _static_files(image: Image) -> Iterator[str]:
    variables = {
        "DATABASE_URL": _NO_DATABASE,
        "DJANGO_SETTINGS_MODULE": image.settings,
        "PYTHONPATH": _python_path(image),
        "WEBAPP_RUNTIME": "local",
        "WEBAPP_STATIC_ROOT": _STATIC,
        **(image.variables or {}),
    }
    yield f"ARG {STATIC_MANIFEST.name}"
    yield "# The settings load here without a database or secrets; these values never reach a container."
    yield f"RUN mkdir {_STATIC} \\"
    yield f"    && {_assigned(variables)}"
    yield f"    {_PYTHON} -m django_runtimes collectstatic --no-input"


def _bundle(image: Image) -> Iterator[str]:
    """Start the image as a function and as a server in a stage of their own, and copy the file that they make."""
    variables = {"DATABASE_URL": _NO_DATABASE, **(image.variables or {})}
    yield "# One file with the modules that a start imports, which shortens cold starts. It lacks some of them if the"
    yield "# settings need more than these values."
    yield "FROM served AS started"
    yield f"RUN {_assigned(variables)}"
    yield f"    python -m django_runtimes.entrypoints.bundle {_NEW_BUNDLE} || test -s {_NEW_BUNDLE}"
    yield ""
    yield "FROM served"
    yield f"COPY --from=started {_NEW_BUNDLE} {_BUNDLE}"


def _assigned(variables: Mapping[str, str]) -> str:
    return " \\\n    ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items()) + " \\"


def _python_path(image: Image) -> str:
    return "/app" if image.python_path == "." else f"/app/{image.python_path}:/app"


def _final_stage(image: Image) -> Iterator[str]:
    yield "FROM ${BASE_IMAGE} AS served"
    yield from _system(image.packages.run)
    variables = {
        "DJANGO_SETTINGS_MODULE": image.settings,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": _python_path(image),
        "WEBAPP_BIND_HOST": "0.0.0.0",  # noqa: S104  (in a container)
        MODULE_BUNDLE.name: _BUNDLE,
        **({"WEBAPP_STATIC_ROOT": _STATIC} if image.collects_static else {}),
    }
    assigned = [f"PATH={_VENV}/bin:$PATH", *(f"{name}={quoted(value)}" for name, value in variables.items())]
    if image.collects_static:
        yield f"ARG {STATIC_MANIFEST.name}"
        # The processes need the storage for which the files were collected.
        assigned.append(f"{STATIC_MANIFEST.name}=${{{STATIC_MANIFEST.name}}}")
    yield "ENV " + " \\\n    ".join(assigned)
    yield f"COPY --from=build {_VENV} {_VENV}"
    if image.collects_static:
        yield f"COPY --from=build {_STATIC} {_STATIC}"
    yield "COPY --from=build /app /app"
    if image.packages.needs_rds_roots:
        yield from _rds_roots()
    # Lambda's SnapStart requires it of a base image that is not Amazon's.
    yield 'LABEL com.amazonaws.lambda.feature.snapstart="Allow"'
    yield "WORKDIR /app"
    yield "USER 10001:10001"
    yield "EXPOSE 8000"
    yield "STOPSIGNAL SIGTERM"
    yield f'ENTRYPOINT ["python", "-m", "{ENTRY_POINT}"]'
    yield ""
    yield from _bundle(image)


def _rds_roots() -> Iterator[str]:
    """Add the library's certificates of Amazon RDS to the system's."""
    yield "# Microsoft's driver trusts the system's certificates only, of which each needs a file."
    yield f'RUN roots="$(python -c {shlex.quote(_LIBRARY_FOLDER)})/databases/roots/rds.pem" \\'
    yield f"    && awk {shlex.quote(_ONE_FILE_EACH)} \\"
    yield '        "$roots" \\'
    yield "    && update-ca-certificates"


def _system(packages: tuple[str, ...]) -> Iterator[str]:
    if not packages:
        return
    yield "# hadolint ignore=DL3008"
    yield "RUN apt-get update \\"
    yield f"    && apt-get install --yes --no-install-recommends {' '.join(packages)} \\"
    yield "    && rm -rf /var/lib/apt/lists/*"
