"""The workload of this repository's own project."""

from pathlib import Path

from django_runtimes.compare.run.workload import Workload, load_workload

WORKLOAD = Path(__file__).parents[1] / "compare.toml"


def guestbook_workload() -> Workload:
    """What `webapp compare` reads from it in this repository."""
    return load_workload(WORKLOAD, settings_module="webapp.settings")
