"""`webapp createsuperuser` is for a stage, or Django's own command for the database of the environment."""

from pathlib import Path

import pytest

from django_runtimes.cli.stage_commands import is_for_stage


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    """A folder below one with a webapp.toml."""
    (tmp_path / "webapp.toml").touch()
    (tmp_path / "app").mkdir()
    return tmp_path / "app"


def test_a_project_with_stages_means_a_stage(deployed: Path):
    assert is_for_stage(["createsuperuser"], {}, deployed)
    assert is_for_stage(["createsuperuser", "--username=ada"], {"DATABASE_URL": ""}, deployed)


@pytest.mark.parametrize("option", ["--stage", "--stage=dev", "--target=aws_ecs", "--no-password"])
def test_options_of_the_verb_decide(option: str, tmp_path: Path):
    assert is_for_stage(["createsuperuser", option], {"DATABASE_URL": "postgresql://x"}, tmp_path)


@pytest.mark.parametrize("option", ["--noinput", "--no-input", "--database=other", "--settings=config.settings"])
def test_options_of_django_decide(option: str, deployed: Path):
    assert not is_for_stage(["createsuperuser", option], {}, deployed)


@pytest.mark.parametrize("variable", ["DATABASE_URL", "WEBAPP_DB_HOST"])
def test_a_database_in_the_environment_means_djangos_command(variable: str, deployed: Path):
    assert not is_for_stage(["createsuperuser"], {variable: "db"}, deployed)


def test_other_commands_and_projects_without_stages_are_djangos(deployed: Path, tmp_path_factory):
    assert not is_for_stage(["createsuperuser"], {}, tmp_path_factory.mktemp("elsewhere"))
    assert not is_for_stage(["migrate", "--stage=dev"], {}, deployed)
    assert not is_for_stage([], {}, deployed)
