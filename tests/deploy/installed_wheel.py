"""The built wheel in an environment of its own, where the source cannot be imported."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
_TIMEOUT_S = 120


@dataclass(frozen=True)
class InstalledWheel:
    """An environment with the wheel and what it depends on."""

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

    def run(
        self, program: str, *arguments: str, directory: Path, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """One of its programs to its end, without a variable of this process but its home."""
        return subprocess.run(
            [self.programs / program, *arguments],
            cwd=directory,
            env={"PATH": f"{self.programs}:/usr/bin:/bin", "HOME": os.environ.get("HOME", "/"), **(environ or {})},
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
    # What it depends on, without what leads to the source: a .pth file is heeded in the environment's own folder only.
    dependencies = installed.package.parent / "dependencies.pth"
    dependencies.write_text(f"{sysconfig.get_path('purelib')}\n")
    return installed
