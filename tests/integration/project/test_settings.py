"""Settings that cannot be used are refused before anything starts."""

import pytest

pytestmark = pytest.mark.profile_free


def refusal(foreign, **variables: str) -> str:
    ended = foreign.webapp("test", **variables)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    line = ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    return line.removeprefix("webapp test: ")


def test_a_missing_settings_module_is_refused(foreign):
    assert refusal(foreign, DJANGO_SETTINGS_MODULE="config.live") == (
        "the settings config.live are not found: there is no module 'config.live'; correct settings in [tool.webapp] "
        "or DJANGO_SETTINGS_MODULE, or name the folder that holds it as python_path in [tool.webapp]"
    )


def test_a_missing_variable_is_named_with_its_line(foreign):
    foreign.write("config/settings.py", 'import os\n\nREDIS_URL = os.environ["REDIS_URL"]\n')

    assert (
        refusal(foreign)
        == "the settings config.settings do not load: KeyError: 'REDIS_URL' (config/settings.py, line 3)"
    )


def test_the_error_names_a_line_of_the_projects_own_code(foreign):
    foreign.write("config/settings.py", "from config.more import X\n")
    foreign.write("config/more.py", "import json\n\n\ndef read():\n    return json.loads('{')\n\n\nX = read()\n")

    assert refusal(foreign).endswith("(config/more.py, line 5)")


def test_a_syntax_error_is_named_with_its_line(foreign):
    foreign.write("config/settings.py", "A = 1\nB = = 2\n")

    assert refusal(foreign) == (
        "the settings config.settings do not load: SyntaxError: invalid syntax (settings.py, line 2) "
        "(config/settings.py, line 2)"
    )


def test_a_missing_package_is_named_with_its_line(foreign):
    foreign.write("config/settings.py", "import environ_of_somebody\n")

    assert refusal(foreign) == (
        "the settings config.settings do not load: ModuleNotFoundError: No module named 'environ_of_somebody' "
        "(config/settings.py, line 1)"
    )


@pytest.mark.parametrize("end", ["import sys; sys.exit('no licence')", "import os; os._exit(3)"])
def test_settings_that_exit_python_are_refused(foreign, end):
    foreign.write("config/settings.py", f"print('hello')\n{end}\n")

    assert ("no licence" in refusal(foreign)) or "end Python with exit code 3 while they load" in refusal(foreign)


def test_settings_that_ignore_database_url_are_refused(foreign):
    settings = (foreign.code / "config/settings.py").read_text()
    foreign.write("config/settings.py", settings + 'DATABASES["default"] |= {"HOST": "db.example", "NAME": "live"}\n')

    assert refusal(foreign) == (
        "DATABASES['default'] in config.settings is live at db.example:1, although DATABASE_URL names another "
        "database, and your own databases are never touched; do not set it after configure(globals())"
    )


def test_an_engine_other_than_postgresql_is_refused(foreign):
    settings = (foreign.code / "config/settings.py").read_text()
    foreign.write("config/settings.py", settings + 'DATABASES["default"]["ENGINE"] = "django.db.backends.sqlite3"\n')

    assert refusal(foreign).startswith(
        "the engine of DATABASES['default'] in config.settings is 'django.db.backends.sqlite3', but this needs"
    )


def test_settings_without_configure_are_refused(foreign):
    settings = (foreign.code / "config/settings.py").read_text()
    foreign.write("config/settings.py", settings.replace("configure(globals())", ""))

    assert refusal(foreign).startswith("config.settings does not call configure(), so the settings do not fit")


def test_a_folder_without_a_project_and_settings_is_refused(foreign):
    foreign.write("pyproject.toml", "")

    ended = foreign.webapp("test")

    assert (ended.returncode, ended.stderr) == (
        2,
        "webapp test: no settings module is named; set settings in [tool.webapp] of pyproject.toml, "
        "or DJANGO_SETTINGS_MODULE\n",
    )
