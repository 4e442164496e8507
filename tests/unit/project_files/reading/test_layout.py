"""The root of a project, and the settings that it runs with."""

from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.reading.layout import find_layout

NAMED = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}")\n'


def write(root: Path, *names: str, **contents: str) -> None:
    for name, text in {**dict.fromkeys(names, "A = 1\n"), **contents}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize(
    "line",
    [
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")',
        'os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"',
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", os.environ.get("SETTINGS", "config.settings"))',
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", config("SETTINGS", default="config.settings"))',
    ],
)
def test_the_settings_that_manage_py_names_are_found(tmp_path: Path, line: str):
    write(tmp_path, "config/settings.py", **{"manage.py": f"import os\n{line}\n"})

    layout = find_layout(tmp_path, settings=None)

    assert (layout.settings, layout.settings_file) == ("config.settings", tmp_path / "config/settings.py")


def test_the_settings_that_wsgi_names_are_served(tmp_path: Path):
    write(
        tmp_path,
        "config/settings/local.py",
        "config/settings/production.py",
        **{
            "manage.py": NAMED.format("config.settings.local"),
            "config/wsgi.py": NAMED.format("config.settings.production"),
        },
    )

    layout = find_layout(tmp_path, settings=None)

    assert (layout.settings, layout.alternatives) == ("config.settings.production", ("config.settings.local",))


def test_production_settings_beat_development_settings(tmp_path: Path):
    named = NAMED.format("config.settings.dev")
    write(
        tmp_path,
        "config/settings/dev.py",
        "config/settings/production.py",
        **{"manage.py": named, "config/wsgi.py": named},
    )

    layout = find_layout(tmp_path, settings=None)

    assert (layout.settings, layout.alternatives) == ("config.settings.production", ("config.settings.dev",))


def test_the_users_choice_of_settings_beats_manage_py(tmp_path: Path):
    write(tmp_path, "config/a.py", "config/b.py", **{"manage.py": NAMED.format("config.a")})

    assert find_layout(tmp_path, settings="config.b", declared="config.a").settings == "config.b"
    assert find_layout(tmp_path, settings=None, declared="config.b").settings == "config.b"


def test_the_settings_may_be_a_package(tmp_path: Path):
    write(tmp_path, "config/settings/__init__.py", **{"manage.py": NAMED.format("config.settings")})

    assert find_layout(tmp_path, settings=None).settings_file == tmp_path / "config/settings/__init__.py"


def test_the_error_for_an_empty_settings_package_lists_its_modules(tmp_path: Path):
    write(
        tmp_path,
        "config/settings/base.py",
        **{"config/settings/__init__.py": "", "manage.py": NAMED.format("config.settings")},
    )

    with pytest.raises(UsageError, match=r"config\.settings is an empty package, .*--settings: config\.settings\.base"):
        find_layout(tmp_path, settings=None)


def test_the_folder_with_the_requirements_is_the_root(tmp_path: Path):
    write(
        tmp_path,
        "package.json",
        "backend/requirements.txt",
        "backend/shop/settings.py",
        **{"backend/manage.py": NAMED.format("shop.settings")},
    )

    assert find_layout(tmp_path, settings=None).root == tmp_path / "backend"


def test_a_project_at_the_top_beats_examples_below(tmp_path: Path):
    write(
        tmp_path,
        "shop/settings.py",
        **{"manage.py": NAMED.format("shop.settings"), "examples/a/manage.py": NAMED.format("a.settings")},
    )

    assert find_layout(tmp_path, settings=None).settings == "shop.settings"


def test_a_virtual_environment_is_not_a_project(tmp_path: Path):
    write(
        tmp_path,
        "web/shop/settings.py",
        "env/pyvenv.cfg",
        **{"web/manage.py": NAMED.format("shop.settings"), "env/manage.py": NAMED.format("x")},
    )

    assert find_layout(tmp_path, settings=None).python_path == tmp_path / "web"
