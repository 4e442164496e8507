"""The lists of tests that pass with Django's parts and not with ours, each with its reason."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

Outcomes = Mapping[str, str]
_PLACE = Path(__file__).parent / "differences"


class ListError(Exception):
    """A list has an entry that says too little or something twice."""


def read_list(way: str) -> dict[str, str]:
    """The reason of each listed test of a way."""
    file = _PLACE / f"{way}.toml"
    reasons: dict[str, str] = {}
    for group in tomllib.loads(file.read_text(encoding="utf-8")).get("differences", []):
        if not group.get("reason") or not group.get("tests"):
            raise ListError(f"{file.name}: a group lacks its reason or its tests: {group}")
        for test in group["tests"]:
            if test in reasons:
                raise ListError(f"{file.name}: {test} is listed twice; leave one of both")
            reasons[test] = group["reason"]
    return reasons


def compare(stock: Outcomes, ours: Outcomes, listed: Iterable[str], labels: Iterable[str]) -> list[str]:
    """One line for each difference that is not listed, and for each listed one that is none."""
    listed = {test for test in listed if _is_in(test, labels)}
    differing = {test for test, outcome in stock.items() if outcome == "passed" and ours.get(test) != "passed"}
    lines = [f"{test}: passes with Django, {_outcome(ours, test)} here" for test in sorted(differing - listed)]
    for test in sorted(listed - differing):
        if stock.get(test) != "passed":
            lines.append(f"{test}: is listed, and {_outcome(stock, test)} with Django; take it off the list")
        else:
            lines.append(f"{test}: is listed and passes; take it off the list")
    return lines


def _outcome(outcomes: Outcomes, test: str) -> str:
    return {"failed": "fails", "skipped": "is skipped", "passed": "passes"}.get(outcomes.get(test, ""), "is not run")


def _is_in(test: str, labels: Iterable[str]) -> bool:
    return any(test == label or test.startswith(f"{label}.") for label in labels)
