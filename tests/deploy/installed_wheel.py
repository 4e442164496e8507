"""Installs the built wheel into its own environment, where the source cannot be imported."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.needed_packages import needed_packages

CHECKOUT = Path(__file__).parents[2]
# Enough for a whole deploy on a busy machine.
_TIMEOUT_S = 600
# With this variable, a process of the environment cannot import packages of extras.
_WITHOUT_EXTRAS = {"WITHOUT_EXTRAS": "1"}


@dataclass(frozen=True)
class InstalledWheel:
    """An environment with the wheel and its base dependencies, which falls back to this environment's packages."""

    wheel: Path
    environment: Path

    @property
    def programs(self) -> Path:
        """The folder that contains `python` and `webapp`."""
        return self.environment / "bin"

    @property
    def package(self) -> Path:
        """The folder of the installed package."""
        (package,) = self.environment.glob("lib/python*/site-packages/django_runtimes")
        return package

    @property
    def metadata(self) -> Distribution:
        """The wheel's metadata."""
        return Distribution.at(next(self.package.parent.glob("django_runtimes-*.dist-info")))

    def environ(self, more: Mapping[str, str] | None = None, *, extras: bool) -> dict[str, str]:
        """Return the variables of the environment's processes; they inherit only HOME."""
        without = {} if extras else _WITHOUT_EXTRAS
        return {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "HOME": os.environ.get("HOME", "/"),
            **without,
            **(more or {}),
        }

    def run(
        self,
        program: str,
        *arguments: str,
        directory: Path,
        environ: Mapping[str, str] | None = None,
        extras: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's programs to its end."""
        return subprocess.run(
            [self.programs / program, *arguments],
            cwd=directory,
            env=self.environ(environ, extras=extras),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )


def install_wheel(directory: Path) -> InstalledWheel:
    """Build the wheel and install it below `directory`."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(directory)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True, timeout=_TIMEOUT_S)
    (wheel,) = directory.glob("*.whl")
    environment = directory / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True, timeout=_TIMEOUT_S)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(environment / "bin/python"), "install", "--quiet"),
            *("--disable-pip-version-check", "--no-deps", "--no-index", str(wheel)),
        ],
        check=True,
        timeout=_TIMEOUT_S,
    )
    installed = InstalledWheel(wheel, environment)
    place = installed.package.parent
    base = [Requirement(text) for text in installed.metadata.requires or []]
    for name in needed_packages(base):
        _link(distribution(name), place)
    # This adds the other packages but not the source, because Python reads .pth files only in site-packages itself.
    (place / "extras.pth").write_text(
        f"import os, sys; {next(iter(_WITHOUT_EXTRAS))!r} in os.environ or "
        f"sys.path.append({sysconfig.get_path('purelib')!r})\n"
    )
    return installed


def _link(package: Distribution, place: Path) -> None:
    """Make a package of this environment importable in the folder, by links to its files and metadata."""
    for name in {path.parts[0] for path in package.files or () if path.parts[0] not in ("..", "__pycache__")}:
        (place / name).symlink_to(str(package.locate_file(name)))
