"""Lists of tests that pass with Django's parts but not with ours, each with its reason and its expected ending."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.conformance.ending import Ending, Endings

# The expected endings of each test: `AssertionError: 200 != 404` is an exception whose message contains `200 != 404`.
Expected = Mapping[str, tuple[str, ...]]
_PLACE = Path(__file__).parent / "differences"
_NOT_RUN = "not run"
_PASSED = Ending("passed")


class ListError(Exception):
    """A list has an incomplete or duplicate entry."""


def read_groups(file: Path) -> list[tuple[str, Expected]]:
    """Return the groups of a list, each a reason and its tests."""
    groups: list[tuple[str, Expected]] = []
    known: set[str] = set()
    for group in tomllib.loads(file.read_text(encoding="utf-8")).get("differences", []):
        if not group.get("reason") or not group.get("tests"):
            raise ListError(f"{file.name}: a group lacks its reason or its tests: {group}")
        tests: dict[str, tuple[str, ...]] = {}
        for test, causes in group["tests"].items():
            if test in known:
                raise ListError(f"{file.name}: {test} is listed twice; remove one of the entries")
            known.add(test)
            tests[test] = (causes,) if isinstance(causes, str) else tuple(causes)
            for cause in tests[test]:
                if cause != _NOT_RUN and not cause.partition(": ")[2].strip():
                    raise ListError(
                        f"{file.name}: {test}: {cause!r} does not say how the test ends; write the exception's class, "
                        f"a colon and a piece of its message, or `skipped: ` and a piece of the reason, or {_NOT_RUN!r}"
                    )
        groups.append((group["reason"], tests))
    return groups


def read_list(way: str) -> Expected:
    """Return the expected endings of each test in a way's list."""
    return {test: causes for _, tests in read_groups(_PLACE / f"{way}.toml") for test, causes in tests.items()}


def compare(stock: Endings, ours: Endings, listed: Expected, labels: Iterable[str]) -> list[str]:
    """Return a line for each difference that is not listed correctly, and for each listed one that does not occur."""
    labels = tuple(labels)
    differing = {test for test in {*stock, *ours} if _differs(stock.get(test), ours.get(test))}
    lines = []
    for test in sorted(differing):
        causes = _causes(ours, test)
        expected = listed.get(test)
        if expected is None:
            lines.append(f"{test}: {_word(stock.get(test))} with Django, here {_shown(causes)}")
            continue
        lines += [
            f"{test}: listed with another end; here {_shown([cause])}"
            for cause in causes
            if not _is_any(cause, expected)
        ]
        lines += [
            f"{test}: listed as {wanted!r}, which does not happen; correct the list"
            for wanted in expected
            if not any(_is(cause, wanted) for cause in causes)
        ]
    for test in sorted(test for test in listed if test not in differing and _is_in(test, labels)):
        if stock.get(test, _PASSED) != _PASSED or test not in stock:
            lines.append(f"{test}: is listed, and {_word(stock.get(test))} with Django; take it off the list")
        else:
            lines.append(f"{test}: is listed and passes; take it off the list")
    return lines


def _differs(stock: Ending | None, ours: Ending | None) -> bool:
    stock_word, our_word = (ending.word if ending is not None else "" for ending in (stock, ours))
    return our_word != stock_word and (stock_word == "passed" or our_word == "failed")


def _causes(ours: Endings, test: str) -> tuple[str, ...]:
    if test in ours:
        return ours[test].causes
    class_name = test.rpartition(".")[0]
    for fixture, owner in (("setUpClass", class_name), ("setUpModule", class_name.rpartition(".")[0])):
        ending = ours.get(f"{fixture} ({owner})")
        if ending is not None and ending.word == "failed":
            return tuple(f"error in {fixture}: {cause}" for cause in ending.causes)
        if ending is not None:
            return ending.causes
    return (_NOT_RUN,)


def _is_any(cause: str, expected: Iterable[str]) -> bool:
    return any(_is(cause, wanted) for wanted in expected)


def _is(cause: str, wanted: str) -> bool:
    kind, _, message = cause.partition(": ")
    wanted_kind, _, piece = wanted.partition(": ")
    return kind == wanted_kind and piece in message


def _shown(causes: Iterable[str]) -> str:
    return "; ".join(" ".join(cause.split())[:200] for cause in causes)


def _word(ending: Ending | None) -> str:
    return ending.word if ending is not None else _NOT_RUN


def _is_in(test: str, labels: Iterable[str]) -> bool:
    # `setUpClass (view_tests.tests.A)` is not a test, but can fail.
    name = test.partition("(")[2].rstrip(")") or test
    return any(name == label or name.startswith(f"{label}.") for label in labels)
