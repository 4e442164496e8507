import pytest
from benchmarks.compare.measured_command import argument_parser, require_quiet, run_command, webapp

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.compare.meters.other_load import OtherLoad

PARSER = argument_parser("make example", "Measure an example.")


def test_a_busy_machine_is_refused_with_the_programs():
    with pytest.raises(UsageError) as refused:
        require_quiet(OtherLoad(1.42, 2, (("python", 1.3), ("mypy", 0.12))))

    assert str(refused.value) == (
        "other programs keep 1.4 of 2 CPUs busy (python 1.3, mypy 0.1), and the bars allow for 0.5; end these programs"
        ", or pass --anyway (with make: ARGS=--anyway)"
    )


def test_ordinary_background_work_is_accepted():
    require_quiet(OtherLoad(0.5, 2, (("cron", 0.5),)))


@pytest.mark.parametrize(("is_kept", "code"), [(True, 0), (False, 1)])
def test_a_missed_bar_is_exit_code_1(is_kept, code):
    assert run_command(PARSER, ["--anyway"], lambda options: is_kept) == code


@pytest.mark.parametrize(("error", "code"), [(UsageError, 2), (ToolError, 1)])
def test_an_error_is_one_line(error, code, capsys):
    def fail(options):
        raise error("there is no server")

    assert run_command(PARSER, ["--anyway"], fail) == code
    assert capsys.readouterr().err == "make example: there is no server\n"


def test_an_interrupted_command_has_the_exit_code_of_a_shell():
    def interrupt(options):
        raise KeyboardInterrupt

    assert run_command(PARSER, ["--anyway"], interrupt) == 130


def test_a_failed_verb_ends_with_its_own_error():
    with pytest.raises(ToolError) as failed:
        webapp("compare", "--budget", "5x")

    text = str(failed.value)
    assert text.startswith("`webapp compare --budget 5x` ended with exit code 2:\n  ")
    assert "'5x' is not a duration" in text
