"""docs/conformance.md says of each way how many tests its list holds."""

import re

from tests.conformance.differences import read_list
from tests.conformance.ways import WAYS
from tests.unit.documents.pages import ROOT

_ROW = re.compile(r"^\| `(\w+)` \| [\d,]+ \| [\d,]+ \| (\d+) \|", re.MULTILINE)


def test_the_page_has_the_numbers_of_the_lists():
    page = (ROOT / "docs/conformance.md").read_text()

    assert {way: int(listed) for way, listed in _ROW.findall(page)} == {
        way.name: len(read_list(way.name)) for way in WAYS
    }
