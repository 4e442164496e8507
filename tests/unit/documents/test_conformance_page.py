"""docs/conformance.md states how many tests each way's list of differences contains."""

import re

from tests.conformance.differences import read_list
from tests.conformance.ways import WAYS
from tests.unit.documents.pages import ROOT

_ROW = re.compile(r"^\| `(\w+)` \| [\d,]+ \| [\d,]+ \| (\d+) \|", re.MULTILINE)


def test_the_numbers_on_the_page_match_the_lists():
    page = (ROOT / "docs/conformance.md").read_text()

    assert {way: int(listed) for way, listed in _ROW.findall(page)} == {
        way.name: len(read_list(way.name)) for way in WAYS
    }
