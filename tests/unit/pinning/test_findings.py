import pytest

from django_runtimes.pinning.findings import Findings
from django_runtimes.pinning.pin_report import as_json, render_text
from django_runtimes.pinning.rules import Statement


@pytest.fixture
def findings():
    return Findings()


def send(findings, text="SELECT 1"):
    findings.observe(Statement(text, len(text)))


def run(findings, name, *statements, reason=None):
    findings.begin_test(name, reason=reason)
    for statement in statements:
        send(findings, statement)
    findings.end_test()


def test_only_tests_that_send_statements_are_counted(findings):
    run(findings, "a", "SELECT 1", "SELECT 2")
    run(findings, "b")

    assert (findings.statements, findings.tests, findings.found) == (2, 1, [])


def test_repeated_statements_from_one_place_make_one_finding(findings):
    run(findings, "a", "SELECT nextval('s')", "SELECT nextval('s')")
    run(findings, "b", "SELECT nextval('t')")

    (finding,) = findings.found
    assert (finding.rule.name, finding.times, finding.tests) == ("sequence function", 3, ["a", "b"])
    assert finding.statement == "SELECT nextval('s')"
    assert finding.origin.place.file == __file__
    assert finding.origin.place.function == "send"


def test_statements_from_fixtures_are_ignored(findings):
    send(findings, "SET x = 1")
    run(findings, "a", "SELECT 1")
    send(findings, "SET x = 1")

    assert findings.found == []


def test_a_test_that_pins_on_purpose_is_excluded_and_counted(findings):
    run(findings, "a", "SET x = 1", reason="it has to")
    run(findings, "b", "SELECT 1")

    assert findings.found == []
    assert findings.left_out == {"marked_tests": 1}
    assert "\nleft out: 1 that tests marked pins(...) send on purpose\n" in render_text(findings)


def test_a_long_statement_is_shortened_to_one_line(findings):
    run(findings, "a", "SET\n  x = " + "1" * 300)

    (finding,) = findings.found
    assert finding.statement.startswith("SET x = 111")
    assert finding.statement.endswith("1…")
    assert len(finding.statement) == 120


def test_a_clean_run_is_reported_in_one_line(findings):
    run(findings, "a", "SELECT 1")

    assert render_text(findings) == "nothing would pin RDS Proxy; checked 1 statement of 1 test\n"


def test_a_finding_is_shown_with_its_line_and_its_remedy(findings, monkeypatch, request):
    monkeypatch.chdir(request.path.parent)
    run(findings, "test_shop.py::test_order", "LISTEN news", "LISTEN news")
    line = findings.found[0].origin.place.line

    assert render_text(findings) == (
        f"test_findings.py:{line} in send\n"
        "    rule       listen: LISTEN registers one session\n"
        "    statement  LISTEN news\n"
        "    sent       2 times, by test_shop.py::test_order\n"
        "    remedy     listen on the direct route, or use a queue\n"
        "\n"
        "1 place would pin RDS Proxy; checked 2 statements of 1 test\n"
    )
    assert as_json(findings) == {
        "schema": 1,
        "statements": 2,
        "tests": 1,
        "left_out": {},
        "found": [
            {
                "rule": "listen",
                "reason": "LISTEN registers one session",
                "remedy": "listen on the direct route, or use a queue",
                "statement": "LISTEN news",
                "while_connecting": False,
                "sent_by": {"file": "test_findings.py", "line": line, "function": "send"},
                "called_from": None,
                "times": 2,
                "tests": ["test_shop.py::test_order"],
            }
        ],
    }
