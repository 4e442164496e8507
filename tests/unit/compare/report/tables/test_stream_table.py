from dataclasses import replace

from django_runtimes.compare.record.results import Run
from django_runtimes.compare.record.stream_result import StreamResult
from django_runtimes.compare.report.tables.stream_table import stream_table
from tests.unit.compare.report.printed_report import printed
from tests.unit.compare.report.rendering import render_html, render_markdown

EXPORT = StreamResult(
    "export",
    8,
    {"status_503": 1},
    first_byte_ms=(3.0, 3.5, 3.1, 3.2, 3.4, 3.3, 30.0),
    last_byte_ms=(9.0, 9.5, 9.1, 9.2, 9.4, 9.3, 90.0),
    size_kb=26.2,
    billed_ms=12.25,
)
ENDLESS = StreamResult("feed", 1, {"timeout": 1}, (), ())


def with_streams(run: Run, *streams: StreamResult) -> Run:
    function, *others = run.targets
    return replace(run, targets=(replace(function, streams=streams), *others))


def test_a_row_has_the_medians_of_the_first_and_the_last_byte(run: Run):
    table = stream_table(with_streams(run, EXPORT))

    assert table.columns == (
        "target", "label", "stream", "answers", "first byte", "last byte", "KB", "billed ms", "errors",
    )  # fmt: skip
    assert table.rows == (
        (
            "aws_lambda/per_request/proxy", "emulated", "export", "7", "3.30 (3.00 to 30.0)", "9.30 (9.00 to 90.0)",
            "26.2", "12.2", "status_503 1",
        ),
    )  # fmt: skip
    assert [note.partition(" ")[0] for note in table.notes] == ["Each", "Lambda", "The"]


def test_few_answers_have_no_interval(run: Run):
    few = replace(EXPORT, first_byte_ms=(3.0, 3.5), last_byte_ms=(9.0, 9.5))

    assert stream_table(with_streams(run, few)).rows[0][3:6] == ("2", "3.25", "9.25")


def test_a_stream_without_an_end_has_no_times(run: Run):
    table = stream_table(with_streams(run, ENDLESS))

    assert table.rows[0][3:] == ("0", "-", "-", "-", "-", "timeout 1")
    assert table.notes[-1] == "A stream that did not end within 30 s was not asked for again."


def test_every_report_has_the_streams(run: Run):
    streamed = with_streams(run, EXPORT, ENDLESS)
    sentence = "streams 'export' with the first byte after 3.30 ms and the last after 9.30 ms (medians)"

    for text in (printed(streamed), render_html(streamed)):
        assert sentence in " ".join(text.replace("&#x27;", "'").split())
    for text in (render_markdown(streamed), render_html(streamed)):
        assert "Streams, in ms" in text


def test_a_run_without_streams_has_no_table(run: Run):
    assert stream_table(run) is None
    assert "Streams" not in render_markdown(run)
