"""Checks the tree's prose for banned words, long sentences in docstrings and long test names: scripts/check_prose.py.

Without a path it checks the whole tree.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from prose_sources import ROOTS, Prose, read_prose

_MAX_SENTENCE_WORDS = 35
_MAX_TEST_NAME = 70
# The banned words do not match within longer words or names in code (snake_case, attributes, calls, paths).
_BEFORE, _AFTER = r"(?<![\w./-])", r"(?![\w/(=-]|\.\w)"
_WORDS = {
    "mend": (r"mend(?:s|ed|ing)?", "say fix, repair or correct"),
    "anew": (r"anew", "say again, or use a verb in re-"),
    "whoever": (r"who(?:so)?ever", "name the actor: the caller, a client, the operator"),
    "nobody-who": (r"nobody\s+who", "name the actor, and say what it does not do"),
    "meanwhile": (r"(?:in\s+the\s+)?mean(?:while|time)", "say while …, or at the same time"),
    "to-be-had": (r"(?:be|is|are|was|were)\s+had", "say available, or cannot load"),
    "by-turns": (r"by\s+turns", "say alternately, or in turn"),
    "that-of": (r"that\s+of", "repeat the noun"),
    # Matches a preposition whose object is a clause, but not "of what kind", "with what to begin" or "for what is it?".
    "what-x-does": (
        r"(?:about|by|for|from|in|into|of|than|to|with)\s+what\b(?!\s+(?:extent|kind|order|sort|to|way)\b)[^?]*?(?=[.,;:]|$)",
        "name the thing",
    ),
}
_PATTERNS = {
    rule: (re.compile(f"{_BEFORE}{pattern}{_AFTER}", re.IGNORECASE), f"{remedy}")
    for rule, (pattern, remedy) in _WORDS.items()
}
_SENTENCE_END = re.compile(r"(?<=[.!?])[)\"'`]*\s+(?=[^a-z])|\n\s*(?:\n|[-*] )")
_CODE_SPAN = re.compile(r"`[^`]*`")


def main(arguments: list[str]) -> int:
    """Print the findings, or their counts with --statistics; return 1 if there are any, 2 if a path does not exist."""
    parser = argparse.ArgumentParser(description="Check the prose against the style guide.")
    parser.add_argument("paths", nargs="*", help="files or folders, relative to the root (default: the whole tree)")
    parser.add_argument("--statistics", action="store_true", help="print counts by rule and package")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="the root of the tree")
    options = parser.parse_args(arguments)
    try:
        places = options.paths or [place for place in ROOTS if (options.root / place).exists()]
        found = [finding for prose in read_prose(options.root, places) for finding in _findings(prose)]
    except FileNotFoundError as error:
        sys.stderr.write(f"{error}: does not exist; correct the path\n")
        return 2
    if options.statistics:
        sys.stdout.writelines(_statistics(found))
        return 0
    sys.stdout.writelines(f"{path}:{line}: {what}; {remedy}\n" for path, line, _, what, remedy in found)
    return int(bool(found))


def _findings(prose: Prose) -> Iterator[tuple[str, int, str, str, str]]:
    """Yield the path, line, rule, problem and remedy of each finding."""
    if prose.kind == "test name" and len(prose.text) > _MAX_TEST_NAME:
        what = f"{prose.text} has {len(prose.text)} characters, above {_MAX_TEST_NAME}"
        yield prose.path, prose.line, "test name", what, "shorten it to about 60"
    text = prose.text.replace("_", " ") if prose.kind == "test name" else prose.text
    for rule, (pattern, remedy) in _PATTERNS.items():
        for match in pattern.finditer(text):
            line = prose.line + prose.text[: match.start()].count("\n")
            yield prose.path, line, rule, f"{' '.join(match[0].split())[:50]!r} is out ({rule})", remedy
    if prose.kind == "docstring":
        yield from _long_sentences(prose)


def _long_sentences(prose: Prose) -> Iterator[tuple[str, int, str, str, str]]:
    start = 0
    for end in [*_SENTENCE_END.finditer(prose.text), None]:
        sentence = prose.text[start : end.start() if end else None]
        words = _CODE_SPAN.sub("code", sentence).split()
        if len(words) > _MAX_SENTENCE_WORDS:
            line = prose.line + prose.text[:start].count("\n")
            what = f"a sentence of {len(words)} words, above {_MAX_SENTENCE_WORDS}: {' '.join(words[:6])} …"
            yield prose.path, line, "sentence", what, "split it"
        start = end.end() if end else start


def _statistics(found: list[tuple[str, int, str, str, str]]) -> Iterator[str]:
    counts = Counter((_package(path), rule) for path, _, rule, _, _ in found)
    rules = [*_PATTERNS, "sentence", "test name"]
    packages = sorted({package for package, _ in counts})
    yield "| package | " + " | ".join(rules) + " | all |\n|---|" + "---:|" * (len(rules) + 1) + "\n"
    for package in [*packages, "all"]:
        row = [sum(n for key, n in counts.items() if package in (key[0], "all") and key[1] == rule) for rule in rules]
        yield f"| {package} | " + " | ".join(map(str, [*row, sum(row)])) + " |\n"


def _package(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[: min(3 if parts[0] == "src" else 2, len(parts) - 1)]) or path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
