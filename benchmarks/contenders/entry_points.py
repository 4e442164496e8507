"""Finds the entry points of a checkout, whose names have changed between revisions."""

from collections.abc import Sequence
from pathlib import Path

from django_runtimes.cli.tool_error import UsageError

# The newest name comes first; older names stay for older revisions.
LAUNCH_MODULES = ("django_runtimes.entrypoints.launch", "webapp.entrypoints.launch")
HANDLER_MODULES = ("django_runtimes.entrypoints.aws_lambda", "webapp.entrypoints.aws_lambda")


def launch_module(checkout: Path) -> str:
    """Return the module that the image starts; raise UsageError when the checkout has none."""
    return _first(checkout, LAUNCH_MODULES)


def lambda_handler(checkout: Path) -> str:
    """Return the name of the web function's Lambda handler; raise UsageError when the checkout has none."""
    return f"{_first(checkout, HANDLER_MODULES)}.handler"


def _first(checkout: Path, modules: Sequence[str]) -> str:
    for module in modules:
        if (checkout / "src" / module.replace(".", "/")).with_suffix(".py").exists():
            return module
    raise UsageError(
        f"{checkout} has none of the modules {', '.join(modules)}; add its module to {Path(__file__).name}"
    )
