"""The page of tested claims in Chromium."""

from pathlib import Path

import pytest

from django_runtimes.compare.report.claims.claim_report import render_claims_html
from tests.browser.opened_page import Opened
from tests.unit.compare.claims.tested_claims import RUN


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of claims with every verdict."""
    page = tmp_path_factory.mktemp("claims") / "report.html"
    page.write_text(render_claims_html(RUN))
    return page


def test_the_page_of_claims_is_accessible_and_loads_nothing(opened: Opened):
    opened.require_access()
    opened.require_silence()
