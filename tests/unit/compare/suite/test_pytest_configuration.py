import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.suite.pytest_configuration import find_pytest_configuration, settings_option


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = shop.tests\n"),
        (".pytest.ini", "[pytest]\naddopts = -q --ds=shop.tests\n"),
        ("pytest.toml", '[pytest]\nDJANGO_SETTINGS_MODULE = "shop.tests"\n'),
        ("pyproject.toml", '[tool.pytest.ini_options]\nDJANGO_SETTINGS_MODULE = "shop.tests"\n'),
        ("pyproject.toml", '[tool.pytest]\naddopts = ["-q", "--ds", "shop.tests"]\n'),
        ("tox.ini", "[pytest]\nDJANGO_SETTINGS_MODULE=shop.tests\n"),
        ("setup.cfg", "[tool:pytest]\nDJANGO_SETTINGS_MODULE = shop.tests\n"),
    ],
)
def test_each_configuration_file_of_pytest_is_read(tmp_path, name, text):
    (tmp_path / name).write_text(text)

    found = find_pytest_configuration([tmp_path])

    assert (found.path, found.settings) == (tmp_path / name, "shop.tests")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[tool.ruff]\n"),
        ("tox.ini", "[tox]\nDJANGO_SETTINGS_MODULE = a\n"),
        ("setup.cfg", "[flake8]\n"),
        ("manage.py", ""),
    ],
)
def test_files_of_other_tools_are_not_pytests_configuration(tmp_path, name, text):
    (tmp_path / name).write_text(text)

    assert find_pytest_configuration([tmp_path]) is None


def test_a_conftest_in_the_second_folder_is_found(tmp_path):
    (tmp_path / "backend").mkdir()
    (tmp_path / "conftest.py").touch()

    found = find_pytest_configuration([tmp_path / "backend", tmp_path])

    assert (found.path, found.settings) == (tmp_path / "conftest.py", None)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "setup.cfg").write_text("nothing\n")

    with pytest.raises(UsageError, match=r"setup.cfg cannot be read: File contains no section headers"):
        find_pytest_configuration([tmp_path])


def test_a_file_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "pytest.ini").write_bytes("[pytest]\n# caf\xe9\n".encode("latin-1"))

    with pytest.raises(
        UsageError, match=r"pytest\.ini has the byte 0xe9 in line 2, which is not UTF-8; pytest reads UTF"
    ):
        find_pytest_configuration([tmp_path])


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [(["--ds", "a.b"], "a.b"), (["-x", "--ds=a"], "a"), (["-k", "ds"], None), (["--dsn=a"], None)],
)
def test_the_settings_option_of_pytest_django_is_read(arguments, settings):
    assert settings_option(arguments) == settings
