"""The built wheel in an environment of its own, where the source cannot be imported."""

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
_TIMEOUT_S = 120
# Where it is set, a process of the environment sees nothing that an extra brings.
_WITHOUT_EXTRAS = {"WITHOUT_EXTRAS": "1"}


@dataclass(frozen=True)
class InstalledWheel:
    """An environment with the wheel, what it needs without an extra, and behind that this environment's packages."""

    wheel: Path
    environment: Path

    @property
    def programs(self) -> Path:
        """Where `python` and `webapp` are."""
        return self.environment / "bin"

    @property
    def package(self) -> Path:
        """Where the wheel's package lies."""
        (package,) = self.environment.glob("lib/python*/site-packages/django_runtimes")
        return package

    @property
    def metadata(self) -> Distribution:
        """What the wheel says of itself."""
        return Distribution.at(next(self.package.parent.glob("django_runtimes-*.dist-info")))

    def environ(self, more: Mapping[str, str] | None = None, *, extras: bool) -> dict[str, str]:
        """The variables of its processes: of this process's only its home."""
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
        """One of its programs to its end."""
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
    # The other packages, without what leads to the source: a .pth file is heeded in the environment's own folder only.
    (place / "extras.pth").write_text(
        f"import os, sys; {next(iter(_WITHOUT_EXTRAS))!r} in os.environ or "
        f"sys.path.append({sysconfig.get_path('purelib')!r})\n"
    )
    return installed


def _link(package: Distribution, place: Path) -> None:
    """Make a package that is installed here importable there, with its metadata and nothing else."""
    for name in {path.parts[0] for path in package.files or () if path.parts[0] not in ("..", "__pycache__")}:
        (place / name).symlink_to(str(package.locate_file(name)))
