from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.claims.claim_project import ClaimProject

WORKLOAD = """
name = "site"

[application]
settings_module = "config.settings"

[[requests]]
name = "home"
scenario = "read"
method = "GET"
path = "/"
"""


def test_a_project_with_a_workload_is_measured_itself(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text('[tool.webapp]\nworkload = "compare.toml"\n')
    (tmp_path / "compare.toml").write_text(WORKLOAD)

    project = ClaimProject.at(tmp_path)

    assert project is not None
    assert project.subject == "the project's own function (site)"
    assert project.working_directory == tmp_path


@pytest.mark.parametrize("block", ["", "[tool.webapp]\n"])
def test_without_a_workload_there_is_no_project_to_measure(tmp_path: Path, block: str):
    (tmp_path / "pyproject.toml").write_text(block)

    assert ClaimProject.at(tmp_path) is None


def test_an_invalid_workload_is_refused_before_anything_starts(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text('[tool.webapp]\nworkload = "absent.toml"\n')

    with pytest.raises(UsageError, match="absent"):
        ClaimProject.at(tmp_path)
