"""Where a checkout's own code is entered: names that have moved between revisions."""

from collections.abc import Sequence
from pathlib import Path

from django_runtimes.cli.tool_error import UsageError

# The newest name first; a name that moves stays in the list for the revisions before.
LAUNCH_MODULES = ("django_runtimes.entrypoints.launch", "webapp.entrypoints.launch")
HANDLER_MODULES = ("django_runtimes.entrypoints.aws_lambda", "webapp.entrypoints.aws_lambda")


def launch_module(checkout: Path) -> str:
    """The module that the image starts; raises UsageError when the checkout has none."""
    return _first(checkout, LAUNCH_MODULES)


def lambda_handler(checkout: Path) -> str:
    """The web function's handler, as Lambda names it; raises UsageError when the checkout has none."""
    return f"{_first(checkout, HANDLER_MODULES)}.handler"


def _first(checkout: Path, modules: Sequence[str]) -> str:
    for module in modules:
        if (checkout / "src" / module.replace(".", "/")).with_suffix(".py").exists():
            return module
    raise UsageError(f"{checkout} has none of the modules {', '.join(modules)}; name its own in {Path(__file__).name}")
