"""Finds the origin of the installed library, so that a project can require the same one."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.databases.engines import ENGINE_EXTRAS
from django_runtimes.project_files.dependencies.wheel import built_wheel, packed_wheel

NAME = "django-runtimes"
VENDOR = "vendor"
# The extras that the image needs to run on every runtime.
_RUNTIME_EXTRAS = ("lambda", "server", "s3")


@dataclass(frozen=True)
class Git:
    """A commit of a repository; `subdirectory` is set if the package is not at its top level."""

    url: str
    commit: str
    subdirectory: str | None = None


@dataclass(frozen=True)
class Archive:
    """An archive at an https:// URL, with its hash as name=hex."""

    url: str
    hash: str | None


@dataclass(frozen=True)
class Wheel:
    """A wheel that is copied into the project."""

    file_name: str
    content: bytes

    @property
    def path(self) -> str:
        """The path relative to the folder from which packages are installed, nearly always the project's."""
        return f"{VENDOR}/{self.file_name}"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Library:
    """The installed version of the library, its Python versions, and its requirements with these extras.

    `drivers` are the requirements of each extra that has a database's driver.
    """

    version: str
    extras: tuple[str, ...]
    pythons: SpecifierSet
    requires: tuple[Requirement, ...]
    drivers: Mapping[str, tuple[Requirement, ...]] = field(default_factory=dict)

    @cached_property
    def source(self) -> Git | Archive | Wheel:
        """The origin of the installation; UsageError if no wheel can be built from it."""
        return source_of(distribution(NAME))

    def with_drivers(self, extras: Iterable[str]) -> "Library":
        """Return the library with these extras too, as far as this version has them."""
        added = tuple(extra for extra in extras if extra in self.drivers and extra not in self.extras)
        if not added:
            return self
        requires = (*self.requires, *(need for extra in added for need in self.drivers[extra]))
        extended = replace(self, extras=(*self.extras, *added), requires=requires)
        if "source" in vars(self):
            # Building the wheel again would take seconds.
            vars(extended)["source"] = self.source
        return extended

    @property
    def name(self) -> str:
        """The name with extras, as in a requirement."""
        return NAME + (f"[{','.join(self.extras)}]" if self.extras else "")

    @property
    def packages(self) -> frozenset[str]:
        """The names of the packages that the library needs; for psycopg[binary] they include psycopg-binary."""
        extras = {f"{need.name}-{extra}" for need in self.requires for extra in need.extras}
        return frozenset({canonicalize_name(need.name) for need in self.requires} | extras)

    @property
    def django(self) -> SpecifierSet:
        """The supported versions of Django."""
        return next((need.specifier for need in self.requires if need.name.lower() == "django"), SpecifierSet())


def installed_library() -> Library:
    """Return the library as installed in this environment."""
    dist = distribution(NAME)
    available = dist.metadata.get_all("Provides-Extra") or []
    extras = tuple(extra for extra in _RUNTIME_EXTRAS if extra in available)
    requires = [Requirement(text) for text in dist.requires or []]
    return Library(
        version=dist.version,
        extras=extras,
        pythons=SpecifierSet(dist.metadata["Requires-Python"] or ""),
        requires=tuple(
            need
            for need in requires
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        ),
        drivers={
            extra: tuple(need for need in requires if need.marker is not None and _is_of_extra(need.marker, extra))
            for extra in ENGINE_EXTRAS.values()
            if extra in available
        },
    )


def _is_of_extra(marker: Marker, extra: str) -> bool:
    return marker.evaluate({"extra": extra}) and not marker.evaluate({"extra": ""})


def source_of(dist: Distribution) -> Git | Archive | Wheel:
    """Return the origin in direct_url.json: https://packaging.python.org/en/latest/specifications/direct-url/

    Without that file, repack the installed files as a wheel: no index has the library, and a package of the same name
    on an index would be another project's.
    """
    text = dist.read_text("direct_url.json")
    if text is None:
        return Wheel(*packed_wheel(dist))
    origin: Mapping[str, Any] = json.loads(text)
    url = str(origin["url"])
    is_local = urlsplit(url).scheme == "file"
    if "vcs_info" in origin and not is_local and origin["vcs_info"]["vcs"] == "git":
        return Git(url, origin["vcs_info"]["commit_id"], origin.get("subdirectory"))
    if "archive_info" in origin and not is_local:
        return Archive(url, _hash_of(origin["archive_info"]))
    path = Path(unquote(urlsplit(url).path))
    if "archive_info" in origin and path.suffix == ".whl" and path.is_file():
        content = path.read_bytes()
        hash_ = _hash_of(origin["archive_info"])
        # Another build may have replaced the wheel since it was installed.
        if hash_ in {None, f"sha256={hashlib.sha256(content).hexdigest()}"}:
            return Wheel(path.name, content)
    if origin.get("dir_info", {}).get("editable"):
        if not (path / "pyproject.toml").is_file():
            raise UsageError(
                f"{NAME} is installed from {path}, which no longer exists; install it again from its present folder"
            )
        return Wheel(*built_wheel(path))
    return Wheel(*packed_wheel(dist))


def _hash_of(archive: Mapping[str, Any]) -> str | None:
    for name, value in archive.get("hashes", {}).items():
        return f"{name}={value}"
    hash_: str | None = archive.get("hash")
    return hash_
