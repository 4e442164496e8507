"""The workload of this repository's own project."""

from pathlib import Path

from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.compare.workload.workload import Workload

WORKLOAD = Path(__file__).parents[1] / "compare.toml"


def guestbook_workload() -> Workload:
    """Return the workload as `webapp compare` reads it in this repository."""
    return load_workload(WORKLOAD, settings_module="webapp.settings")
