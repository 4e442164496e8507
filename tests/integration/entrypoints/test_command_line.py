"""The `webapp` command without any configuration."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.profile_free


def webapp(*arguments: str, **environ: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "webapp", *arguments],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(), ("help",), ("--help",), ("-h",), ("help", "help")])
def test_help_needs_no_settings(arguments):
    helped = webapp(*arguments)

    assert helped.returncode == 0
    assert "webapp compare" in helped.stdout
    assert "webapp serve" in helped.stdout


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("comare", "compare"),
        ("doctr", "doctor"),
        ("deplyo", "deploy"),
        ("migarte", "migrate"),
        ("shel", "shell"),
        ("collectstati", "collectstatic"),
        ("clearsesions", "clearsessions"),
    ],
)
def test_a_misspelt_command_gets_a_suggestion(word, meant):
    without_settings = webapp(word, WEBAPP_RUNTIME="aws_ecs")
    refused = webapp(word, DATABASE_URL="postgresql://app@127.0.0.1:1/app")

    assert (refused.returncode, refused.stderr) == (2, f"webapp: {word!r} is not a command; did you mean {meant}?\n")
    assert without_settings.returncode == 2
    assert without_settings.stderr.startswith(refused.stderr.strip())
    assert len(without_settings.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("COMPARE",), "'COMPARE' is not a command; did you mean compare?"),
        (("Migrate",), "'Migrate' is not a command; did you mean migrate?"),
        (("HELP",), "'HELP' is not a command; did you mean help?"),
        (("help", "MIGRATE"), "'MIGRATE' is not a command; did you mean migrate?"),
        (("--quick", "compare"), "'--quick' comes before the command; options follow it: webapp compare --quick"),
        (
            ("--settings", "x", "compare", "--json"),
            "'--settings' comes before the command; options follow it: webapp compare --settings x --json",
        ),
        (
            ("--settings=x", "comare"),
            "'comare' is not a command; did you mean compare? Options follow it: webapp compare --settings=x",
        ),
        (("--quick",), "'--quick' is not a command; options follow a command (see `webapp help`)"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("environ", [{}, {"DATABASE_URL": "postgresql://app@127.0.0.1:1/app"}], ids=["bare", "set"])
def test_a_wrong_first_argument_gets_a_remedy(environ, arguments, complaint):
    refused = webapp(*arguments, **environ)

    assert (refused.returncode, refused.stderr) == (2, f"webapp: {complaint}\n")


def test_help_on_a_misspelt_command_gets_a_suggestion():
    refused = webapp("help", "comare")

    assert refused.returncode == 2
    assert refused.stderr.startswith("webapp: 'comare' is not a command; did you mean compare?")


@pytest.mark.parametrize("word", ["help", "--help", "-h"])
def test_help_on_a_verb_shows_the_help_of_the_verb(word):
    helped = webapp(word, "compare")

    assert helped.returncode == 0
    assert helped.stdout.startswith("usage: webapp compare")


def test_an_unknown_command_names_the_list_of_commands():
    refused = webapp("xyzzy", DATABASE_URL="postgresql://app@127.0.0.1:1/app")

    assert (refused.returncode, refused.stderr) == (
        2,
        "webapp: 'xyzzy' is not a command; `webapp help` lists the commands\n",
    )


@pytest.mark.parametrize("word", ["migrate", "create_web_role", "compare_notes_with_nobody"])
def test_a_command_of_the_settings_reports_a_missing_variable(word):
    refused = webapp(word, WEBAPP_RUNTIME="aws_ecs")

    assert refused.returncode == 78
    assert refused.stderr.startswith("webapp: WEBAPP_SECRET_KEY is not set")


def test_the_version_needs_no_settings():
    assert webapp("--version").stdout.startswith("webapp 0.1.0, Django 5.2")


def test_ctrl_c_ends_a_command_quietly_while_a_tool_is_imported():
    impatient = (
        "import sys\n"
        "class Impatient:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'boto3': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Impatient())\n"
        "sys.argv = ['webapp', 'status']\n"
        "from django_runtimes.cli.main import main; main()"
    )

    ended = subprocess.run([sys.executable, "-c", impatient], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (130, "")


def test_a_tool_without_its_extra_names_the_extra_in_one_line():
    without_rich = (
        "import sys; sys.modules['rich'] = None\n"
        "sys.argv = ['webapp', 'compare']\n"
        "from django_runtimes.cli.main import main; main()"
    )

    refused = subprocess.run([sys.executable, "-c", without_rich], capture_output=True, text=True, check=False)

    assert refused.returncode == 2
    assert refused.stderr.startswith("webapp compare needs rich")
    assert "[compare]" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
