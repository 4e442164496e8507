import re
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.claims.claim_list import CLAIMS, claims_named, expected_duration_s
from django_runtimes.compare.compare import main

DOCUMENT = Path(__file__).parents[4] / "docs" / "claims.md"


def test_all_claims_take_less_than_four_minutes():
    assert expected_duration_s(CLAIMS) <= 240


def test_the_document_has_every_claim_with_its_sentence_and_rule():
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", DOCUMENT.read_text(), re.MULTILINE))

    assert rows == {claim.name: f"{claim.sentence} | {claim.rule}" for claim in CLAIMS}


def test_named_claims_are_tested_once_and_in_the_order_of_the_list():
    names = ["warm-up-requests", "conn-max-age-leaks", "warm-up-requests"]

    assert [claim.name for claim in claims_named(names)] == ["conn-max-age-leaks", "warm-up-requests"]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("warmup-requests", "did you mean warm-up-requests?"), ("x", "`webapp compare --claims list` names them")],
)
def test_an_unknown_claim_is_refused(name: str, remedy: str):
    with pytest.raises(UsageError, match=re.escape(f"--claim {name!r} is not a claim; {remedy}")):
        claims_named([name])


def test_the_list_has_a_line_for_each_claim(capsys):
    assert main(["--claims", "list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{claim.name} (about {claim.expected_s:g} s): {claim.sentence}" for claim in CLAIMS]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["--claims", "all-of-them"],
            "--claims 'all-of-them' is neither empty nor 'list'; test one claim",
        ),
        (["--claims", "--claim", "warm-up-requests"], "--claims tests every claim and --claim only some; use one"),
        (["--claims", "--budget", "7m"], "--budget has no effect on claims"),
        (["--claims", "--quick"], "--quick has no effect on claims, which start servers of their own; omit --quick"),
        (["--claim", "warm-up-requests", "--rate", "20"], "--rate has no effect on claims"),
        (["--claims", "--database-url", "postgresql://a@b/c"], "--database-url has no effect on claims"),
    ],
)
def test_options_that_do_not_fit_are_refused_in_one_line(arguments, error, capsys):
    assert main(arguments) == 2

    shown = capsys.readouterr().err
    assert shown.startswith(f"webapp compare: {error}")
    assert shown.count("\n") == 1
