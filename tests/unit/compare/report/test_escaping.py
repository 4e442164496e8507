"""Text from a run stays text in every format of its reports."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from django_runtimes.compare.record.diagnosis import Diagnosis, Difference
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.claims.claim_report import render_claims_html, render_claims_markdown
from django_runtimes.compare.report.content import content_of
from django_runtimes.compare.report.decision_record import decision_record
from django_runtimes.compare.report.markdown import escaped
from tests.unit.compare.claims.tested_claims import RUN
from tests.unit.compare.report.rendering import render_html, render_markdown

EVIL = "<script>alert(1)</script> &lt;img&gt; [a](javascript:1) ![b](c) **d** _e_ | `f`\r\n# g\n<h9>\r    <h9>"
# The page has no script; report.md has only the two elements of a folded section.
UNSAFE = {"script", "img", "h9", "em", "code"}


class Tags(HTMLParser):
    """The names of all elements, and the addresses of all links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links |= {value or "" for name, value in attrs if name == "href"}


def rendered(markdown: str) -> Tags:
    # An indented block of a log is code, in which nothing is interpreted.
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    return Tags(page.replace("<pre><code>", "").replace("</code></pre>", ""))


@pytest.fixture
def suspicious(run: Run) -> Run:
    """Return a run with such text in every field that a user or an application chooses."""
    named = [replace(target, name=f"{EVIL}{index}", label=EVIL) for index, target in enumerate(run.targets)]
    scenarios = tuple(replace(each, errors={EVIL: 1}) for each in named[0].scenarios)
    blocks = tuple(replace(block, void=EVIL) for block in scenarios[0].blocks)
    void = replace(scenarios[0], blocks=blocks, void_blocks=len(blocks))
    measured = replace(named[0], notes=(EVIL,), scenarios=(void, *scenarios[1:]))
    diagnosis = Diagnosis(
        log=(EVIL,), worked=EVIL, differences=(Difference(EVIL, EVIL, EVIL),), kept_log=EVIL, is_excerpt=False
    )
    failed = replace(named[1], status="failed", error=EVIL, diagnosis=diagnosis)
    environment = {**run.environment, "workload": EVIL, "revision": EVIL, "finished_at": EVIL, EVIL: EVIL}
    return Run(environment, (measured, failed, *named[2:]))


def test_report_md_interprets_no_text_of_the_run(suspicious: Run):
    found = rendered(render_markdown(suspicious))

    assert not found.names & UNSAFE
    assert {"details", "table", "strong"} <= found.names
    assert found.links == set()


def test_decision_md_interprets_no_text_of_the_run(suspicious: Run):
    found = rendered(decision_record(suspicious, content_of(suspicious)))

    # The record's own text names a command.
    assert not found.names & (UNSAFE - {"code"})
    assert found.links == set()


def test_the_page_interprets_no_text_of_the_run(suspicious: Run):
    assert not Tags(render_html(suspicious)).names & UNSAFE


def test_the_reports_on_claims_interpret_no_text_of_the_run():
    claims = tuple(replace(each, claim=EVIL, reason=EVIL, measured=EVIL, error=EVIL) for each in RUN.claims)
    tested = replace(RUN, claims=claims)

    assert not rendered(render_claims_markdown(tested)).names & (UNSAFE - {"code"})
    assert not Tags(render_claims_html(tested)).names & UNSAFE


@pytest.mark.parametrize("text", ["# a", "- a", "+ a", "1. a", "2) a", "--- a", "> a", "_a_", "~~a~~", "a\\|b"])
def test_markdown_shows_the_text_itself(text: str):
    page = MarkdownIt("commonmark").enable("strikethrough").render(escaped(text))

    assert page == f"<p>{text.replace('>', '&gt;')}</p>\n"
