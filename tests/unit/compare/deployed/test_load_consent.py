import io

import pytest

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.compare.deployed.deployed_name import DeployedName
from django_runtimes.compare.deployed.deployed_service import DeployedService
from django_runtimes.compare.deployed.load_consent import ask_for_load

HERE = DeployedService(DeployedName.parse("aws_ecs"), "http://127.0.0.1:8000", is_here=True)
ELSEWHERE = DeployedService(DeployedName.parse("aws_lambda"), "https://a.example.org", is_here=False)
STATEMENT = "This sends about 1,500 requests (reads only), at most 50 a second, to a.example.org (aws_lambda)."


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def ask(services, *, answer: io.StringIO, monkeypatch, yes: bool = False, writes: bool = False) -> None:
    monkeypatch.setattr("sys.stdin", answer)
    ask_for_load(services, max_rate_rps=50.0, requests=1_500, writes=writes, yes=yes)


def test_this_machine_needs_no_question(monkeypatch, capsys):
    ask([HERE], answer=io.StringIO(), monkeypatch=monkeypatch)

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
def test_the_question_states_host_rate_and_number(monkeypatch, capsys, answer):
    ask([HERE, ELSEWHERE], answer=Terminal(answer), monkeypatch=monkeypatch)

    assert capsys.readouterr().err == f"{STATEMENT} Continue? [y/N] "


@pytest.mark.parametrize("answer", ["", "\n", "no\n", "yesterday\n"])
def test_any_other_answer_declines(monkeypatch, answer):
    with pytest.raises(ToolError, match="declined; nothing was sent"):
        ask([ELSEWHERE], answer=Terminal(answer), monkeypatch=monkeypatch)


def test_without_a_terminal_the_remedy_is_an_option(monkeypatch):
    with pytest.raises(UsageError) as error:
        ask([ELSEWHERE], answer=io.StringIO("y\n"), monkeypatch=monkeypatch)

    assert str(error.value) == f"{STATEMENT} Standard input is not a terminal; add --yes"


def test_the_option_answers_the_question(monkeypatch, capsys):
    ask([ELSEWHERE], answer=io.StringIO(), monkeypatch=monkeypatch, yes=True, writes=True)

    assert capsys.readouterr().err == f"{STATEMENT.replace('reads only', 'reads and writes, whose rows stay')}\n"
