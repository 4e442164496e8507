import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.gate.gate_condition import bill_names, parse_conditions

TARGETS = ("aws_lambda/per_request/proxy", "aws_ecs/pool/direct", "aws_lambda/per_request/proxy@512")
SCENARIOS = ("read", "write", "burst")


def parsed(text: str):
    (condition,) = parse_conditions([text], targets=TARGETS, scenarios=SCENARIOS)
    return condition


@pytest.mark.parametrize(
    ("text", "target", "load", "metric", "limit", "is_ratio"),
    [
        ("aws_ecs/pool/direct p99 > 1.2x", "aws_ecs/pool/direct", None, "p99", 1.2, True),
        ("aws_ecs/pool/direct@read p50 > 20ms", "aws_ecs/pool/direct", "read", "p50", 20, False),
        ("aws_ecs/pool/direct@read:50 p90 > 1.5s", "aws_ecs/pool/direct", "read:50", "p90", 1_500, False),
        ("aws_ecs/pool/direct@burst p50 > 800 us", "aws_ecs/pool/direct", "burst", "p50", 0.8, False),
        ("aws_lambda/per_request/proxy@512@read p50>2ms", TARGETS[2], "read", "p50", 2, False),
        ("aws_lambda/per_request/proxy@512 p50>2ms", TARGETS[2], None, "p50", 2, False),
        ("  *   errors  >  0.1 %  ", "*", None, "errors", 0.1, False),
        ("*@write errors > 0%", "*", "write", "errors", 0, False),
        ("* cold_start p50 > 800ms", "*", None, "cold_start p50", 800, False),
        ("* cold_start p50 > 1.1x", "*", None, "cold_start p50", 1.1, True),
        ("* connections > 20", "*", None, "connections", 20, False),
        ("*@0.5 usd_per_month > 40.5", "*", "0.5", "usd_per_month", 40.5, False),
        (
            "aws_lambda+http_api/per_request/proxy usd_per_million > 3",
            "aws_lambda+http_api/per_request/proxy",
            None,
            "usd_per_million",
            3,
            False,
        ),
    ],
)
def test_a_condition_is_read(text, target, load, metric, limit, is_ratio):
    condition = parsed(text)

    assert (condition.target, condition.load, condition.metric.name) == (target, load, metric)
    assert (condition.limit, condition.is_ratio, condition.text) == (pytest.approx(limit), is_ratio, text)


FORM = "is not 'TARGET[@LOAD] METRIC > LIMIT'; write, for example, 'aws_ecs/pool/direct p50 > 1.2x'"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", FORM),
        ("p99 > 1.2x", FORM),
        ("aws_ecs/pool/direct p99", FORM),
        ("aws_ecs/pool/direct p99 < 20ms", FORM),
        ("> 20ms", FORM),
        ("aws_ecs/pool/direkt p99 > 20ms", "names no target of the run: 'aws_ecs/pool/direkt'; did you mean "),
        ("ecs p99 > 20ms", "choose one of: aws_lambda/per_request/proxy, aws_ecs/pool/direct, "),
        ("aws_ecs/pool/direkt@read p99 > 2ms", "names no target of the run: 'aws_ecs/pool/direkt'; did you mean "),
        ("aws_lambda+http_api/per_request/proxy p50 > 2ms", "names no target of the run"),
        ("* p95 > 20ms", "has no metric 'p95'; did you mean 'p"),
        ("* latency > 20ms", "has no metric 'latency'; choose one of: p50, p90, p99, cold_start p50, errors, "),
        ("*@reed p50 > 20ms", "has no scenario 'reed'; did you mean 'read'? choose one of: read, write, burst"),
        ("*@read:fast p50 > 20ms", "'fast' is no rate; write requests per second, such as read:50"),
        ("*@read:0 p50 > 20ms", "'0' is no rate"),
        ("*@read cold_start p50 > 20ms", "cold_start p50 has no load; leave out @read"),
        ("*@read usd_per_month > 20", "the load of usd_per_month is requests per second, such as 10, not 'read'"),
        ("* p50 > 20", "'20' is no limit of p50; write, for example, 'p50 > 2ms' or "),
        ("* p50 > fast", "'fast' is no limit of p50"),
        ("* p50 > ", "'' is no limit of p50"),
        ("* p50 >= 20ms", "'= 20ms' is no limit of p50"),
        ("* p50 > -20ms", "'-20ms' is no limit of p50"),
        ("* p50 > 1e3ms", "'1e3ms' is no limit of p50"),
        ("* p50 > 20ms > 10ms", "'20ms > 10ms' is no limit of p50"),
        ("* p50 > ٣ms", "'٣ms' is no limit of p50"),
        ("* errors > 1.2x", "'1.2x' is no limit of errors; write, for example, 'errors > 2%'"),
        ("* errors > 0.001", "'0.001' is no limit of errors"),
        ("* usd_per_month > 20%", "'20%' is no limit of usd_per_month; write, for example, 'usd_per_month > 2'"),
    ],
)
def test_an_invalid_condition_is_refused_with_value_rule_and_remedy(text, error):
    with pytest.raises(UsageError) as raised:
        parsed(text)

    message = str(raised.value)
    assert message.startswith(f"--fail-if {text!r}")
    assert error in message
    assert "\n" not in message


def test_a_function_has_a_bill_for_each_front_door():
    assert bill_names("aws_lambda/per_request/proxy") == (
        "aws_lambda+http_api/per_request/proxy",
        "aws_lambda+url/per_request/proxy",
    )
    assert bill_names("aws_ecs/pool/direct") == ("aws_ecs/pool/direct",)
