"""Each tool records every request once, with its name, URL, user, status and duration, and no other request's data."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from tests.integration.instruments.application import HOST
from tests.integration.instruments.tools import TOOLS

# These paths are requested in sequence: the data of one request must not appear on the next request.
_VIEWS = ("mark", "fail", "plain", "mark_fail", "fail", "mark", "plain", "stream", "fail")
_CONCURRENT_VIEWS = ("mark", "fail", "mark_fail", "plain")
_CONCURRENT = 24
_STATUSES = {"mark": 200, "plain": 200, "stream": 200, "fail": 500, "mark_fail": 500}


def rounds(*, concurrent: bool) -> list[list[str]]:
    """Return rounds of numbered paths of sync and async views: rounds of one path, then one round of many."""
    alone = [f"/{way}/{view}/" for way in ("sync", "async") for view in _VIEWS]
    together = [f"/{way}/{view}/" for view in _CONCURRENT_VIEWS for way in ("sync", "async")] * (_CONCURRENT // 8)
    asked = [[path] for path in alone] + ([together] if concurrent else [])
    numbers = iter(range(1000, 2000))
    return [[f"{path}{next(numbers)}" for path in paths] for paths in asked]


# Tools send from background threads, which a function runs during invocations only: these requests give them time.
_FLUSHING_PATH = "/sync/plain/9999"
# Enough requests to send a record that comes twice.
_LAST_ROUNDS = 20
_LIMIT_S = 120.0


def flushed(asked, records) -> Iterator[Sequence[str]]:
    """Yield the rounds, and further ones until every record has arrived that is expected."""
    yield from asked
    paths = [path for round_of_paths in asked for path in round_of_paths]
    expected = len(paths) + sum("fail" in path for path in paths)
    deadline_s = time.monotonic() + _LIMIT_S
    while len(own(records())) < expected and time.monotonic() < deadline_s:
        yield [_FLUSHING_PATH]
    yield from [[_FLUSHING_PATH]] * _LAST_ROUNDS


def own(records):
    """Return the records of the requests under test."""
    # Health checks are answered before Django; New Relic also instruments the server.
    return [record for record in records if not (record["url"] or "").endswith((_FLUSHING_PATH, "/healthz"))]


def number_of(record) -> str:
    """Return the number in a record's URL."""
    return re.search(r"\d{4}$", record["url"])[0]


def check(tool, asked, answers, records) -> None:
    """Check the records against the requested paths."""
    paths = [path for round_of_paths in asked for path in round_of_paths]
    statuses = [status for round_of_answers in answers for status, _ in round_of_answers]
    assert statuses == [_STATUSES[path.split("/")[2]] for path in paths]
    assert [record for record in records if not record["url"]] == []
    records = own(records)
    requests, errors = ([record for record in records if record["kind"] == kind] for kind in ("request", "error"))
    expected = {path[-4:]: path for path in paths}
    assert Counter(map(number_of, requests)) == Counter(list(expected))
    failing = [number for number, path in expected.items() if "fail" in path]
    assert Counter(map(number_of, errors)) == Counter(failing)
    for record in records:
        check_record(tool, expected[number_of(record)], record)


def check_record(tool, path: str, record) -> None:
    """Check the record of one request or error against its path."""
    _, way, view, number = path.split("/")
    marked = number if "mark" in view or view == "stream" else None
    function = view if way == "sync" else f"a{view}"
    assert record["name"] == tool.request_name.format(way=way, view=view, function=function)
    assert re.sub(r":\d+/", "/", record["url"]) in ({f"http://{HOST}{path}", f"https://{HOST}{path}"} | {path})
    has_user = record["kind"] == "request" or tool.errors_have_user
    assert (record["tenant"], record["user"]) == (marked, marked if has_user else None)
    if tool.reports_breadcrumbs and record["crumbs"] is not None:
        assert record["crumbs"] == ([marked] if marked else [])
    if record["kind"] == "error":
        assert record["error"].rpartition(":")[2].rpartition(".")[2] == "ValueError"
    else:
        assert record["status"] == _STATUSES[view]
        if tool.times_streams or view != "stream":
            assert 0.015 < record["ended"] - record["started"] < 60


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_each_tool_records_the_requests_to_a_container(instrument, tool):
    asked = rounds(concurrent=True)
    if tool.sends_at_exit:
        application, records = instrument(tool)
        answers = application.ask_container(asked)
    else:
        application, records = instrument(tool, **tool.hasty_environ)
        answers = application.ask_container(flushed(asked, records))

    check(tool, asked, answers[: len(asked)], records())


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_each_tool_records_the_requests_to_a_function(instrument, tool):
    application, records = instrument(tool, **tool.hasty_environ)
    asked = rounds(concurrent=False)

    answers = application.ask_function(flushed(asked, records))

    check(tool, asked, answers[: len(asked)], records())
