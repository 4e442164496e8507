"""Writes the bundle of modules of a checkout, as the build of its image does."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from benchmarks.contenders.testbed import Testbed
from django_runtimes.cli import processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.config.variables.server_variables import MODULE_BUNDLE

_MODULE = "django_runtimes.entrypoints.bundle"


def bundle_variables(testbed: Testbed, environ: Mapping[str, str], name: str) -> dict[str, str]:
    """Write the bundle for processes with these variables; return the variable that names it, none if there is none.

    Earlier revisions have no bundle. Raise CompareError if it cannot be written.
    """
    if not (testbed.checkout / "src" / _MODULE.replace(".", "/")).is_dir():
        return {}
    bundle: Path = testbed.workspace / f"{name}.bundle"
    log = testbed.workspace / f"{name}-bundle.log"
    with log.open("ab") as output:
        done = subprocess.run(
            [str(testbed.python), "-m", _MODULE, str(bundle)],
            env=environ,
            cwd=testbed.checkout,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode != 0:
        raise CompareError(f"the bundle of modules cannot be written: {processes.cause(log)}; fix that")
    return {MODULE_BUNDLE.name: str(bundle)}
