"""Each decision has a number of its own, which its title repeats."""

from tests.unit.documents.pages import ROOT

DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))


def test_each_decision_has_a_number_of_its_own():
    numbers = [path.name[:4] for path in DECISIONS]

    assert [number for number in numbers if numbers.count(number) > 1] == []


def test_the_titles_have_the_number_from_decision_22_on():
    numbered = [path for path in DECISIONS if path.name >= "0022"]

    assert [path.name for path in numbered if not path.read_text().startswith(f"# {int(path.name[:4])}. ")] == []
